"""The summary equals what the reports themselves say, for every figure, filter and moment."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pandas as pd
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.engine.database import ReportDatabase
from queries.engine.filters import SEVERITIES, Filters
from queries.engine.scope import AGGREGATES_ONLY, ALL_CASES
from queries.figures.days import days
from queries.figures.figures import city
from queries.figures.period import hours, period_counts, summarised
from queries.places.map import grid, squares
from reportdb.check import find_damage
from reportdb.database.connection import connect
from reportdb.simulation import Simulation
from reportdb.summary import summarise
from tests.conftest import DEMO_NOW, NewDatabase, database_name
from tests.reports import DAY, HOUR, T, past, report, ruled_city, small_city

_Asked = tuple[timedelta, timedelta, timedelta, dict[str, Any]]
DIMENSIONS = (None, "district", "ward", "unit", "category", "channel")
CHOICES = {"districts": 30, "wards": 126, "units": 40, "categories": 12, "channels": 5}


class _Unsummarised(ReportDatabase):
    """The same database without its summary."""

    def ask(self, question: str, **parameters: Any) -> pd.DataFrame:
        return pd.DataFrame() if question == "summary" else super().ask(question, **parameters)


def _the_same(filters: Filters, by: str | None, counted: ReportDatabase, recounted: ReportDatabase) -> None:
    for ask in (period_counts, hours):
        found, truth = (
            ask(reports, filters, by=by).sort_values("key", ignore_index=True) for reports in (counted, recounted)
        )
        pd.testing.assert_frame_equal(found, truth, check_dtype=False)
    found, truth = (
        squares(reports, filters, figure="received").sort_values(["lon", "lat"], ignore_index=True)
        for reports in (counted, recounted)
    )
    pd.testing.assert_frame_equal(found, truth, check_dtype=False)
    (found, step), (truth, _) = (days(reports, filters) for reports in (counted, recounted))
    pd.testing.assert_frame_equal(found, truth, check_dtype=False)
    # The number open at a step's end, as asked for any moment.
    row = found.iloc[len(found) // 2]
    midnight = datetime.combine(row["day"] + timedelta(days=step), time.min, filters.zone)
    then = replace(filters, at=min(midnight, filters.at))
    assert row["open"] == recounted.ask_now("case_count", figure="open", **then.parameters())["cases"].iloc[0]


@st.composite
def some_filters(draw: st.DrawFn) -> _Asked:
    """How long ago the moment is; how long before it the period starts and ends; and up to two filters."""
    ago = draw(st.one_of(st.just(timedelta()), st.timedeltas(timedelta(), timedelta(days=500))))
    length = draw(st.timedeltas(timedelta(), timedelta(days=800)))
    until = draw(st.one_of(st.just(timedelta()), st.timedeltas(timedelta(), length)))
    chosen = draw(st.lists(st.sampled_from(sorted(CHOICES)), max_size=2, unique=True))
    picks = {
        name: tuple(draw(st.sets(st.integers(-1, CHOICES[name]).filter(bool), min_size=1, max_size=8)))
        for name in chosen
    }
    if draw(st.booleans()):
        picks["severities"] = tuple(draw(st.sets(st.sampled_from(SEVERITIES), min_size=1, max_size=2)))
    if draw(st.booleans()):
        picks["scope"] = draw(st.sampled_from((AGGREGATES_ONLY, ALL_CASES)))
    return ago, length, until, picks


@settings(max_examples=20, deadline=None, derandomize=True)
@given(asked=some_filters(), by=st.sampled_from(DIMENSIONS))
def test_counts_equal_a_recount(demo: str, asked: _Asked, by: str | None) -> None:
    ago, length, until, picks = asked
    with closing(ReportDatabase(demo)) as counted, closing(_Unsummarised(demo)) as recounted:
        at = DEMO_NOW - ago
        filters = Filters.of(at=at, zone=city(counted, DEMO_NOW).zone, start=at - length, end=at - until, **picks)
        _the_same(filters, by, counted, recounted)


def test_a_year_is_answered_by_the_summary(demo: str) -> None:
    with closing(ReportDatabase(demo)) as reports:
        year = Filters.of(at=DEMO_NOW, zone=city(reports, DEMO_NOW).zone, start=DEMO_NOW - timedelta(days=365))
        for filters, by, dimension in (
            (year, None, "city"),
            (year, "unit", "unit"),
            (year.choosing(units=(1, 2)), None, "unit"),
            (year.choosing(units=(1, 2)), "unit", "unit"),
            (year.choosing(severities=("urgent",)), None, "severity"),
            (year.choosing(severities=("urgent",), scope=ALL_CASES), None, "severity"),
        ):
            whole = summarised(reports, filters, by)
            assert whole is not None
            assert (whole.dimension, (whole.end - whole.first).days) == (dimension, 364)
        assert summarised(reports, year.choosing(units=(1,)), "category") is None
        for known in (year.choosing(units=(1,), severities=("urgent",)), year.choosing(severities=("urgent",))):
            assert summarised(reports, known, "unit", months=True) is None, "months do not tell severities apart"
        assert summarised(reports, year.choosing(units=(1,)), "category", months=True) is not None
        for by in ("district", "ward"):
            hours(reports, year.choosing(units=(1,)), by=by)
        assert {one.question: one.count for one in reports.timings.table()}["unit_hours"] == 2


def test_changes_are_counted_at_once_and_stay_counted(demo: str, new_database: NewDatabase) -> None:
    url = new_database(database_name(demo))
    later = DEMO_NOW + timedelta(days=2)
    with connect(url) as connection:
        Simulation(connection, per_hour=20, seed=1, now=DEMO_NOW).advance(later)
        # Corrections, which leave no history: another sender, an end removed, a report deleted.
        connection.execute("update report_past set district_id = 3 where report_id % 50 = 1")
        connection.execute("update report set district_id = 3, unit_id = 7 where id % 50 = 1")
        connection.execute("update report set status = 'waiting', ended_at = null where id % 50 = 2 and rating is null")
        connection.execute("update report set severity = 'complex' where id % 50 in (3, 4)")
        connection.execute("update report set severity = 'urgent', category_id = 1, unit_id = 9 where id % 50 = 5")
        connection.execute("update report_past set severity = 'normal' where report_id % 50 = 6")
        connection.execute("delete from report_event where report_id % 50 = 3")
        connection.execute("delete from report_past where report_id % 50 = 3")
        connection.execute("delete from report where id % 50 = 3")
        with closing(ReportDatabase(url)) as counted, closing(_Unsummarised(url)) as recounted:
            assert not counted.ask_now("summary").empty
            for when in ("noted", "brought into the counts"):
                assert connection.execute("select count(*) > 0 from report_change").fetchone() == (when == "noted",)
                for at in (later, DEMO_NOW - timedelta(days=20), DEMO_NOW - timedelta(days=200)):
                    filters = Filters.of(at=at, zone=city(counted, DEMO_NOW).zone, start=at - timedelta(days=300))
                    _the_same(filters, "unit", counted, recounted)
                    _the_same(filters.choosing(districts=(3,)), None, counted, recounted)
                    _the_same(filters.choosing(districts=(3, 4), categories=(1, 2, 3)), "unit", counted, recounted)
                    _the_same(filters.choosing(units=(3, 7)), "ward", counted, recounted)
                    for severities in (("urgent",), ("complex", "normal")):
                        _the_same(filters.choosing(severities=severities), None, counted, recounted)
                summarise(connection, now=later)
        assert [str(found) for found in find_damage(connection, later) if "summarise" in str(found)] == []


def _waiting_facts(connection: psycopg.Connection) -> dict[str, int]:
    """The waiting differences for the whole city: all, and those before midnight of T's day."""
    row = connection.execute(
        """select count(*) filter (where whole_city), count(*) filter (where at < %s) from report_change_fact""",
        [MIDNIGHT + 2 * DAY],
    ).fetchone()
    assert row is not None
    return {"city": row[0], "before today": row[1]}


