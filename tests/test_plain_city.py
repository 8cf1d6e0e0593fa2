"""A city without boundaries: its map is framed on its reports; its levels and examples are those it has."""

import json

import psycopg
import pytest

from queries.cases.report import report as case_of
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES, FIGURES, NOTHING, Scope
from queries.figures.figures import city as city_of
from queries.places import map as map_queries
from reportdb.summary import summarise
from tests.reports import DAY, T, give_boundaries, report, small_city
from ui.address import examples
from ui.base import levels
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.cases import detail
from ui.frame.filter_bar import _shown
from ui.live_map import live_map, map_ways
from ui.map import map_layers
from ui.map.plain_ground import drawn_level, plain_ground
from ui.unit import leaderboard
from ui.unit.backlog_rows import next_level
from ui.wall.screens import WallScreen
from ui.wall.wall_map import wall_map
from ui.wall.wall_scenes import scenes


@pytest.fixture(params=[False, True], ids=["reports", "summary"])
def plain_city(connection: psycopg.Connection, request: pytest.FixtureRequest) -> None:
    """Two hundred reports on a line from west to east, one far out at sea, one without a point; with or without
    summary.
    """
    small_city(connection)
    for n in range(200):
        report(connection, n, lon=105.8 + n / 1000, lat=21.0, submitted_at=T - DAY)
    report(connection, 900, lon=0.0, lat=0.0)
    report(connection, 901)
    if request.param:
        summarise(connection, now=T)


def viewing(reports: ReportDatabase, scope: Scope = ALL_CASES) -> Run:
    city = city_of(reports, T)
    return Run(reports, city, Filters.of(at=T, zone=city.zone, scope=scope), live=False, query={}, page="map")


@pytest.mark.usefixtures("plain_city")
def test_the_map_is_framed_on_the_reports_and_not_on_a_wrong_point(reports: ReportDatabase) -> None:
    west, south, east, north = map_queries.extent(reports, viewing(reports).filters) or (0.0, 0.0, 0.0, 0.0)
    assert 105.7 < west <= 105.8
    assert 105.99 <= east < 106.1
    assert 20.9 < south < 21.0 < north < 21.1
    view = map_layers.framed((west, south, east, north))
    assert 105.85 < view.longitude < 105.95
    assert view.zoom > 9


@pytest.mark.usefixtures("plain_city")
def test_filters_do_not_move_the_frame(reports: ReportDatabase) -> None:
    filters = viewing(reports).filters
    assert map_queries.extent(reports, filters.choosing(districts=(2,), units=(2,))) == map_queries.extent(
        reports, filters
    )


