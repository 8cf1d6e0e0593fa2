"""Causes of unknown deadlines are shown, no deadline is guessed, and a case's page shows its deadline's history."""

import psycopg
import pytest

from queries.cases.cases import case_count
from queries.cases.report import events
from queries.cases.report import report as one
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import names
from queries.rules.deadlines import WARNINGS, path, warnings
from reportdb.deadlines.recomputation import apply_changes, find_changes
from tests.conftest import DEMO_NOW
from tests.reports import DAY, HOUR, T, give_step, past, report, ruled_city
from tests.test_figures import HANOI
from ui.base.i18n import speaking
from ui.cases import detail


def test_the_demo_has_no_warning(demo: str) -> None:
    reports = ReportDatabase(demo)
    try:
        assert warnings(reports, DEMO_NOW) == {}
    finally:
        reports.close()


@pytest.mark.parametrize(
    ("damage", "kind", "count"),
    [
        ("delete from working_day where day > '2026-11-28'", "calendar_ends", 50),
        ("delete from office_hours", "no_office_hours", 1),
        ("update deadline_rule set handle_minutes = null", "rule_without_minutes", 1),
        (
            """insert into deadline_rule select 2, 1, severity, null, 960, clock, handle_from, valid_from, valid_to,
                   source, true, true from deadline_rule""",
            "rule_without_minutes",
            1,
        ),
        (
            """insert into deadline_rule select 2, category_id, severity, 480, 960, clock, handle_from, '2026-06-01',
                   valid_to, source, true, true from deadline_rule""",
            "rules_overlap",
            1,
        ),
        ("update deadline_rule set category_id = 1", "category_without_rule", 1),
        ("update deadline_rule set severity = 'urgent'", "category_without_rule", 2),
        ("update deadline_rule set valid_to = '2026-11-18'", "category_without_rule", 2),
    ],
)
def test_causes_of_unknown_deadlines_are_shown(
    connection: psycopg.Connection, reports: ReportDatabase, damage: str, kind: str, count: int
) -> None:
    ruled_city(connection)
    connection.execute(
        """insert into working_day (day, working, source)
           select day, false, 'test' from generate_series(date '2027-01-01', '2027-03-01', interval '1 day') as day"""
    )
    report(connection, 1)
    assert warnings(reports, T - HOUR) == {}
    connection.execute(damage.encode())
    assert warnings(reports, T) == {kind: count}
    assert kind in WARNINGS


def test_a_city_without_receive_terms_has_no_warning(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    ruled_city(connection)
    connection.execute("update deadline_rule set receive_minutes = null")
    assert warnings(reports, T) == {}


@pytest.mark.parametrize(
    "damage",
    [
        "delete from working_day where day > '2026-11-20'",
        "update deadline_rule set handle_minutes = null",
        """insert into deadline_rule select 2, category_id, severity, 480, 960, clock, handle_from, valid_from,
               valid_to, source, true, true from deadline_rule""",
        "update deadline_rule set category_id = 2",
    ],
    ids=["a calendar that ends", "a rule with no hours", "two rules that overlap", "a category without a rule"],
)
def test_no_deadline_is_guessed(connection: psycopg.Connection, reports: ReportDatabase, damage: str) -> None:
    ruled_city(connection)
    report(connection, 1, submitted_at=T - HOUR)
    give_step(connection, 1, 1, "submitted", T - HOUR)
    connection.execute(damage.encode())
    changes = find_changes(connection, ended=False)
    apply_changes(connection, changes.token, now=T, ended=False)
    later = Filters.of(scope=ALL_CASES, at=T + HOUR, zone=HANOI)
    counts = {figure: case_count(reports, later, figure=figure) for figure in ("open", "no_deadline", "in_time")}
    assert counts == {"open": 1, "no_deadline": 1, "in_time": 0}


def test_the_page_shows_a_deadlines_history(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    ruled_city(connection)
    report(connection, 1, rule_id=1, category_id=2, due_at=None, status="in_progress", received_at=T - 47 * HOUR)
    for n, (kind, hours, facts) in enumerate(
        [
            ("submitted", 48, {}),
            ("received", 47, {}),
            ("extended", 40, {"minutes": 480}),
            ("recategorised", 30, {}),
            ("paused", 20, {}),
        ],
        start=1,
    ):
        give_step(connection, 1, n, kind, T - hours * HOUR, **facts)
    for begin, end, category, until in ((48, 40, 1, DAY), (40, 30, 1, 2 * DAY), (30, 20, 2, 2 * DAY)):
        past(
            connection, 1, valid_from=T - begin * HOUR, valid_to=T - end * HOUR, category_id=category, rule_id=1,
            due_at=T + until,
        )  # fmt: skip
    filters = Filters.of(scope=ALL_CASES, at=T, zone=HANOI)
    case = one(reports, filters, "T-1")
    assert case is not None
    assert case["stopped_at"] == T - 20 * HOUR
    seen = path(reports, filters, 1)
    assert seen["kind"].tolist() == ["submitted", "extended", "recategorised", "paused"]
    with speaking("en"):
        shown = detail.deadline_way(seen, names(reports, "category"), "working")
        [handle] = detail.terms(case, events(reports, filters, 1))
    assert [way["why"] for way in shown] == [
        "Submitted by the citizen",
        "Deadline extended by 8 working hours",
        "Now Roads, normal",
        "Clock stopped",
    ]
    assert shown[-1]["due"] == "no deadline"
    assert handle["due"] == "Clock stopped since 17/11/2026 14:00"
    before = one(reports, Filters.of(scope=ALL_CASES, at=T - 25 * HOUR, zone=HANOI), "T-1")
    assert before is not None
    assert before["stopped_at"] is None
