"""Squares of the density map: written into an address, parsed, and opening exactly the cases they count."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from queries.cases.cases import case_count, case_ids
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import city, figures
from queries.places import map as map_queries
from tests.reports import DAY, HOUR, T, past, report, small_city
from ui.address import map_cell
from ui.address.url_filters import parse_filters

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def filters(**chosen: Any) -> Filters:
    return Filters.of(scope=ALL_CASES, at=T, zone=HANOI, start=T - 10 * DAY, **chosen)


@given(st.floats(-179, 179), st.floats(-85, 85), st.sampled_from([(2, 2), (11, 10), (21, 20), (54, 50)]), st.booleans())
def test_the_square_around_a_place_contains_it_and_is_parsed_back(
    lon: float, lat: float, size: tuple[int, int], rounded: bool
) -> None:
    lon, lat = (round(lon, 5), round(lat, 5)) if rounded else (lon, lat)
    found = map_cell.read([map_cell.around(lon, lat, *size)])
    assert found
    west, south, east, north = found
    assert (east - west, north - south) == size
    assert west - 1e-6 <= lon * 1000 <= east + 1e-6
    assert south - 1e-6 <= lat * 1000 <= north + 1e-6
    assert (west + 180_000) % size[0] == (south + 90_000) % size[1] == 0


@pytest.mark.parametrize(
    "written",
    [
        "here",
        "1,2,3",
        "1,2,3,4,5",
        "nan,1,2,3",
        "inf,1,2,3",
        "2,1,1,2",
        "1,2,2,2",
        "181,0,182,1",
        "0,-91,1,-90",
        "0,0,9,9",
    ],
)
def test_an_invalid_square_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        map_cell.read([written])


def test_an_empty_value_is_no_square() -> None:
    assert map_cell.read([]) == map_cell.read([""]) == ()


@pytest.mark.parametrize("figure", ["open", "received"])
@pytest.mark.parametrize(("wide", "high"), [(1, 1), (11, 10), (20, 20)])
def test_every_square_opens_the_cases_it_counts(
    connection: psycopg.Connection, reports: ReportDatabase, figure: str, wide: int, high: int
) -> None:
    small_city(connection)
    connection.execute(
        sql.SQL(
            "create or replace function city_grid(out wide integer, out high integer) language sql return row({}, {})"
        ).format(wide, high)
    )
    for number in range(60):  # some exactly on squares' edges
        report(
            connection,
            number + 1,
            lon=105.8 + (number * 7 % 50) / 1000,
            lat=21 + (number * 11 % 40) / 1000,
            ended_at=T - HOUR if number % 3 == 0 else None,
        )
    report(connection, 61, lon=-71.0501, lat=-42.3601)
    report(connection, 62)  # not located
    past(connection, 2, unit_id=2, valid_from=T - 2 * DAY, valid_to=T - HOUR)
    for at in (T, T - 2 * HOUR):
        everywhere = Filters.of(scope=ALL_CASES, at=at, zone=HANOI, start=T - 10 * DAY)
        table = map_queries.squares(reports, everywhere, figure=figure)
        for lon, lat, count in table.itertuples(index=False):
            there = everywhere.choosing(square=map_cell.read([map_cell.around(lon, lat, wide, high)]))
            assert case_count(reports, there, figure=figure) == count
            listed = case_ids(reports, there, figure=figure, order="newest", search=None, limit=100)
            assert len(listed) == count
            assert figures(reports, there)[figure].iloc[0] == count
        assert table["reports"].sum() == case_count(reports, everywhere, figure=f"{figure}_on_map")


def test_an_address_names_a_square(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1, lon=105.851, lat=21.051)
    report(connection, 2, lon=105.861, lat=21.051)
    known = city(reports, T)
    found = parse_filters({"bbox": ["105.850,21.050,105.860,21.060"]}, reports=reports, city=known, now=T)
    assert found.filters.square == (105_850, 21_050, 105_860, 21_060)
    assert case_count(reports, found.filters, figure="open") == 1
    unrecognised = parse_filters({"bbox": ["everywhere"]}, reports=reports, city=known, now=T + timedelta(1))
    assert unrecognised.filters.square == ()
    assert list(unrecognised.unrecognised) == ["everywhere"], "the viewer's word, not Python's"
