"""The backlog on rows few enough to count by eye: urgency, age, stage, flow, pace; every number opens its cases."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import NONE, Filters
from queries.engine.scope import ALL_CASES
from queries.figures.backlog import AGES, PACE_DAYS, STAGES, URGENCIES, backlog, mix
from queries.figures.figures import City, derived_times
from queries.figures.figures import city as read_city
from queries.registry.registry import FIGURES
from tests.reports import DAY, HOUR, T, past, report, small_city
from ui.address.url_filters import parse_filters

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
WEEK = datetime(2026, 11, 12, tzinfo=HANOI)


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    return connection


def row(reports: ReportDatabase, at: datetime = T, **chosen: Any) -> dict[str, Any]:
    found: dict[Any, Any] = backlog(reports, Filters.of(at=at, zone=HANOI, **chosen), since=WEEK).iloc[0].to_dict()
    return found


@pytest.mark.usefixtures("city")
def test_an_empty_city_has_no_backlog_and_no_pace(reports: ReportDatabase) -> None:
    nothing = row(reports)
    assert [nothing[name] for name in (*URGENCIES, *AGES, *STAGES, "received", "ended")] == [0] * 15
    assert pd.isna(nothing["oldest"])
    assert pd.isna(nothing["days_of_work"])
    assert backlog(reports, Filters.of(at=T, zone=HANOI), since=WEEK, by="district").empty


def test_due_today_ends_with_the_citys_own_day(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, due_at=T - HOUR)  # overdue, not due today
    report(city, 2, due_at=T)
    report(city, 3, due_at=datetime(2026, 11, 18, 23, 59, tzinfo=HANOI))
    report(city, 4, due_at=datetime(2026, 11, 19, tzinfo=HANOI))  # tomorrow, though still the 18th in UTC
    report(city, 5)
    found = row(reports)
    assert (found["open"], found["overdue"], found["due_today"], found["due_soon"]) == (5, 1, 2, 3)
    assert derived_times(reports, Filters.of(at=T, zone=HANOI))["today_ends"] == datetime(2026, 11, 19, tzinfo=HANOI)


def test_every_open_report_is_in_one_age_band_and_at_one_stage(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    for number, days in enumerate((0, 2.9, 3, 6.9, 7, 13.9, 14, 29.9, 30, 200)):
        report(city, number, submitted_at=T - timedelta(days=days))
    report(city, 20, submitted_at=T - 40 * DAY, ended_at=T - HOUR)  # old, but done
    report(city, 30, received_at=T - HOUR, status="in_progress")
    report(city, 31, received_at=T + HOUR, status="in_progress")  # taken on after the moment
    report(city, 32, received_at=T - HOUR, status="in_progress", escalated_at=T - HOUR)
    report(city, 33, received_at=T - HOUR, status="in_progress", escalated_at=T + HOUR)
    found = row(reports)
    assert [found[name] for name in AGES] == [6, 2, 2, 2, 2]
    assert [found[name] for name in STAGES] == [11, 2, 1]
    assert found["oldest"] == T - 200 * DAY
    assert sum(found[name] for name in STAGES) == sum(found[name] for name in AGES) == found["open"] == 14


def test_received_and_ended_since_midnight_of_the_first_day(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, submitted_at=WEEK)
    report(city, 2, submitted_at=WEEK - timedelta(microseconds=1))
    report(city, 3, submitted_at=WEEK - DAY, ended_at=WEEK)
    report(city, 4, submitted_at=WEEK - DAY, ended_at=T, status="refused")
    report(city, 5, submitted_at=WEEK - 3 * DAY, ended_at=WEEK - DAY)  # gone before
    report(city, 6, submitted_at=T + HOUR)  # not yet come
    found = row(reports)
    assert (found["received"], found["ended"], found["resolved"]) == (1, 2, 1)
    assert (found["open_before"], found["open"]) == (3, 2)


def test_days_of_work_are_the_backlog_divided_by_the_pace_of_four_weeks(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    for number in range(7):
        report(city, number, submitted_at=T - 60 * DAY, ended_at=T - (PACE_DAYS - number) * DAY)
    report(city, 10, submitted_at=T - 60 * DAY, ended_at=T - PACE_DAYS * DAY - HOUR)  # before the four weeks
    report(city, 11, submitted_at=T - 60 * DAY, ended_at=T - DAY, status="refused")  # no work done
    for number in range(20, 25):
        report(city, number)
    found = row(reports)
    assert found["resolved_of_pace"] == 7
    assert found["days_of_work"] == pytest.approx(5 / (7 / PACE_DAYS))


def test_the_backlog_of_a_past_moment_excludes_later_events(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, unit_id=2, reopen_count=1, received_at=T - DAY, status="in_progress")
    past(city, 1, unit_id=1, valid_from=T - 2 * DAY, valid_to=T - HOUR, status="resolved", ended_at=T - 3 * HOUR)
    assert [row(reports, at=T - hours * HOUR)["open"] for hours in (4, 2, 0)] == [1, 0, 1]
    rows = backlog(reports, Filters.of(at=T - 4 * HOUR, zone=HANOI), since=WEEK, by="unit")
    assert rows[["code", "open", "waiting"]].to_numpy().tolist() == [["lang", 1, 1]]


@pytest.mark.parametrize("by", ["district", "ward", "unit"])
def test_the_rows_add_up_to_the_whole(city: psycopg.Connection, reports: ReportDatabase, by: Any) -> None:
    report(city, 1, due_at=T - HOUR)
    report(city, 2, district_id=2, ward_id=12, unit_id=2, escalated_at=T - HOUR)
    report(city, 3, district_id=None, ward_id=None, unit_id=None, submitted_at=T - 20 * DAY)
    report(city, 4, ended_at=T - HOUR)
    whole, rows = row(reports), backlog(reports, Filters.of(at=T, zone=HANOI), since=WEEK, by=by)
    for name in (*URGENCIES, *AGES, *STAGES, "received", "ended", "open_before", "resolved_of_pace"):
        assert rows[name].sum() == whole[name], name
    assert rows["code"].isna().sum() == 1


def test_every_number_of_a_row_opens_exactly_its_cases(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, due_at=T - HOUR, submitted_at=T - 20 * DAY)
    report(city, 2, due_at=T + HOUR, received_at=T - HOUR, status="in_progress")
    report(city, 3, district_id=2, ward_id=12, unit_id=2, escalated_at=T - HOUR, submitted_at=T - 50 * DAY)
    report(city, 4, district_id=None, ward_id=None, unit_id=None, submitted_at=T - 10 * DAY)
    report(city, 5, ended_at=T - HOUR)
    filters = Filters.of(at=T, zone=HANOI)
    for found in backlog(reports, filters, since=WEEK, by="district").to_dict("records"):
        chosen = filters.choosing(districts=(NONE if pd.isna(found["key"]) else int(found["key"]),))
        for name in (*URGENCIES, *AGES, *STAGES):
            assert name in FIGURES
            assert case_count(reports, chosen, figure=name) == found[name], name
        for name in ("received", "ended"):
            assert case_count(reports, chosen.since(WEEK), figure=name) == found[name], name


def test_the_mix_counts_each_category_of_each_row(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, due_at=T - HOUR)
    report(city, 2, category_id=2)
    report(city, 3, category_id=2, district_id=None)
    report(city, 4, category_id=2, ended_at=T)
    cells = mix(reports, Filters.of(at=T, zone=HANOI), by="district").fillna({"key": 0})
    found = {(int(cell["key"]), cell["category_id"]): (cell["open"], cell["overdue"]) for _, cell in cells.iterrows()}
    assert found == {(1, 1): (1, 1), (1, 2): (1, 0), (0, 2): (1, 0)}


@pytest.fixture
def small(city: psycopg.Connection, reports: ReportDatabase) -> City:
    report(city, 1, submitted_at=T - 100 * DAY)
    return read_city(reports, T)


def test_an_address_may_name_its_own_span(reports: ReportDatabase, small: City) -> None:
    found = parse_filters({"from": ["2026-11-02T08:00"], "to": ["2026-11-09"]}, reports=reports, city=small, now=T)
    assert found.filters.start == datetime(2026, 11, 2, 8, tzinfo=HANOI)
    assert found.filters.end == datetime(2026, 11, 10, tzinfo=HANOI), "a day alone is included"
    open_ended = parse_filters({"from": ["2026-11-02T01:00+00:00"]}, reports=reports, city=small, now=T)
    assert open_ended.filters == Filters.of(at=T, zone=HANOI, start=datetime(2026, 11, 2, 8, tzinfo=HANOI))
    assert (found.unrecognised, open_ended.unrecognised) == ((), ())


@pytest.mark.parametrize(
    "query",
    [
        {"from": ["yesterday"]},
        {"from": ["2026-11-09"], "to": ["2026-11-02"]},
        {"from": ["2030-01-01"]},
        {"to": ["0001-01-01"]},
        {"to": ["2026-01-01"]},
    ],
)
def test_an_invalid_span_is_reported_and_the_named_period_used(
    reports: ReportDatabase, small: City, query: dict[str, list[str]]
) -> None:
    found = parse_filters(query | {"period": ["7d"]}, reports=reports, city=small, now=T)
    assert found.filters == parse_filters({"period": ["7d"]}, reports=reports, city=small, now=T).filters
    assert set(found.unrecognised) == {words[0] for words in query.values()}


def test_an_address_may_ask_for_reports_without_a_place_a_unit_or_an_officer(
    city: psycopg.Connection, reports: ReportDatabase, small: City
) -> None:
    report(city, 2, district_id=None, officer="An")
    report(city, 3, unit_id=None, district_id=2)
    for query, codes in (({"district": ["none"]}, 1), ({"district": ["none", "017"]}, 2), ({"unit": ["none"]}, 1)):
        found = parse_filters(query, reports=reports, city=small, now=T)
        assert found.unrecognised == ()
        assert case_count(reports, found.filters, figure="open") == codes
    for officer, count in (("An", 1), ("none", 2), ("Bình", 0)):
        filters = parse_filters({"officer": [officer]}, reports=reports, city=small, now=T, scope=ALL_CASES).filters
        assert case_count(reports, filters, figure="open") == count
