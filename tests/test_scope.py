"""The database alone enforces access: whatever is queried, no row outside the viewer's scope is returned.

No page is involved: what a page might forget, these tests forget on purpose.
"""

import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from sqlalchemy import event

from queries.access.accounts import Account, contact, log, note
from queries.cases.cases import case_count, case_rows, cases, readable_count
from queries.cases.report import events, nearby, report
from queries.cases.search import search
from queries.engine import connections, database
from queries.engine.connections import Patience
from queries.engine.database import NotAReportDatabase, ReportDatabase
from queries.engine.filters import BEGINNING, Filters
from queries.engine.scope import ADMINISTRATION, AGGREGATES_ONLY, ALL_CASES, GATE, NOTHING, Scope, cases_of
from queries.engine.statements import FILES, sql
from queries.places import map as maps
from queries.privacy.small_numbers import coarsened
from queries.registry.registry import FIGURES
from reportdb.database.connection import connect
from tests import access
from tests.access import (
    BELOW,
    CASES,
    NOW,
    OURS,
    SCOPES,
    TABLES,
    THEIRS,
    code,
    contacts,
    leaks,
    marks,
    number,
    personal,
    place,
    planted,
    telephone,
    unguarded,
    word,
)
from tests.conftest import NewDatabase
from tests.reports import DAY

QUESTIONS = sorted(
    file.stem
    for file in FILES.values()
    if file.stem not in {"definitions", "note_access", "contact", "export_begun", "export_ended"}  # these four write
)
OF_CASES = {
    "access_log",
    "access_volume",
    "accounts",
    "accounts_listed",
    "case_rows",
    "code_known",
    "codes",
    "map_arrivals",
    "map_case",
    "map_points",
    "nearby",
    "officers",
    "real_reports",
    "report",
    "report_events",
    "search",
    "search_few",
    "search_near",
    "search_newest",
    "search_open",
    "unit_heads",
    "word_met",
}
"""The questions about single cases, sources or accounts: forbidden in the counting scope."""
HEAD = cases_of((OURS, BELOW))
EVERYBODYS = tuple(number(unit, n) for unit in (OURS, THEIRS, BELOW) for n in CASES)
"""The ids of all cases: a page of a viewer without access would never ask for these."""
ANYTHING: dict[str, Any] = {
    "start": NOW - 30 * DAY,
    "end": NOW,
    "soon": NOW + DAY,
    "today_ends": NOW + DAY,
    "zone": "Asia/Ho_Chi_Minh",
    "step": DAY,
    "now": NOW,
    "latest": NOW - 99 * DAY,
    "horizon": "0",
    "first_start": NOW - 30 * DAY,
    "first_end": NOW - 29 * DAY,
    "day": NOW.date(),
    "level": "district",
    "by": "unit",
    "limit": 1000,
    "offset": 0,
    "before": None,
    "who": None,
    "actions": None,
    "code": code(THEIRS, 1),
    "code_end": "ZZ",
    "typed": word(THEIRS, 1, "title"),
    "masking": False,
    "words": None,
    "words_here": None,
    "within_units": False,
    "most": 1000,
    "near": 20_000,
    "newest": 2_000,
    "own": None,
    "ends": (NOW - 8 * DAY, NOW - DAY),
    "first": NOW - 8 * DAY,
    "last": NOW - DAY,
    "after": NOW,
    "after_id": 0,
    "spans_start": (NOW - DAY,),
    "spans_end": (NOW,),
    "word": "'rac'",
    "ids": EVERYBODYS,
    "category": 1,
    "lon": place(THEIRS, 1)[0],
    "lat": place(THEIRS, 1)[1],
    "metres": 10_000,
    "unit": THEIRS,
    "since": NOW - 99 * DAY,
    "id": number(THEIRS, 1),
    "first_day": NOW.date() - 20 * DAY,
    "end_day": NOW.date(),
    "first_month": NOW.date() - 15 * DAY,
    "end_month": NOW.date() - 5 * DAY,
    "dimension": "unit",
    "keys": None,
    "said": None,
    "wide": 2,
    "high": 2,
} | dict.fromkeys(("districts", "wards", "units", "categories", "channels", "severities", "officers", "cells"))
"""A value for every parameter, chosen to let everything through."""
ATTACKS = [
    "select words from report",
    "select ts_stat.word from ts_stat('select words from report') as ts_stat",
    *(f"select * from {table}" for table in (*TABLES, "report_text", "report_step", "access_log", "app_user")),
    "select title, text, address, answer from report",
    "select told_status, told_district, told_ward, report_id from report_source",
    "select published_status, published_district, published_ward from report_source",
    "select * from source_word",
    "select public_code, officer, lon, lat from report",
    "select note from report_event",
    "select * from report_at(now())",
    "select report from report",
    f"select * from found_by_words(cast('{word(THEIRS, 1, 'title')}' as tsquery))",
    f"select public_code from report where id = {number(THEIRS, 1)} or public_code like 'ZB%'",
    "select histogram_bounds, most_common_vals from pg_stats where tablename = 'report'",
    "select attname from pg_statistic",
    "select query_to_xml('select * from report', true, false, '')",
    "select title from report_text where cast(title as integer) = 1",
    "select pg_read_file('/etc/passwd')",
    "copy report to stdout",
    "insert into access_log (at, subject, action) values (now(), 'me', 'nothing')",
    "delete from access_log",
    "update report set unit_id = 1",
    "select * from contact_of(1, 'me', 'why')",
]
"""Attack queries, which no page asks."""


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    return planted(new_database, schema_template)


