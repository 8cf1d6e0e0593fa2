"""The definitions: every measure has words, its numbers open exactly their cases, unconfirmed ones are marked."""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import psycopg
import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.engine.statements import definitions, written
from queries.figures.figures import city as read_city
from queries.figures.signals import SIGNALS
from queries.registry.registry import FIGURES, SHARES
from queries.rules.rules import Unsure, days_off, office_hours, rules, unsure
from tests.conftest import DEMO_NOW
from tests.reports import HOUR, T, give_rule, report, ruled_city, small_city
from ui.address.url_filters import parse_filters
from ui.base.figure_names import figure_name, left_out, meaning, rate_name
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.figures import definitions as shown
from ui.figures import ground
from ui.figures.count import Count
from ui.figures.unconfirmed import mark

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = Filters.of(scope=ALL_CASES, at=T, zone=HANOI)
SURE = Unsure(receive=False, handle=False)


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    ruled_city(connection)
    return connection


@pytest.fixture(scope="module")
def demo_reports(demo: str) -> Iterator[ReportDatabase]:
    opened = ReportDatabase(demo)
    yield opened
    opened.close()


def view(reports: ReportDatabase, **query: list[str]) -> Run:
    known = read_city(reports, DEMO_NOW)
    at = query.get("at", [T.isoformat()])
    found = parse_filters(query | {"at": at}, reports=reports, city=known, now=DEMO_NOW)
    assert not found.unrecognised
    return Run(reports, known, found.filters, live=False, query=query | {"at": at}, page="definitions")


@pytest.mark.parametrize(
    "query",
    [{}, {"period": ["365d"], "district": ["017"]}, {"severity": ["urgent"]}, {"period": ["last-report-month"]}],
)
def test_every_number_of_every_measure_opens_exactly_its_cases(
    demo_reports: ReportDatabase, query: dict[str, list[str]]
) -> None:
    run = view(demo_reports, at=["2026-11-17T16:00"], **query)
    with speaking("en"):
        groups = shown._Measures(run).groups()
    measures = [measure for group in groups for measure in group.measures]
    assert len({measure.name for measure in measures}) == len(measures)
    assert sum(part.count > 0 for measure in measures for part in measure.parts) > len(measures) / 2
    for measure in measures:
        assert measure.words
        for part in measure.parts:
            assert listed(demo_reports, part) == part.count, measure.name
        if measure.value.endswith("%"):
            part, whole = measure.parts
            assert measure.value == f"{100 * part.count / whole.count:.1f}%"
    for rate in SHARES:
        assert rate_name_in_english(rate) in {measure.name for measure in measures}


def listed(reports: ReportDatabase, part: Count) -> int:
    query = parse_qs(urlsplit(part.href).query)
    found = parse_filters(query, reports=reports, city=read_city(reports, DEMO_NOW), now=DEMO_NOW)
    assert not found.unrecognised
    assert query["figure"] == [part.figure]
    return case_count(reports, found.filters, figure=part.figure)


def rate_name_in_english(rate: str) -> str:
    with speaking("en"):
        return rate_name(rate)


def test_every_rate_and_signal_has_words_and_cases() -> None:
    with speaking("en"):
        for rate, share in SHARES.items():
            assert rate_name(rate)
            assert left_out(rate), f"what does {rate} leave out?"
            assert {share.part, share.whole} <= set(FIGURES)
        for parts in SIGNALS.items():
            assert set(parts) <= set(FIGURES)
            assert all(figure_name(figure) and meaning(figure) for figure in parts)


def test_a_definition_is_shown_completely_expanded() -> None:
    for figure in FIGURES:
        assert "{" not in written(figure)
    assert written("overdue") == "(open_until > :at) and due_at < :at"
    assert set(FIGURES) <= set(definitions())


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("select 1", SURE),
        ("update deadline_rule set handle_confirmed = false", Unsure(receive=False, handle=True)),
        ("update deadline_rule set receive_confirmed = false", Unsure(receive=True, handle=False)),
        ("update office_hours set confirmed = false", Unsure(receive=True, handle=True)),
        # Hours that no term uses, and rules that are not in force, make nothing unconfirmed.
        (
            "update office_hours set confirmed = false; update deadline_rule set clock = 'calendar'",
            SURE,
        ),
        ("update deadline_rule set handle_confirmed = false, valid_to = '2026-11-18'", SURE),
        ("update deadline_rule set handle_confirmed = false, valid_from = '2026-11-19'", SURE),
        ("update deadline_rule set handle_confirmed = false, handle_minutes = null", SURE),
        ("delete from deadline_rule", SURE),
    ],
)
def test_what_is_unconfirmed_is_marked(
    city: psycopg.Connection, reports: ReportDatabase, damage: str, expected: Unsure
) -> None:
    city.execute(damage.encode())
    assert unsure(reports, NOW) == expected
    run = view(reports)
    with speaking("en"):
        assert [mark(run, "receive") is not None, mark(run, "handle") is not None] == [
            expected.receive,
            expected.handle,
        ]


def test_newer_office_hours_replace_all_older_ones(city: psycopg.Connection, reports: ReportDatabase) -> None:
    city.execute("insert into office_hours values ('2026-11-01', '07:30', '16:30', 'notice', true)")
    city.execute("update office_hours set confirmed = false where valid_from < '2026-11-01'")
    assert [f"{opens:%H:%M}" for opens in office_hours(reports, NOW)["opens"]] == ["07:30"]
    assert unsure(reports, NOW) == SURE


def test_rules_are_listed_from_the_most_specific_to_the_most_general(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    give_rule(city, id=2, severity="normal")
    give_rule(city, id=3, severity="urgent")
    give_rule(city, id=4, category_id=1)
    give_rule(city, id=5, category_id=1, severity="urgent")
    assert rules(reports, NOW)["id"].tolist() == [5, 4, 3, 2, 1]


def test_days_off_and_working_days_in_exchange(city: psycopg.Connection, reports: ReportDatabase) -> None:
    city.execute("update working_day set working = false, name = 'Nghỉ bù' where day = '2026-01-02'")
    city.execute("update working_day set working = true, name = 'Làm bù' where day = '2026-01-10'")
    found = days_off(reports, NOW)
    assert [(str(row["day"]), row["working"]) for row in found.to_dict("records")] == [
        ("2026-01-02", False),
        ("2026-01-10", True),
    ]


def test_the_page_shows_rules_hours_and_days(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, due_at=T + HOUR, rule_id=1)
    with speaking("en"):
        told = ground.in_words(view(reports))
    assert told.rules[0].about == "every report"
    assert [term.words for term in told.rules[0].terms] == [
        "8 working hours from submission",
        "40 working hours from submission",
    ]
    assert told.hours == ["08:00–12:00", "13:00–17:00"]
    assert "31/12/2026" in told.reaches


def test_problems_with_rules_are_shown_and_never_guessed(city: psycopg.Connection, database: str) -> None:
    report(city, 1)
    city.execute("update deadline_rule set handle_minutes = null; delete from office_hours")
    with closing(ReportDatabase(database)) as reports, speaking("en"):
        told = ground.in_words(view(reports))
    assert "1 rule lacks a term" in told.warnings
    assert told.rules[0].terms[1].words == "no term is given"
    assert told.hours == []


def test_the_page_works_for_a_bare_city(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    with speaking("en"):
        told = ground.in_words(view(reports))
        assert (told.rules, told.hours) == ([], [])
        assert shown._Measures(view(reports)).groups()
