"""The receive term: whether units take reports on in time, now and in the past; the working time left to handle."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from queries.cases.cases import case_count, case_ids, working_left
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.backlog import RECEIPTS, backlog
from queries.figures.figures import figures
from tests.reports import DAY, HOUR, T, give_rule, past, report, ruled_city

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = Filters.of(scope=ALL_CASES, at=T, zone=HANOI)
RECEIVE = ("not_received", "receive_overdue", "receive_fell_due", "received_on_time")


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    ruled_city(connection)
    return connection


def counts(reports: ReportDatabase, filters: Filters = NOW) -> dict[str, int]:
    row = figures(reports, filters).iloc[0]
    found = {figure: int(row[figure]) for figure in RECEIVE}
    for figure, count in found.items():
        assert case_count(reports, filters, figure=figure) == count, figure
    return found


def test_waiting_reports_are_in_time_late_or_without_a_term(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, receive_due_at=T)  # due this very moment: not late yet
    report(city, 2, receive_due_at=T - HOUR)  # late
    report(city, 3)  # no receive term
    report(city, 4, receive_due_at=T - HOUR, received_at=T - 2 * HOUR, status="in_progress")  # taken on
    report(city, 5, receive_due_at=T - HOUR, received_at=T + HOUR, status="in_progress")  # taken on after the moment
    report(city, 6, receive_due_at=T - HOUR, ended_at=T - HOUR, received_at=T - 2 * HOUR)  # done
    report(city, 7, receive_due_at=T - HOUR, escalated_at=T)  # escalated, but never taken on
    found = counts(reports)
    assert (found["not_received"], found["receive_overdue"]) == (5, 3)
    assert case_ids(reports, NOW, figure="receive_waiting", order="oldest", search=None, limit=9) == [1]
    row = backlog(reports, NOW, since=T - DAY).iloc[0]
    assert {name: case_count(reports, NOW, figure=name) for name in RECEIPTS} == {name: row[name] for name in RECEIPTS}


def test_the_share_taken_on_in_time_includes_waiting_reports(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, receive_due_at=T - HOUR, received_at=T - HOUR, status="in_progress")  # to the second
    report(city, 2, receive_due_at=T - 2 * HOUR, received_at=T - HOUR, status="in_progress")  # late
    report(city, 3, receive_due_at=T - HOUR)  # still waiting: counts against
    report(city, 4, receive_due_at=T)  # not before the moment
    report(city, 5, receive_due_at=T - 9 * DAY, received_at=T - 9 * DAY, submitted_at=T - 10 * DAY, ended_at=T - DAY)
    assert (counts(reports)["received_on_time"], counts(reports)["receive_fell_due"]) == (2, 4)
    week = Filters.of(scope=ALL_CASES, at=T, zone=HANOI, start=T - 7 * DAY)
    assert (counts(reports, week)["received_on_time"], counts(reports, week)["receive_fell_due"]) == (1, 3)


def test_a_past_moment_excludes_later_receipts(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, receive_due_at=T - 3 * HOUR, received_at=T - HOUR, status="in_progress")
    before = Filters.of(scope=ALL_CASES, at=T - 2 * HOUR, zone=HANOI)
    assert counts(reports, before) == dict(zip(RECEIVE, (1, 1, 1, 0), strict=True))
    assert counts(reports) == dict(zip(RECEIVE, (0, 0, 1, 0), strict=True))


def test_a_transfer_restarts_the_term_for_the_next_unit(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, unit_id=2, receive_due_at=T + HOUR, transfer_count=1)
    past(city, 1, unit_id=1, receive_due_at=T - 20 * HOUR, valid_from=T - 2 * DAY, valid_to=T - 5 * HOUR)
    assert counts(reports)["receive_overdue"] == 0
    assert counts(reports, Filters.of(scope=ALL_CASES, at=T - 6 * HOUR, zone=HANOI, units=(1,)))["receive_overdue"] == 1


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=HANOI)


def test_the_time_left_is_in_working_minutes(city: psycopg.Connection, reports: ReportDatabase) -> None:
    give_rule(city, id=2, clock="calendar")
    due: dict[int, Any] = {
        1: local(18, 11),  # an hour of this morning
        2: local(18, 14),  # two hours before lunch, one after
        3: local(19, 8, 30),  # six hours today, half an hour tomorrow
        4: local(23, 9),  # Monday: 6 + 8 + 8 + 1
    }
    for number, at in due.items():
        report(city, number, due_at=at, rule_id=1)
    report(city, 5, due_at=T - HOUR, rule_id=1)  # overdue
    report(city, 6, due_at=local(18, 11), rule_id=2)  # its term runs in calendar time
    report(city, 7, due_at=local(18, 11))  # due by no rule
    report(city, 8, due_at=local(18, 11), rule_id=1, ended_at=T)
    report(city, 9, due_at=datetime(2027, 2, 1, 9, tzinfo=HANOI), rule_id=1)  # beyond the calendar
    left = working_left(reports, NOW, list(range(1, 10)))
    assert left == {1: 60, 2: 180, 3: 390, 4: 23 * 60}


def test_the_order_of_deadlines_is_the_order_of_working_time_left(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    for number, hours in enumerate((90, 3, 20, 50, 1)):
        report(city, number, due_at=T + hours * HOUR, rule_id=1)
    ids = case_ids(reports, NOW, figure="in_time", order="worklist", search=None, limit=9)
    left = working_left(reports, NOW, ids)
    assert [left[number] for number in ids] == sorted(left.values())