@pytest.fixture
def reports(city: str) -> Iterator[ReportDatabase]:
    with closing(ReportDatabase(city)) as opened:
        yield opened


def hidden(scope: Scope, *, raw: bool = False) -> set[str]:
    """Return the marks a scope must never be shown; `raw` if the counting role may see ids."""
    if scope == HEAD:
        return marks([THEIRS]) | contacts([OURS, BELOW])
    if scope.reads_all:
        return personal([OURS, THEIRS, BELOW])
    known = {str(key) for key in EVERYBODYS} if scope == AGGREGATES_ONLY or raw else set()
    return marks([OURS, THEIRS, BELOW]) - known


def said(table: pd.DataFrame) -> str:
    return str(table.to_dict("records"))


def answered(reports: ReportDatabase, question: str, scope: Scope, **values: Any) -> str:
    """Return a question's answer as text; empty if it is refused."""
    try:
        return said(reports.ask_now(question, scope=scope, order="newest", **(ANYTHING | {"at": NOW} | values)))
    except NotAReportDatabase:
        return ""


def told_by_questions(reports: ReportDatabase, scope: Scope) -> set[str]:
    """Return the hidden marks that any question of queries/ shows a scope, at any moment, with any filter."""
    found: set[str] = set()
    typed = word(THEIRS, 1, "title")
    for question in QUESTIONS:
        for values in (
            {},
            {"at": NOW - 2 * DAY},
            {"code": None, "units": (THEIRS,), "officers": (f"Zeta{access.LETTERS[THEIRS]}officer1q",)},
            {"words": typed, "words_here": typed, "code": None, "within_units": True},
        ):
            found |= leaks(answered(reports, question, scope, **values), hidden(scope), str(ANYTHING["typed"]))
    return found