@pytest.mark.usefixtures("plain_city")
def test_without_areas_the_grid_fits_the_reports(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    wide, high = map_queries.grid(reports)
    assert (wide, high) == (2, 2)
    connection.execute("update report set lat = 19 + id / 100.0 where id < 200")
    assert connection.execute("select wide, high from city_grid()").fetchone() == (22, 20), "two degrees"


def test_a_city_without_a_report_on_the_map_has_no_map(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1)
    run = viewing(reports)
    assert map_queries.extent(reports, run.filters) is None
    assert live_map.frame(run, None) is None
    assert wall_map(run, "district") is None


@pytest.mark.usefixtures("plain_city")
def test_the_walls_map_shows_squares_of_open_reports(reports: ReportDatabase) -> None:
    run = viewing(reports, FIGURES)
    with speaking("en"):
        values = scenes()["map"][1](run, WallScreen())
    drawn = values["map"]
    assert values["title"] == "Where are the open reports?"
    assert drawn["measure"] == "backlog"
    assert not drawn["areas"]
    assert 90 <= len(drawn["squares"]) <= 101, "two reports a square, all but the one at sea"
    for square in drawn["squares"]:
        assert -1 <= square["x"] <= drawn["plan"].wide
        assert -1 <= square["y"] <= drawn["plan"].high
    assert values["open"] == 202, "the count beside it includes all reports"


@pytest.mark.usefixtures("plain_city")
def test_a_wall_draws_the_level_that_has_boundaries(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    give_boundaries(connection)
    assert drawn_level(reports, "ward") == "district"
    with speaking("en"):
        drawn = wall_map(viewing(reports, FIGURES), "ward")
    assert drawn is not None
    assert (drawn["measure"], len(drawn["areas"])) == ("overdue", 2)


@pytest.mark.usefixtures("plain_city")
def test_no_map_of_areas_is_offered_without_boundaries(reports: ReportDatabase) -> None:
    assert live_map.ways(viewing(reports)) == ("points", "density")
    assert live_map.ways(viewing(reports, NOTHING)) == ("density",)


def test_with_boundaries_a_map_of_areas_is_offered(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    give_boundaries(connection)
    assert live_map.ways(viewing(reports)) == live_map.SHOWS


def test_a_plain_ground_reaches_beyond_the_reports_and_not_beyond_the_map() -> None:
    (sheet,) = json.loads(plain_ground((10.0, 60.0, 11.0, 70.0), dark=False).to_json())["data"]
    lons, lats = ([corner[n] for corner in sheet["sheet"]] for n in (0, 1))
    assert (min(lons), max(lons)) == (7, 14)
    assert (min(lats), max(lats)) == (30, 85)


def test_the_examples_are_this_citys(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    with speaking("vi"):
        assert examples.of_search(reports) == "duong sa dong da, mã phản ánh, đơn vị, tên đường"
        assert examples.of_unit(reports) == "ubnd xa dong anh, ubnd phuong lang"
    with speaking("en"):
        assert examples.of_search(reports) == "roads dong da, a code, a unit, a street"


def test_an_empty_city_gives_no_example(reports: ReportDatabase) -> None:
    with speaking("en"):
        assert examples.of_search(reports) == "a code, a unit, a street"
        assert examples.of_unit(reports) == ""


def test_long_names_and_numbers_are_examples_only_without_others(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    connection.execute(
        """update category set name_en = case id when 1 then 'All that nobody else takes on' else 'Trees, shrubs' end;
           update area set name_en = 'District ' || id"""
    )
    with speaking("en"):
        assert examples.of_search(reports) == "trees district 1, a code, a unit, a street"


def test_only_levels_the_city_has_are_offered(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    assert levels.present(reports) == ("district", "ward")
    assert _shown(reports) == ("district", "category", "channel")


def test_a_city_of_wards_alone_is_filtered_by_ward(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    connection.execute("update area set parent_id = null; delete from area where level = 'district'")
    assert levels.present(reports) == ("ward",)
    assert (levels.default(reports), levels.default(reports, "ward")) == ("ward", "ward")
    assert _shown(reports) == ("ward", "category", "channel")
    assert next_level(viewing(reports), "ward") == "unit"


def test_kinds_of_units_are_told_apart_where_there_are_several(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    assert leaderboard.kinds_of(reports) == (), "all are communes"


def test_several_kinds_of_units_are_offered(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    connection.execute("update unit set kind = 'department' where id = 1")
    assert leaderboard.kinds_of(reports) == ("all", "commune", "department")


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ((), ""),
        (("district",), "District as the source names it, not by a point"),
        (("district", "ward"), "Area as the source names it, not by a point"),
    ],
)
def test_a_case_says_that_its_area_is_named_by_the_source(
    connection: psycopg.Connection, reports: ReportDatabase, marked: tuple[str, ...], said: str
) -> None:
    small_city(connection)
    report(connection, 1)
    connection.execute(
        """insert into report_source (report_id, district_named, ward_named, district_from_source, ward_from_source)
           values (1, 1, 11, %s, %s)""",
        ["district" in marked, "ward" in marked],
    )
    run = viewing(reports)
    found = case_of(reports, run.filters, "T-1")
    assert found is not None
    with speaking("en"):
        assert detail._placed_by(run, found) == said


def test_a_report_located_by_name_is_not_on_the_map(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1)
    connection.execute(
        "insert into report_source (report_id, district_named, district_from_source) values (1, 1, true)"
    )
    run = viewing(reports)
    with speaking("en"):
        drawn = map_ways.points(run, None)
    assert (drawn.shown.count.words, drawn.missing.count.words) == ("0", "1")
