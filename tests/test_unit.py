"""One unit's officers, ratings and family on rows few enough to count by eye."""

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import city as city_of
from queries.figures.figures import plain
from queries.units.units import family, officers, ratings
from reportdb.database.connection import connect
from tests.reports import DAY, HOUR, T, past, report, small_city
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.live_map import unit_map
from ui.unit import unit_head

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
LANG = Filters.of(scope=ALL_CASES, at=T, zone=HANOI, units=(1,))


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    return connection


def people(reports: ReportDatabase, filters: Filters = LANG) -> list[Any]:
    return [(row["officer"], row["open"], row["overdue"]) for row in officers(reports, filters).to_dict("records")]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["lang", "dong-anh"]),
        ("dong anh", ["dong-anh"]),
        (" LÁNG ", ["lang"]),
        ("ubnd", ["lang", "dong-anh"]),
        ("zzz", []),
    ],
)
def test_a_unit_is_found_by_its_name_in_any_spelling(
    city: psycopg.Connection, reports: ReportDatabase, typed: str, found: list[str]
) -> None:
    report(city, 1)
    run = Run(reports, city_of(reports, T), LANG, live=True, query={}, page="unit")
    with speaking("vi"):
        shown = unit_head.choice(run, pd.DataFrame({"key": [1], "open": [1]}), plain(typed))
    hrefs = [each.href for group in shown.groups for each in group.units]
    assert hrefs == [f"unit?unit={code}" for code in found]


def test_text_is_folded_alike_here_and_in_the_database(demo: str) -> None:
    with connect(demo) as connection:
        names = connection.execute(
            """select name_vi, plain(name_vi)
               from (select name_vi from unit union select name_vi from area) as known"""
        ).fetchall()
    assert [(written, plain(written)) for written, _plain in names] == names


def test_open_reports_are_counted_by_officer_and_some_have_none(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, officer="An", due_at=T - HOUR)
    report(city, 2, officer="An", due_at=T + HOUR)
    report(city, 3, officer="Bình")
    report(city, 4)
    report(city, 5, officer="")
    report(city, 6, officer="An", ended_at=T)  # done
    report(city, 7, officer="An", unit_id=2)  # another unit's
    assert people(reports) == [("An", 2, 1), (None, 2, 0), ("Bình", 1, 0)]
    for officer, opened, overdue in people(reports):
        theirs = Filters.of(scope=ALL_CASES, at=T, zone=HANOI, units=(1,), officers=(officer or "",))
        assert case_count(reports, theirs, figure="open") == opened
        assert case_count(reports, theirs, figure="overdue") == overdue


def test_an_officer_is_not_responsible_for_another_units_reports(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, unit_id=2, officer="Bình", transfer_count=1)
    past(city, 1, unit_id=1, valid_from=T - 2 * DAY, valid_to=T - HOUR)
    before = Filters.of(scope=ALL_CASES, at=T - 2 * HOUR, zone=HANOI, units=(1,))
    assert people(reports, before) == [(None, 1, 0)]
    assert people(reports) == []


def test_ratings_are_counted_one_by_one_and_add_up(city: psycopg.Connection, reports: ReportDatabase) -> None:
    for number, rating in enumerate(("satisfied", "satisfied", "acceptable", "not_satisfied")):
        report(city, number, ended_at=T - 3 * HOUR, rating=rating, rated_at=T - HOUR)
    report(city, 10, ended_at=T - 3 * HOUR, rating="satisfied", rated_at=T + HOUR)  # not rated yet
    report(city, 11, ended_at=T - 3 * HOUR, rating="satisfied", rated_at=T - HOUR, unit_id=2)
    found = ratings(reports, LANG)
    assert found == {"rated": 4, "rated_satisfied": 2, "rated_acceptable": 1, "rated_not_satisfied": 1}
    for figure, count in found.items():
        assert case_count(reports, LANG, figure=figure) == count


@pytest.mark.usefixtures("city")
def test_a_unit_without_ratings_has_zeros(reports: ReportDatabase) -> None:
    assert set(ratings(reports, LANG).values()) == {0}
    assert officers(reports, LANG).empty


def test_a_units_family_names_predecessors_and_successors(city: psycopg.Connection, reports: ReportDatabase) -> None:
    city.execute(
        """
        insert into unit (id, code, name_vi, name_en, kind, valid_to) values
            (3, 'dong-da', 'UBND quận Đống Đa', 'Dong Da', 'district', '2025-07-01');
        insert into unit_successor values (3, 1), (3, 2);
        """
    )
    assert family(reports, 3)[["role", "code"]].to_numpy().tolist() == [
        ["itself", "dong-da"],
        ["successor", "dong-anh"],
        ["successor", "lang"],
    ]
    assert family(reports, 1)[["role", "code"]].to_numpy().tolist() == [["itself", "lang"], ["predecessor", "dong-da"]]


def test_more_cases_than_points_can_show_are_counted_in_squares(
    city: psycopg.Connection, reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 4):
        report(city, number, lon=105.8, lat=21.0)
    run = Run(reports, city_of(reports, T), LANG, live=False, query={"unit": ["lang"]}, page="unit")
    with speaking("en"):
        points, meanings = unit_map.open_cases(run, 3, dark=False)
        assert meanings[0][0] == "Overdue"
        monkeypatch.setattr("queries.places.map.MOST_POINTS", 2)
        squares, steps = unit_map.open_cases(run, 3, dark=False)
    assert "map/points.json?unit=lang&at=" in points.data
    assert "map/squares.json?unit=lang&at=" in squares.data
    assert "count=open" in squares.data
    assert [words for words, _colour in steps] == ["under 3", "3 and more"]