def test_changes_that_cancel_out_do_not_wait(connection: psycopg.Connection) -> None:
    """Today's receipts and answers change no earlier day; a change of holder does not change the whole city."""
    small_city(connection)
    report(connection, 1, submitted_at=T - 6 * DAY, due_at=T + DAY, receive_due_at=T + HOUR)
    summarise(connection, now=T)
    connection.execute("update report set received_at = %s, status = 'in_progress' where id = 1", [T - HOUR])
    assert _waiting_facts(connection) == {"city": 1, "before today": 0}
    connection.execute("update report set ended_at = %s, status = 'resolved', answer = 'Xong' where id = 1", [T])
    assert _waiting_facts(connection)["before today"] == 0
    summarise(connection, now=T)
    assert _waiting_facts(connection) == {"city": 0, "before today": 0}
    connection.execute("update report set unit_id = 2 where id = 1")
    assert _waiting_facts(connection) == {"city": 0, "before today": 2}


def test_changes_during_a_summary_keep_waiting(connection: psycopg.Connection, database: str) -> None:
    small_city(connection)
    report(connection, 1, submitted_at=T - 6 * DAY)
    summarise(connection, now=T)
    report(connection, 2, submitted_at=T - 5 * DAY)
    with connect(database) as other, other.transaction():
        report(other, 3, submitted_at=T - 4 * DAY)
        summarise(connection, now=T)
    assert connection.execute("select report_id from report_change").fetchall() == [(3,)]
    assert _waiting_facts(connection)["city"] == 1
    assert _damage(connection, T) == []
    connection.execute("delete from report_change_fact where whole_city")
    assert "not what the waiting changes add" in " ".join(_damage(connection, T))


