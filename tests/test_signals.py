"""Signals worth a second look: each a figure with its cases and its share, marked only beyond chance."""

from math import comb
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from queries.cases.cases import case_count, case_ids
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.chance import CHANCE, beyond_chance
from queries.figures.signals import SIGNALS, signals, signals_by_unit
from reportdb.check import find_damage
from tests.reports import DAY, HOUR, T, give_step, past, report, small_city

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
CITY = Filters.of(scope=ALL_CASES, at=T, zone=HANOI, start=T - 30 * DAY)
LANG = CITY.choosing(units=(1,))
BEGAN = T - 10 * DAY


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    return connection


def ids(reports: ReportDatabase, figure: str, filters: Filters = CITY) -> list[int]:
    found = case_ids(reports, filters, figure=figure, order="oldest", search=None, limit=99)
    assert case_count(reports, filters, figure=figure) == len(found)
    assert {signal.figure: signal.part for signal in signals(reports, filters, CITY)}[figure] == len(found)
    return sorted(found)


def test_closures_of_the_last_hour_before_the_deadline(city: psycopg.Connection, reports: ReportDatabase) -> None:
    due: dict[str, Any] = {"submitted_at": BEGAN, "due_at": T - DAY}
    report(city, 1, **due, ended_at=T - DAY)  # to the second
    report(city, 2, **due, ended_at=T - DAY - HOUR / 2)
    report(city, 3, **due, ended_at=T - DAY - HOUR)  # a full hour before
    report(city, 4, **due, ended_at=T - DAY + HOUR / 2)  # late
    report(city, 5, **due, ended_at=T - DAY - HOUR / 2, status="refused")
    report(city, 6, submitted_at=BEGAN, ended_at=T - DAY)  # no deadline
    report(city, 7, submitted_at=T - 50 * DAY, due_at=T - 40 * DAY, ended_at=T - 40 * DAY)  # before the period
    assert ids(reports, "resolved_last_hour") == [1, 2]
    assert case_count(reports, CITY, figure="resolved_with_deadline") == 4


def test_reopened_within_seven_days_of_the_closure(city: psycopg.Connection, reports: ReportDatabase) -> None:
    for number, days in ((1, 1), (2, 7), (3, 7.001)):
        report(city, number, submitted_at=BEGAN, reopen_count=1, status="in_progress", received_at=BEGAN)
        closed = T - 1 * DAY - days * DAY
        past(
            city, number, submitted_at=BEGAN, valid_from=BEGAN, valid_to=T - DAY, status="resolved", ended_at=closed,
            received_at=BEGAN,
        )  # fmt: skip
    report(city, 4, submitted_at=BEGAN, transfer_count=1)
    past(city, 4, submitted_at=BEGAN, valid_from=BEGAN, valid_to=T - DAY)  # transferred, never closed
    assert ids(reports, "reopened_soon") == [1, 2]
    before = Filters.of(scope=ALL_CASES, at=T - 2 * DAY, zone=HANOI, start=T - 30 * DAY)
    assert case_count(reports, before, figure="reopened_soon") == 0


def test_a_recomputed_deadline_is_no_reopening(city: psycopg.Connection) -> None:
    """It also makes a past version of a closed report; a month later the citizen reopens it."""
    began, ended, anew, reopened = T - 40 * DAY, T - 30 * DAY, T - 28 * DAY, T - DAY
    closed = {"submitted_at": began, "status": "resolved", "ended_at": ended, "received_at": began}
    with city.transaction():
        report(city, 1, **closed)
        past(city, 1, **closed, valid_from=began, valid_to=anew)
    told = "select reopened_soon_at from report"
    assert city.execute(told).fetchone() == (None,)
    with city.transaction():
        city.execute("update report set status = 'in_progress', ended_at = null, reopen_count = 1")
        past(city, 1, **closed, valid_from=anew, valid_to=reopened)
    assert city.execute(told).fetchone() == (None,)
    assert [str(found) for found in find_damage(city, T) if "reopened_soon" in str(found)] == []


def test_a_report_knows_when_it_was_first_opened_again_soon(city: psycopg.Connection) -> None:
    def known() -> Any:
        return (city.execute("select reopened_soon_at from report where id = 1").fetchone() or ())[0]

    first, second = T - 5 * DAY, T - 3 * DAY
    with city.transaction():  # in any order: history first, the report last
        for begins, ends in ((BEGAN, first), (first, second)):
            past(
                city, 1, submitted_at=BEGAN, valid_from=begins, valid_to=ends, status="resolved", ended_at=ends - HOUR,
                received_at=BEGAN,
            )  # fmt: skip
        report(city, 1, submitted_at=BEGAN, reopen_count=2, status="in_progress", received_at=BEGAN)
    assert known() == first
    city.execute("update report_past set ended_at = valid_from where valid_to = %s", [first])  # 5 days: soon still
    assert known() == first
    city.execute("update report_past set ended_at = null, status = 'in_progress' where valid_to = %s", [first])
    assert known() == second
    city.execute("delete from report_past where valid_to = %s", [second])
    assert known() is None