def told_by_attacks(reports: ReportDatabase, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the hidden marks that attack queries get through the application's database access."""
    found: set[str] = set()
    with monkeypatch.context() as patched:
        patched.setattr(database, "sql", lambda question, *_rest: question)
        for attack in ATTACKS:
            try:
                found |= leaks(said(reports.ask_now(attack, scope=scope)), hidden(scope))
            except Exception as refusal:
                found |= leaks(str(refusal.__cause__ or refusal), hidden(scope), attack)
    return found


@pytest.mark.parametrize("role", SCOPES)
def test_no_question_shows_other_units_data(reports: ReportDatabase, role: str) -> None:
    assert told_by_questions(reports, SCOPES[role]) == set()


@pytest.mark.parametrize("role", SCOPES)
def test_no_attack_query_shows_it_either(reports: ReportDatabase, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told_by_attacks(reports, SCOPES[role], monkeypatch) == set()


def test_without_row_level_security_the_same_questions_leak(
    city: str, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(ReportDatabase(unguarded(new_database, city))) as reports:
        by_questions = told_by_questions(reports, HEAD)
        by_attacks = told_by_attacks(reports, HEAD, monkeypatch)
    for n in CASES:
        assert {code(THEIRS, n).lower(), str(number(THEIRS, n))} <= by_questions & by_attacks


def test_every_role_still_gets_its_own_data(reports: ReportDatabase) -> None:
    own = answered(reports, "case_rows", HEAD)
    assert all(code(unit, n) in own for unit in (OURS, BELOW) for n in CASES)
    assert len(reports.ask_now("case_rows", scope=ALL_CASES, **ANYTHING, at=NOW)) == len(EVERYBODYS)
    assert len(reports.ask_now("case_rows", scope=NOTHING, **ANYTHING, at=NOW)) == 0
    assert int(reports.ask_now("case_count", figure="true", **ANYTHING, at=NOW)["cases"].iloc[0]) == len(EVERYBODYS)


def test_the_handling_unit_reads_original_words_and_leaders_masked_ones(reports: ReportDatabase) -> None:
    filters = Filters.of(at=NOW, zone=ZoneInfo("Asia/Ho_Chi_Minh"))
    for scope, raw in ((HEAD, True), (ALL_CASES, False)):
        seen = filters.choosing(scope=scope)
        case = report(reports, seen, code(OURS, 4))
        assert case
        told = {"title": case["title"], "text": case["text"], "address": case["address"], "answer": case["answer"]}
        told["note"] = " ".join(events(reports, seen, case["id"])["note"].dropna())
        for where, words in told.items():
            assert word(OURS, 4, where) in words
            assert (telephone(OURS, 4, where) in words) is raw
            assert (f"{word(OURS, 4, where)}@example.org" in words) is raw


def test_a_page_that_forgets_to_filter_still_gets_its_own_cases_alone(reports: ReportDatabase) -> None:
    own = {number(unit, n) for unit in (OURS, BELOW) for n in CASES}
    seen = Filters.of(at=NOW, zone=ZoneInfo("Asia/Ho_Chi_Minh"), scope=HEAD)  # no unit chosen: all of them
    for moment in (NOW, NOW - 2 * DAY):
        then = replace(seen, at=moment)
        for figure in FIGURES:
            assert set(cases(reports, then, figure=figure, limit=500)["id"]) <= own
        assert set(case_rows(reports, then, list(EVERYBODYS))["id"]) <= own
        for told in (maps.points(reports, then), maps.arrivals(reports, then, since=BEGINNING)):
            assert leaks(said(told), marks([THEIRS])) == set()
    assert set(cases(reports, seen, figure="submitted", limit=500)["id"]) == own
    assert readable_count(reports, seen, figure="submitted") == len(own)
    counted, hour = case_count(reports, seen, figure="submitted"), coarsened(reports, seen)
    held = case_count(reports, hour.choosing(units=HEAD.units), figure="submitted")
    assert counted == held + 5, "counts are for all, those of eight others rounded, of the last full hour"
    assert case_count(reports, replace(seen, scope=AGGREGATES_ONLY), figure="submitted") == len(EVERYBODYS)
    for n in CASES:
        assert report(reports, seen, code(THEIRS, n)) is None
        assert maps.case(reports, seen, report_id=number(THEIRS, n)) is None
        assert maps.case(reports, seen, code=code(THEIRS, n)) is None
        assert events(reports, seen, number(THEIRS, n)).empty
        for typed in (code(THEIRS, n), code(THEIRS, n).lower(), word(THEIRS, n, "title"), telephone(THEIRS, n, "text")):
            found = search(reports, typed, HEAD)
            assert cases(reports, seen, figure="submitted", search=found, limit=500).empty or found is None
    mine = report(reports, seen, code(OURS, 1))
    assert mine
    assert set(nearby(reports, seen, mine)["id"]) <= own


@pytest.mark.parametrize("scope", [ALL_CASES, HEAD])
def test_nobody_searches_for_what_is_masked(reports: ReportDatabase, scope: Scope) -> None:
    seen = Filters.of(at=NOW, zone=ZoneInfo("Asia/Ho_Chi_Minh"), scope=scope)
    for where in ("title", "text", "address"):
        for typed in (telephone(OURS, 1, where), telephone(OURS, 1, where)[:7]):
            found = search(reports, typed, scope)
            assert found is None or cases(reports, seen, figure="submitted", search=found).empty


@pytest.mark.parametrize("planned_once", [False, True])
def test_no_scope_leaks_into_the_next_transaction(
    reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch, planned_once: bool
) -> None:
    setting = "select current_user as role, split_part(current_setting('report.scope', true), ';', 1) as units"
    who, counting = f"{setting}, array(select id from report) as ids", f"{setting}, count(*) as n from report"
    monkeypatch.setattr(database, "sql", lambda question, *_rest: question)
    monkeypatch.setattr(connections, "PLANNED_ONCE", {who, counting} if planned_once else set())
    scopes = [HEAD, cases_of((THEIRS,)), NOTHING, ALL_CASES]
    units = {HEAD: (OURS, BELOW), scopes[1]: (THEIRS,), NOTHING: (), ALL_CASES: (OURS, THEIRS, BELOW)}

    def many(seed: int) -> int:
        odd = random.Random(seed)
        for turn in range(80):
            scope = odd.choice([*scopes, AGGREGATES_ONLY])
            if scope == AGGREGATES_ONLY:
                row = reports.ask_now(counting).iloc[0]
                assert (row["role"], row["units"] or "", row["n"]) == ("report_reader", "", len(EVERYBODYS))
                continue
            if turn % 9 == 0:  # an error within a scope must leave nothing behind
                with pytest.raises(Exception, match="division"):
                    reports.ask_now("select 1 / (count(*) - count(*)) from report", scope=scope)
                continue
            row = reports.ask_now(who, scope=scope).iloc[0]
            assert (row["role"], row["units"]) == (scope.role, scope.setting)
            assert set(row["ids"]) == {number(unit, n) for unit in units[scope] for n in CASES}
        return seed

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(many, range(8))) == list(range(8))


def test_a_failed_question_leaves_no_scope_behind(city: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "sql", lambda question, *_rest: question)
    who = """select pg_backend_pid() as pid, current_user as role,
                 split_part(current_setting('report.scope', true), ';', 1) as units,
                 current_setting('transaction_read_only') as reads"""
    with closing(ReportDatabase(city, patience=Patience(answer=1))) as reports:
        before = reports.ask_now(who).iloc[0]
        assert (before["role"], before["units"], before["reads"]) == ("report_reader", None, "on")
        for failing, why, scope in (
            ("select 1 / (id - id) from report", "division", HEAD),
            ("select pg_sleep(9)", "timeout", HEAD),
            ("delete from report", "read-only", ALL_CASES),
            ("select 1", "role", Scope("report_stranger", (OURS,))),
        ):
            with pytest.raises(Exception, match=why):
                reports.ask_now(failing, scope=scope)
            after = reports.ask_now(who).iloc[0]
            assert (after["pid"], after["role"], after["units"] or "") == (before["pid"], "report_reader", "")
        with connect(city) as owner:
            owner.execute("select pg_terminate_backend(%s)", [int(before["pid"])])
        anew = reports.ask_now(who, scope=HEAD).iloc[0]
        assert (anew["role"], anew["units"]) == (HEAD.role, HEAD.setting)
        assert anew["pid"] != before["pid"]
        last = reports.ask_now(who).iloc[0]
        assert (last["pid"], last["role"], last["units"] or "") == (anew["pid"], "report_reader", "")


def test_a_scope_costs_no_extra_round_trip(reports: ReportDatabase) -> None:
    sent: list[str] = []
    reports.ask_now("case_count", figure="true", scope=HEAD, **ANYTHING, at=NOW)  # asks for the connection's session
    event.listen(reports._engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    for scope in (AGGREGATES_ONLY, HEAD):
        reports.ask_now("case_count", figure="true", scope=scope, **ANYTHING, at=NOW)
    assert len(sent) == 4
    assert sent[0] == "begin"
    begun = f"begin; set local role {HEAD.role}; set local report.scope = '{HEAD.setting};{HEAD.role};"
    assert re.fullmatch(re.escape(begun) + r"\d+;;[0-9a-f]{64}'", sent[2])


def test_the_planner_does_not_inline_the_scope(city: str) -> None:
    with connect(city) as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('report.scope', signed_scope(%s, %s), true)", [HEAD.setting, HEAD.role])
        connection.execute(f"set local role {HEAD.role}")
        for table in TABLES:
            if table != "report_contact":
                rows = connection.execute(f"explain (verbose) select 1 from {table}").fetchall()
                plan = " ".join(row[0] for row in rows)
                assert "scope_units()" in plan
                assert "current_setting" not in plan
                assert "scope_holds" not in plan
                assert "EXISTS" not in plan


def test_cached_answers_are_separate_by_scope(reports: ReportDatabase) -> None:
    values = ANYTHING | {"at": NOW}
    for scope, units in (
        (HEAD, {OURS, BELOW}),
        (cases_of((THEIRS,)), {THEIRS}),
        (NOTHING, set()),
        (HEAD, {OURS, BELOW}),
    ):
        assert set(reports.ask("case_rows", scope=scope, **values)["unit_id"]) == units


def account(name: str, scope: Scope) -> Account:
    return Account(name, "", "unit_head", scope)


def lines(url: str, who: str) -> list[tuple[Any, ...]]:
    with connect(url) as connection:
        return connection.execute(
            "select action, report_id, reason from access_log where subject = %s order by id", [who]
        ).fetchall()


def test_a_contact_is_shown_to_its_unit_alone_and_every_look_is_logged(city: str, reports: ReportDatabase) -> None:
    mine, other = number(OURS, 2), number(THEIRS, 2)
    found = contact(reports, account("asks", HEAD), mine, "to call back")
    assert found
    assert (found.name, found.phone) == access.contact(OURS, 2)
    assert contact(reports, account("asks", HEAD), other, "out of curiosity") is None
    assert contact(reports, account("asks", HEAD), 123, "there is none") is None
    assert lines(city, "asks") == [
        ("contact", mine, "to call back"),
        ("contact refused", other, "out of curiosity"),
        ("contact refused", 123, "there is none"),
    ]
    assert contact(reports, account("administers", ADMINISTRATION), other, "a complaint")
    assert lines(city, "administers") == [("contact", other, "a complaint")]


@pytest.mark.parametrize("scope", [ALL_CASES, AGGREGATES_ONLY, GATE])
def test_no_other_role_sees_a_contact(reports: ReportDatabase, scope: Scope) -> None:
    with pytest.raises(NotAReportDatabase):
        contact(reports, account("asks in vain", scope), number(OURS, 2), "to call back")


@pytest.mark.parametrize(("who", "why"), [("", "why"), ("who", ""), ("who", "  ")])
def test_no_contact_without_a_name_and_a_reason(reports: ReportDatabase, who: str, why: str) -> None:
    with pytest.raises(Exception, match="needs a name and a reason"):
        contact(reports, account(who, HEAD), number(OURS, 2), why)


def test_a_contact_cannot_be_read_without_a_log_line(reports: ReportDatabase) -> None:
    with pytest.raises(Exception, match="read-only"):  # the usual way of asking writes nothing, so it shows nothing
        reports._ask(
            reports._engine,
            "contact",
            sql("contact"),
            {"id": number(OURS, 2), "who": "asks", "why": "to call back"},
            HEAD,
            reader="asks",
        )


def test_only_the_gate_writes_the_log_and_only_administrators_read_it(city: str, reports: ReportDatabase) -> None:
    note(reports, "somebody", "page refused", why="status")
    assert lines(city, "somebody") == [("page refused", None, "status")]
    for role, scope in SCOPES.items():
        if role != "gate":
            with pytest.raises(NotAReportDatabase):
                reports.ask_on_record("note_access", scope=scope, who="forger", what="nothing", id=None, why="")
        if role != "admin":
            with pytest.raises(NotAReportDatabase):
                log(reports, account("reads", scope), limit=10)
    assert lines(city, "forger") == []
    assert "somebody" in set(log(reports, account("reads", ADMINISTRATION), limit=100)["subject"])


def test_nobody_may_write_a_table(city: str) -> None:
    with connect(city) as connection:
        rows = connection.execute(
            """select role.rolname, class.relname from pg_roles as role cross join pg_class as class
               where role.rolname like 'report\\_%%' and role.rolname <> 'report_owner'
                   and class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'v')
                   and (has_table_privilege(role.oid, class.oid, 'insert, update, delete, truncate')
                       or has_any_column_privilege(role.oid, class.oid, 'insert, update'))""".replace("%%", "%")
        ).fetchall()
    assert rows == []


def test_the_settings_name_units_by_numbers_alone() -> None:
    assert re.fullmatch(r"\{\d+(,\d+)*\}", cases_of((3, 1, 2)).setting)
    with pytest.raises(ValueError, match="invalid literal"):
        _ = Scope("report_official", ("1}'; reset role; --",)).setting  # type: ignore[arg-type]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_counting_role_gets_every_figure_and_no_case(reports: ReportDatabase, question: str) -> None:
    if question not in OF_CASES:
        reports.ask_now(question, figure="overdue", **(ANYTHING | {"at": NOW}))
        return
    with pytest.raises(NotAReportDatabase, match="denied"):
        reports.ask_now(question, **(ANYTHING | {"at": NOW}))
