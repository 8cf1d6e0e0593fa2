"""Deadlines computed by hand, and invariants."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from reportdb.database.connection import connect
from reportdb.deadlines.calendars import fill_calendar
from reportdb.deadlines.rules import SEVERITIES, Rules, Steps, Terms, replay
from reportdb.deadlines.working_time import WorkingTime
from tests.conftest import NewDatabase
from tests.reports import give_rule, small_city

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
WORKED = tomllib.loads(Path(__file__).with_name("deadline_cases.toml").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = WORKED["case"]


@pytest.fixture(scope="module")
def rules(new_database: NewDatabase, schema_template: str) -> Rules:
    """The rules of the hand-computed cases, on the official calendar from December 2023 to 2027."""
    with connect(new_database(schema_template)) as connection:
        small_city(connection)
        connection.execute("delete from working_day")
        fill_calendar(connection, country="VN", subdivision=None, first=date(2023, 12, 1), last=date(2027, 12, 31))
        connection.execute(
            """insert into category (id, code, name_vi, name_en)
               select n, 'c' || n, 'x', 'x' from generate_series(3, 6) as n"""
        )
        for rule in WORKED["rule"]:
            give_rule(connection, **({"handle_minutes": None} | rule))
        return Rules.from_database(connection, WorkingTime.from_database(connection))


def utc(words: str) -> np.datetime64:
    """Read a local time of Hanoi."""
    if words == "none":
        return np.datetime64("NaT", "us")
    moment = datetime.fromisoformat(words).replace(tzinfo=HANOI).astimezone(UTC)
    return np.datetime64(moment.replace(tzinfo=None), "us")


def terms_of(rules: Rules, cases: list[dict[str, Any]]) -> Terms:
    """Return the terms of the cases in deadline_cases.toml, all at once."""
    days = np.array([case["submitted"][:10] for case in cases], dtype="datetime64[D]")

    def rule(category: list[int], severity: list[str], day: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return rules.in_force(np.array(category), np.array([SEVERITIES.index(word) for word in severity]), day)

    first = rule([case.get("category", 1) for case in cases], [case.get("severity", "normal") for case in cases], days)
    steps = [(row, *step) for row, case in enumerate(cases) for step in case.get("steps", [])]
    anew = [(n, step) for n, step in enumerate(steps) if step[1] == "recategorised"]
    given = np.full(len(steps), -1)
    if anew:
        given[[n for n, _ in anew]] = rule(
            [step[3] for _, step in anew], [step[4] for _, step in anew], days[[step[0] for _, step in anew]]
        )
    return replay(
        rules,
        first,
        np.array([utc(case["submitted"]) for case in cases]),
        Steps(
            row=np.array([step[0] for step in steps], dtype=np.int64),
            kind=np.array([step[1] for step in steps], dtype=object),
            at=np.array([utc(step[2]) for step in steps], dtype="datetime64[us]"),
            minutes=np.array([step[3] if step[1] == "extended" else np.nan for step in steps], dtype=float),
            rule=given,
        ),
    )


@pytest.fixture(scope="module")
def answered(rules: Rules) -> Terms:
    return terms_of(rules, CASES)


@pytest.mark.parametrize("n", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_a_hand_computed_case(rules: Rules, answered: Terms, n: int) -> None:
    case = CASES[n]
    expected = (case["rule"], str(utc(case["receive"])), str(utc(case["due"])))
    found = (int(rules.ids[answered.rule[n]]), str(answered.receive_due_at[n]), str(answered.due_at[n]))
    assert found == expected, case["worked"]


def test_the_cases_are_many_and_each_shows_its_arithmetic() -> None:
    assert len(CASES) >= 40
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert all(case["worked"] for case in CASES)
    kinds = {step[0] for case in CASES for step in case.get("steps", [])}
    assert kinds >= {
        "received",
        "transferred",
        "recategorised",
        "extended",
        "paused",
        "resumed",
        "reopened",
        "resolved",
    }
    assert {case["submitted"][:4] for case in CASES} >= {"2024", "2025", "2026", "2027"}


# Invariants: histories of a report submitted within a week of June 2025, steps in order.

_KINDS = ["received", "transferred", "recategorised", "extended", "paused", "resumed", "resolved", "reopened"]


@some.composite
def courses(draw: some.DrawFn, kinds: list[str] = _KINDS) -> dict[str, Any]:
    start = datetime(2025, 6, 16, tzinfo=HANOI)
    minutes = sorted(draw(some.lists(some.integers(0, 20_000), min_size=1, max_size=9)))
    steps: list[list[Any]] = []
    for minute in minutes[1:]:
        kind = draw(some.sampled_from(kinds))
        brings: list[Any] = []
        if kind == "extended":
            brings = [draw(some.integers(1, 2000))]
        if kind == "recategorised":
            brings = [draw(some.integers(1, 6)), draw(some.sampled_from(SEVERITIES))]
        steps.append([kind, f"{start + timedelta(minutes=minute):%Y-%m-%d %H:%M}", *brings])
    return {
        "submitted": f"{start + timedelta(minutes=minutes[0]):%Y-%m-%d %H:%M}",
        "category": draw(some.integers(1, 6)),
        "severity": draw(some.sampled_from(SEVERITIES)),
        "steps": steps,
    }


def due(rules: Rules, *cases: dict[str, Any]) -> list[np.datetime64]:
    return list(terms_of(rules, list(cases)).due_at)


def same(one: np.datetime64, other: np.datetime64) -> bool:
    return bool(one == other or (np.isnat(one) and np.isnat(other)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(cases=some.lists(courses(), min_size=2, max_size=6))
def test_a_batch_gives_the_same_as_single_reports(rules: Rules, cases: list[dict[str, Any]]) -> None:
    together = due(rules, *cases)
    assert all(same(one, due(rules, case)[0]) for one, case in zip(together, cases, strict=True))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(case=courses(), more=some.lists(some.sampled_from(["received", "transferred"]), max_size=4))
def test_transfers_and_receipts_never_gain_time(rules: Rules, case: dict[str, Any], more: list[str]) -> None:
    end = case["steps"][-1][1] if case["steps"] else case["submitted"]
    longer = case | {"steps": [*case["steps"], *([kind, end] for kind in more)]}
    before, after = due(rules, case, longer)
    assert np.isnat(before) or after <= before


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    case=courses(["received", "transferred", "extended"]),
    wait=some.integers(0, 4000),
    length=some.integers(0, 20_000),
)
def test_a_pause_moves_the_deadline_by_exactly_its_duration(
    rules: Rules, case: dict[str, Any], wait: int, length: int
) -> None:
    last = datetime.fromisoformat(case["steps"][-1][1] if case["steps"] else case["submitted"])
    stop = last + timedelta(minutes=wait)
    go = stop + timedelta(minutes=length)
    times = [f"{at:%Y-%m-%d %H:%M}" for at in (stop, go)]
    paused = case | {"steps": [*case["steps"], ["paused", times[0]], ["resumed", times[1]]]}
    terms = terms_of(rules, [case, paused])
    before, after = terms.due_at
    if np.isnat(before) or before <= utc(times[0]):
        assert same(before, after)
        return
    begun = terms._start(rules, np.array([0]))[0]  # an urgent report's clock may start later
    rule = terms.rule[:1]
    stood, moved = (
        rules.between(rule, np.array([since]), np.array([until]))[0]
        for since, until in ((max(begun, utc(times[0])), max(begun, utc(times[1]))), (before, after))
    )
    assert moved == pytest.approx(stood)