@pytest.mark.parametrize(("days_ago", "askings"), [(30, 1), (200, 3)])
def test_days_that_differ_are_asked_for_together(
    demo: str, new_database: NewDatabase, days_ago: int, askings: int
) -> None:
    url = new_database(database_name(demo))
    with connect(url) as connection, closing(ReportDatabase(url)) as reports:
        connection.execute(  # a correction: no history
            """update report set category_id = 1 where category_id = 2 and submitted_at > %s""",
            [DEMO_NOW - timedelta(days=days_ago)],
        )
        year = Filters.of(at=DEMO_NOW, zone=city(reports, DEMO_NOW).zone, start=DEMO_NOW - timedelta(days=365))
        found, _step = days(reports, year)
        asked = {one.question: one.count for one in reports.timings.table()}
        assert asked.get("case_count", 0) == 0
        assert (asked["days_open"], asked["period_days"]) == (askings, 1)
        with closing(_Unsummarised(url)) as recounted:
            pd.testing.assert_frame_equal(found, days(recounted, year)[0], check_dtype=False)


def test_squares_are_recounted_when_the_citys_size_changes(demo: str, new_database: NewDatabase) -> None:
    url = new_database(database_name(demo))
    with connect(url) as connection:
        connection.execute("update area set geometry = null where level = 'ward' or lat < 20.95 or lat > 21.1")
        connection.execute("update report set lat = lat + 0.001 where id % 50 = 1")  # noted, not yet in the counts
        for expected in ((10, 10), (2, 2)):  # of the larger city, until the recount
            with closing(ReportDatabase(url)) as counted, closing(_Unsummarised(url)) as recounted:
                assert grid(counted) == expected
                assert connection.execute("select distinct wide, high from summary_state").fetchall() == [expected]
                _the_same(
                    Filters.of(at=DEMO_NOW, zone=city(counted, DEMO_NOW).zone, start=DEMO_NOW - timedelta(days=300)),
                    None, counted, recounted,
                )  # fmt: skip
            summarise(connection, now=DEMO_NOW)
        assert _damage(connection, DEMO_NOW) == []


def _damage(connection: psycopg.Connection, at: datetime) -> list[str]:
    return [str(found) for found in find_damage(connection, at) if "summarise" in str(found)]


