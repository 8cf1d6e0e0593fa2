"""One case as of a moment: its holders and for how long, its deadline's rule, similar cases; hostile or bare."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pandas as pd
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as some

from queries.cases.report import NEAR_METRES, Held, events, held, nearby
from queries.cases.report import report as one
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES, cases_of
from queries.figures.figures import city as city_of
from tests.reports import DAY, HOUR, T, past, report, small_city
from tests.test_figures import HANOI
from ui.base.html_panel import render
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.cases import detail

NOW = Filters.of(scope=ALL_CASES, at=T, zone=HANOI)


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    return connection


def known(reports: ReportDatabase, code: str = "T-1", filters: Filters = NOW) -> dict[str, Any]:
    case = one(reports, filters, code)
    assert case is not None
    return case


def step(connection: psycopg.Connection, n: int, kind: str, at: datetime, to: int | None = None) -> None:
    connection.execute(
        "insert into report_event (report_id, n, at, kind, to_unit_id) values (1, %s, %s, %s, %s)", [n, at, kind, to]
    )


def test_a_case_tells_what_is_known_and_nothing_of_the_citizen(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, due_at=T - HOUR, officer="Bình", lon=105.8, lat=21.0, text="Rác chất đống")
    city.execute("insert into report_contact values (1, 'Nguyễn Bí Mật', '0912345678')")
    case = known(reports)
    assert (case["state"], case["officer"], case["answer"], case["text"]) == ("overdue", "Bình", None, "Rác chất đống")
    assert case["due_at"].utcoffset().total_seconds() == 7 * 3600
    assert "Bí Mật" not in str(case)


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("code", ["T-9", "", "\0", "T-1' or true --", "%", "T-1 ", "Đ" * 5000])
def test_an_unknown_code_is_no_case(reports: ReportDatabase, code: str) -> None:
    assert one(reports, NOW, code) is None


def test_a_case_out_of_scope_or_not_yet_submitted_looks_unknown(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1)
    assert one(reports, NOW.choosing(scope=cases_of((2,))), "T-1") is None
    assert one(reports, Filters.of(scope=ALL_CASES, at=T - 3 * DAY, zone=HANOI), "T-1") is None
    assert one(reports, NOW.choosing(scope=cases_of((1,)), districts=(2,), categories=(2,)), "T-1"), (
        "filters hide no case"
    )


def test_a_case_is_shown_as_of_the_moment(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, unit_id=2, officer="An", answer="Xong", ended_at=T - HOUR, rating="satisfied", rated_at=T, due_at=T)
    past(city, 1, unit_id=1, due_at=T - 5 * HOUR, valid_from=T - 2 * DAY, valid_to=T - 3 * HOUR)
    step(city, 1, "submitted", T - 2 * DAY)
    step(city, 2, "routed", T - 2 * DAY, 1)
    step(city, 3, "transferred", T - 3 * HOUR, 2)
    step(city, 4, "resolved", T - HOUR)
    then = Filters.of(scope=ALL_CASES, at=T - 4 * HOUR, zone=HANOI)
    case = known(reports, filters=then)
    assert (case["unit_id"], case["state"], case["officer"], case["answer"]) == (1, "overdue", None, None)
    assert (case["rating"], case["ended_at"]) == (None, None)
    assert events(reports, then, 1)["kind"].tolist() == ["submitted", "routed"]
    now = known(reports)
    assert (now["unit_id"], now["state"], now["officer"], now["answer"]) == (2, "resolved_on_time", "An", "Xong")


def test_who_held_a_case_and_for_how_long(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1)
    for n, (kind, hours, to) in enumerate(
        [
            ("submitted", 40, None),
            ("routed", 40, 1),
            ("received", 30, 1),
            ("transferred", 24, 2),
            ("received", 20, 2),
            ("resolved", 10, None),
            ("rated", 9, None),
            ("reopened", 4, None),
            ("extended", 3, None),
        ],
        start=1,
    ):
        step(city, n, kind, T - hours * HOUR, to)
    steps = events(reports, NOW, 1)
    assert [(span.unit_id, span.hours) for span in held(steps, T)] == [(1, 16), (2, 14), (2, 4)]
    assert held(steps, T)[-1].until == T
    assert [
        span.hours
        for span in held(events(reports, Filters.of(scope=ALL_CASES, at=T - 12 * HOUR, zone=HANOI), 1), T - 12 * HOUR)
    ] == [
        16,
        12,
    ]


@given(
    some.lists(
        some.tuples(
            some.sampled_from(["routed", "received", "transferred", "resolved", "refused", "reopened", "rated"]),
            some.integers(0, 50),
            some.none() | some.integers(1, 3),
        ),
        max_size=12,
    )
)
def test_times_held_never_overlap_and_never_pass_the_moment(way: list[tuple[str, int, int | None]]) -> None:
    way = sorted(way, key=lambda step: -step[1])
    steps = pd.DataFrame(
        {
            "n": range(1, len(way) + 1),
            "at": pd.to_datetime([T - hours * HOUR for _kind, hours, _to in way], utc=True),
            "kind": [kind for kind, _hours, _to in way],
            "to_unit_id": pd.array([to for _kind, _hours, to in way], dtype="Int64"),
        }
    )
    spans = held(steps, T)
    assert all(span.since < span.until <= T for span in spans)
    assert all(one.until <= other.since for one, other in pairwise(spans))


def test_similar_open_reports_nearby(city: psycopg.Connection, reports: ReportDatabase) -> None:
    here = {"lon": 105.83, "lat": 21.02}
    report(city, 1, **here)
    report(city, 2, lon=105.83, lat=21.02 + 400 / 111_320)
    report(city, 3, lon=105.83 + 300 / (111_320 * 0.93345), lat=21.02)
    report(city, 4, lon=105.83, lat=21.02 + 510 / 111_320)
    report(city, 5, lon=105.83 + 0.0045, lat=21.02 + 0.0040)  # inside the box, outside the circle
    report(city, 6, **here, category_id=2)
    report(city, 7, **here, ended_at=T - HOUR)
    report(city, 8, **here, submitted_at=T + HOUR)
    report(city, 9, **here, unit_id=2)
    report(city, 10)
    near = nearby(reports, NOW, known(reports))
    assert near["id"].tolist() == [9, 3, 2]
    assert near["metres"].tolist() == pytest.approx([0, 300, 400], abs=1)
    assert NEAR_METRES == 500
    assert nearby(reports, NOW.choosing(scope=cases_of((1,))), known(reports))["id"].tolist() == [3, 2]
    assert nearby(reports, NOW, known(reports, "T-10")).empty
    earlier = Filters.of(scope=ALL_CASES, at=T - 2 * HOUR, zone=HANOI)
    assert 7 in nearby(reports, earlier, known(reports, filters=earlier))["id"].tolist()
    past(city, 6, valid_from=T - 2 * DAY, valid_to=T - HOUR)  # until then of the same category
    earlier = Filters.of(scope=ALL_CASES, at=T - 1.5 * HOUR, zone=HANOI)
    assert 6 in nearby(reports, earlier, known(reports, filters=earlier))["id"].tolist()
    later = Filters.of(scope=ALL_CASES, at=T - 0.5 * HOUR, zone=HANOI)
    assert 6 not in nearby(reports, later, known(reports, filters=later))["id"].tolist()


def test_an_escalated_case_names_holder_escalating_unit_and_whether_the_citizen_is_informed(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, unit_id=2, escalated_by_id=1, escalated_at=T - 5 * HOUR, received_at=T - DAY, status="in_progress")
    past(city, 1, valid_from=T - 2 * DAY, valid_to=T - 5 * HOUR, received_at=T - DAY, status="in_progress")
    step(city, 1, "routed", T - 2 * DAY, 1)
    step(city, 2, "escalated", T - 5 * HOUR, 2)
    step(city, 3, "informed", T - HOUR)

    def told(hours_ago: float) -> str:
        filters = Filters.of(scope=ALL_CASES, at=T - hours_ago * HOUR, zone=HANOI)
        run = Run(reports, city_of(reports, filters.at), filters, live=False, query={}, page="report")
        with speaking("en"):
            return render("report", detail.head(run, known(reports, filters=filters)))

    assert "With a higher level" not in told(6)
    assert "Dong Anh commune" not in told(6)
    for hours_ago, informed in ((2, "citizen not informed yet"), (0.5, "citizen informed")):
        html = told(hours_ago)
        assert "With a higher level" in html
        assert "Dong Anh commune" in html, "who holds it"
        assert "Lang ward" in html, "who escalated it"
        assert informed in html


def test_nobody_holds_a_case_escalated_to_nobody(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, unit_id=None, escalated_by_id=1, escalated_at=T - 5 * HOUR, status="in_progress")
    step(city, 1, "routed", T - 2 * DAY, 1)
    step(city, 2, "escalated", T - 5 * HOUR)
    assert held(events(reports, NOW, 1), T) == [Held(1, T - 2 * DAY, T - 5 * HOUR), Held(None, T - 5 * HOUR, T)]
    run = Run(reports, city_of(reports, T), NOW, live=True, query={}, page="report")
    with speaking("en"):
        assert "nobody holds it" in render("report", detail.head(run, known(reports)))


def test_a_case_resolved_without_a_text_says_so(city: psycopg.Connection, reports: ReportDatabase) -> None:
    ended: tuple[dict[str, Any], ...] = {"answer": "Xong"}, {"answer": " "}, {"status": "refused"}
    for number, facts in enumerate(ended):
        report(city, number, ended_at=T, **facts)
    report(city, 9)
    run = Run(reports, city_of(reports, T), NOW, live=True, query={}, page="report")
    with speaking("en"):
        told = [
            render("report", detail.head(run, case))
            for case in (known(reports, f"T-{number}") for number in (0, 1, 2, 9))
        ]
    assert ["Xong" in each for each in told] == [True, False, False, False]
    assert ["No text of the answer is kept." in each for each in told] == [False, True, False, False]


def rule(connection: psycopg.Connection, **facts: Any) -> None:
    row = {
        "id": 1,
        "receive_minutes": 480,
        "handle_minutes": 2400,
        "clock": "working",
        "handle_from": "submitted",
        "valid_from": "2025-02-28",
        "source": "1207/QĐ-UBND",
        "receive_confirmed": True,
        "handle_confirmed": False,
    } | facts
    connection.execute(
        f"insert into deadline_rule ({', '.join(row)}) values ({', '.join(f'%({name})s' for name in row)})", row
    )


def office_hours(connection: psycopg.Connection, day: str, *, confirmed: bool) -> None:
    connection.execute("insert into office_hours values (%s, '08:00', '17:00', 'test', %s)", [day, confirmed])


def terms(reports: ReportDatabase, code: str = "T-1") -> list[dict[str, Any]]:
    case = known(reports, code)
    with speaking("en"):
        return detail.terms(case, events(reports, NOW, case["id"]))


def test_how_a_deadline_was_determined_and_whether_it_is_confirmed(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    rule(city)
    office_hours(city, "1900-01-01", confirmed=False)
    office_hours(city, "2026-01-01", confirmed=True)
    report(city, 1, rule_id=1, receive_due_at=T - HOUR, received_at=T, due_at=T + DAY)
    receive, handle = terms(reports)
    assert (receive["rule"], receive["sure"], receive["late"]) == ("8 working hours from submission", True, "late")
    assert (handle["rule"], handle["sure"], handle["done"]) == ("40 working hours from submission", False, "")


def test_a_deadline_in_unconfirmed_hours_is_unconfirmed(city: psycopg.Connection, reports: ReportDatabase) -> None:
    rule(city, handle_confirmed=True, handle_from="received")
    office_hours(city, "1900-01-01", confirmed=False)
    report(city, 1, rule_id=1, due_at=T + DAY)
    step(city, 1, "transferred", T - HOUR, 2)
    step(city, 2, "extended", T - HOUR)
    [handle] = terms(reports)
    assert (handle["sure"], handle["why_unsure"]) == (False, "the office hours are an assumption")
    assert handle["rule"] == "40 working hours from receipt, extended 1 time"


def test_a_deadline_of_the_source_and_none_at_all(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, due_at=T + DAY)
    assert terms(reports)[0]["rule"] == "given by the source of the report, not by a rule"
    report(city, 2)
    assert terms(reports, "T-2") == []


def test_a_span_is_measured_in_hours() -> None:
    assert Held(1, T - DAY, T).hours == 24


def test_a_case_closed_at_an_unknown_time_is_neither_late_nor_in_time(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, due_at=T - DAY, ended_at=T - HOUR, ended_known=False, answer="Xong")
    step(city, 1, "submitted", T - 2 * DAY)
    step(city, 2, "resolved", T - HOUR)
    step(city, 3, "rated", T)
    case = known(reports)
    run = Run(reports, city_of(reports, T), NOW, live=True, query={}, page="report")
    with speaking("en"):
        assert "Answered, time unknown" in render("report", detail.head(run, case))
        steps = events(reports, NOW, 1)
        (term,) = detail.terms(case, steps)
        assert (term["done"], term["late"]) == ("ended, time unknown", "neither late nor in time")
        notes = [bool(shown["note"]) for shown in detail.way(run, case, steps)["steps"]]
        assert notes == [False, True, False]
        before = Filters.of(scope=ALL_CASES, at=T - 2 * HOUR, zone=HANOI)
        earlier = known(reports, filters=before)
        assert earlier["state"] == "overdue"
        run = Run(reports, city_of(reports, before.at), before, live=False, query={}, page="report")
        assert [shown["note"] for shown in detail.way(run, earlier, events(reports, before, 1))["steps"]] == [""]


def test_a_case_whose_newer_row_was_rejected_says_so(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1)
    report(city, 2)
    city.execute("insert into report_source (report_id) values (1)")
    stale = "insert into report_source (report_id, stale_since, stale_reason) values (2, %s, 'no id')"
    city.execute(stale, [T - HOUR])
    run = Run(reports, city_of(reports, T), NOW, live=True, query={}, page="report")
    with speaking("vi"):
        good, old = (render("report", detail.head(run, known(reports, code))) for code in ("T-1", "T-2"))
    assert "Dữ liệu có thể đã cũ" not in good
    assert "Dữ liệu có thể đã cũ" in old
    assert "no id" not in old