def test_deadlines_moved_by_a_new_category(city: psycopg.Connection, reports: ReportDatabase) -> None:
    moved = T - 5 * DAY
    for number, due_before, due_after in ((1, 1, 3), (2, 3, 1), (3, 2, 2), (4, 1, 3)):
        with city.transaction():
            give_step(city, number, 1, "recategorised", moved)
            report(city, number, submitted_at=BEGAN, due_at=T + due_after * DAY, category_id=2)
            past(city, number, submitted_at=BEGAN, valid_from=BEGAN, valid_to=moved, due_at=T + due_before * DAY)
    with city.transaction():  # an extension moves a deadline too, but is no recategorisation
        give_step(city, 5, 1, "extended", moved)
        report(city, 5, submitted_at=BEGAN, due_at=T + 3 * DAY)
        past(city, 5, submitted_at=BEGAN, valid_from=BEGAN, valid_to=moved, due_at=T + DAY)
    with city.transaction():  # extended after a recategorisation that did not move the deadline
        give_step(city, 6, 1, "recategorised", moved)
        give_step(city, 6, 2, "extended", moved + HOUR)
        report(city, 6, submitted_at=BEGAN, due_at=T + 3 * DAY)
        past(city, 6, submitted_at=BEGAN, valid_from=BEGAN, valid_to=moved, due_at=T + DAY)
        past(city, 6, submitted_at=BEGAN, valid_from=moved, valid_to=moved + HOUR, due_at=T + DAY)
    assert ids(reports, "deadline_moved") == [1, 4]
    before = Filters.of(scope=ALL_CASES, at=moved - HOUR, zone=HANOI, start=T - 30 * DAY)
    assert case_count(reports, before, figure="deadline_moved") == 0


def test_a_report_knows_when_its_deadline_was_first_moved(city: psycopg.Connection) -> None:
    def known() -> Any:
        return (city.execute("select deadline_moved_at from report where id = 1").fetchone() or ())[0]

    first, second = T - 5 * DAY, T - 4 * DAY
    with city.transaction():  # in any order: history first, the report last
        for n, at in ((1, first), (2, second)):
            give_step(city, 1, n, "recategorised", at)
        past(city, 1, submitted_at=BEGAN, valid_from=BEGAN, valid_to=first, due_at=T)
        past(city, 1, submitted_at=BEGAN, valid_from=first, valid_to=second, due_at=T + DAY)
        report(city, 1, submitted_at=BEGAN, due_at=T + 3 * DAY, category_id=2)
    assert known() == first
    city.execute("update report_event set at = at + interval '1 hour' where n = 1")  # corrections of wrong entries
    assert known() == first + HOUR
    city.execute("delete from report_event where n = 1")
    assert known() == second
    city.execute("update report_event set deadline_later = false")
    assert known() is None


def test_resolved_without_a_text(city: psycopg.Connection, reports: ReportDatabase) -> None:
    for number, answer in enumerate((None, "", "  ", "Đã thu gom")):
        report(city, number, ended_at=T - HOUR, answer=answer)
    report(city, 10, ended_at=T - HOUR, status="refused")
    report(city, 11)
    assert ids(reports, "resolved_without_words") == [0, 1, 2]


def test_a_report_knows_when_it_was_resolved_without_a_text(city: psycopg.Connection) -> None:
    def known() -> Any:
        return (city.execute("select resolved_without_text_at from report where id = 1").fetchone() or ())[0]

    report(city, 1, ended_at=T, answer=" ")
    assert known() == T
    city.execute("update report set ended_at = ended_at + interval '1 hour'")
    assert known() == T + HOUR
    city.execute("update report set answer = 'Đã thu gom'")
    assert known() is None
    city.execute("update report set answer = null, status = 'refused'")
    assert known() is None
    city.execute("update report set status = 'resolved'")
    assert known() == T + HOUR
    with pytest.raises(psycopg.errors.CheckViolation, match="report_resolved_without_text"):
        city.execute("update report set resolved_without_text_at = null")
    city.execute("update report set ended_at = null, status = 'in_progress'")
    assert known() is None


def test_a_unit_is_compared_with_the_city_and_marked_only_beyond_chance(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    for number in range(40):
        refused = number < 12
        report(city, number, ended_at=T - HOUR, status="refused" if refused else "resolved", answer="x")
    for number in range(40, 100):
        report(city, number, unit_id=2, ended_at=T - HOUR, status="refused" if number < 43 else "resolved", answer="x")
    found = {signal.figure: signal for signal in signals(reports, LANG, CITY)}
    assert list(found) == list(SIGNALS)
    refusals = found["refused"]
    assert (refusals.part, refusals.whole, refusals.city_part, refusals.city_whole) == (12, 40, 15, 100)
    assert refusals.stands_out
    assert not any(signal.stands_out for figure, signal in found.items() if figure != "refused")
    report(city, 100, unit_id=None, ended_at=T - HOUR, status="refused")  # the city's, but no unit's
    table = signals_by_unit(reports, CITY.choosing(categories=(1,)))  # asked for the first time
    assert table[["figure", "code", "part", "whole", "city_part", "city_whole"]].to_numpy().tolist() == [
        ["refused", "lang", 12, 40, 16, 101]
    ]


@pytest.mark.usefixtures("city")
def test_an_empty_city_has_no_signal(reports: ReportDatabase) -> None:
    assert [(signal.part, signal.stands_out) for signal in signals(reports, LANG, CITY)] == [(0, False)] * len(SIGNALS)
    assert signals_by_unit(reports, CITY).empty


@given(some.integers(1, 60), some.data())
@settings(derandomize=True, max_examples=200, deadline=None)
def test_a_mark_follows_the_exact_binomial_test(whole: int, data: some.DataObject) -> None:
    part = data.draw(some.integers(0, whole))
    other_whole = data.draw(some.integers(1, 500))
    other_part = data.draw(some.integers(0, other_whole))
    share = other_part / other_whole
    chance = sum(comb(whole, n) * share**n * (1 - share) ** (whole - n) for n in range(part, whole + 1))
    if abs(chance - CHANCE) > 1e-9:
        expected = chance < CHANCE and part / whole > share
        assert bool(beyond_chance(part, whole, other_part, other_whole)) == expected


def test_without_others_or_without_reports_nothing_is_marked() -> None:
    assert beyond_chance([5, 0, 5], [5, 0, 5], [0, 3, 5], [0, 9, 5]).tolist() == [False, False, False]