def test_a_recount_after_a_calendar_change_is_right_at_once(connection: psycopg.Connection) -> None:
    ruled_city(connection)
    for number, days_ago in enumerate((6, 5, 1)):
        report(connection, number, submitted_at=T - days_ago * DAY, ended_at=T - HOUR)
    summarise(connection, now=T)
    connection.execute("update working_day set working = not working where day = '2026-11-16'")
    summarise(connection, now=T, recount=True)
    assert _damage(connection, T) == []


def test_reports_that_ended_before_the_calendar_are_counted_first(connection: psycopg.Connection) -> None:
    ruled_city(connection)
    report(connection, 1, submitted_at=T - 6 * DAY, ended_at=T - HOUR)
    connection.execute("update report set worked_minutes = null")
    assert _damage(connection, T) != []
    summarise(connection, now=T)
    assert _damage(connection, T) == []


MIDNIGHT = datetime(2026, 11, 15, 17, tzinfo=UTC)
"""When 16 November begins in Hanoi."""


def _closed_at_midnight(connection: psycopg.Connection) -> None:
    connection.execute("update report set status = 'resolved', ended_at = %s where id = 1", [MIDNIGHT])


def _closed_and_opened_again(connection: psycopg.Connection) -> None:
    ended, reopened = MIDNIGHT - 10 * HOUR, MIDNIGHT + 10 * HOUR
    with connection.transaction():
        past(
            connection, 1, submitted_at=T - 6 * DAY, valid_from=T - 6 * DAY, valid_to=reopened, status="resolved",
            ended_at=ended,
        )  # fmt: skip
        connection.execute("update report set reopen_count = 1 where id = 1")


def _graver_and_less_grave(connection: psycopg.Connection) -> None:
    changes = (T - 6 * DAY, MIDNIGHT - 10 * HOUR, MIDNIGHT + 10 * HOUR)
    with connection.transaction():
        for severity, begins, ends in zip(("normal", "urgent"), changes, changes[1:], strict=False):
            past(connection, 1, submitted_at=T - 6 * DAY, valid_from=begins, valid_to=ends, severity=severity)
        connection.execute("update report set severity = 'complex' where id = 1")


def _twice_in_other_hands(connection: psycopg.Connection) -> None:
    changes = (T - 6 * DAY, MIDNIGHT - 10 * HOUR, MIDNIGHT + 10 * HOUR)
    with connection.transaction():
        for unit, begins, ends in zip((1, 2), changes, changes[1:], strict=False):
            past(connection, 1, submitted_at=T - 6 * DAY, valid_from=begins, valid_to=ends, unit_id=unit)
        connection.execute("update report set unit_id = null, transfer_count = 2 where id = 1")


@pytest.mark.parametrize(
    "deliver", [_closed_at_midnight, _closed_and_opened_again, _graver_and_less_grave, _twice_in_other_hands]
)
def test_late_entries_change_the_days_they_are_dated(
    connection: psycopg.Connection, database: str, deliver: Callable[[psycopg.Connection], None]
) -> None:
    small_city(connection)
    report(connection, 1, submitted_at=T - 6 * DAY)
    report(connection, 2, submitted_at=T - HOUR)
    summarise(connection, now=T)
    deliver(connection)
    for when in ("noted", "brought into the counts"):
        choices: list[dict[str, Any]] = [{}, *({"units": (unit,)} for unit in (1, 2, -1))]
        for chosen in [*choices, *({"severities": (one,)} for one in SEVERITIES)]:
            with closing(ReportDatabase(database)) as counted, closing(_Unsummarised(database)) as recounted:
                ten_days = Filters.of(at=T, zone=city(counted, T).zone, start=T - 10 * DAY, **chosen)
                assert summarised(counted, ten_days, None), "the query reads the summary"
                found, truth = (days(reports, ten_days)[0] for reports in (counted, recounted))
            pd.testing.assert_frame_equal(found, truth, check_dtype=False, obj=f"{when}, of {chosen}")
        summarise(connection, now=T)
    assert _damage(connection, T) == []
