"""Who holds a report: a city of escalated, transferred and returned cases, counted by hand at five moments.

All reports came in two days before T at unit 1 (Láng), unless they say otherwise. Unit 3 is the city's desk.
"""

import io
from collections import Counter
from datetime import datetime
from typing import Any

import pandas as pd
import psycopg
import pytest

from queries.cases.cases import Order, case_count, case_ids, cases, readable_count
from queries.cases.report import events, reading
from queries.cases.report import report as one
from queries.cases.search import search
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES, cases_of
from queries.figures.backlog import backlog
from queries.figures.figures import city as city_of
from queries.figures.figures import figures
from queries.figures.overdue import overdue
from queries.units.units import duties
from reportdb.summary import summarise
from tests.reports import DAY, HOUR, T, give_step, past, report, small_city
from tests.test_figures import HANOI
from ui.address.case_list import CaseList
from ui.base.i18n import speaking
from ui.cases.exports import Export, csv_parts

LANG, DONG_ANH, DESK, NOBODY = 1, 2, 3, None
CAME = T - 2 * DAY
MOMENTS = [T - 40 * HOUR, T - 20 * HOUR, T - 10 * HOUR, T - 3 * HOUR, T]

HOLDERS: dict[int, list[int | str | None]] = {
    # report: who holds it at each of MOMENTS ("-": it has ended)
    1: [LANG, LANG, LANG, LANG, LANG],  # never moved
    2: [LANG, DESK, DESK, DESK, DESK],  # escalated 30 hours ago
    3: [LANG, DESK, DESK, LANG, LANG],  # escalated 30 hours ago, returned 5 hours ago
    4: [LANG, LANG, DONG_ANH, DONG_ANH, DONG_ANH],  # transferred 15 hours ago
    5: [LANG, NOBODY, NOBODY, NOBODY, NOBODY],  # escalated 30 hours ago, to nobody
    6: [LANG, DESK, DONG_ANH, DONG_ANH, "-"],  # escalated, passed on 15 hours ago, resolved an hour ago
    7: [DONG_ANH, DONG_ANH, DONG_ANH, DONG_ANH, DESK],  # escalated by Đông Anh two hours ago
}
OVERDUE = {1, 2, 3, 5, 7}
"""Due 25 hours before T: overdue at every moment but the first."""


def move(
    connection: psycopg.Connection, number: int, *steps: tuple[datetime, str, int | None, dict[str, Any]], **ends: Any
) -> None:
    """Write a report received by a unit and moved by steps: moment, kind, target unit, later values."""
    first = ends.pop("first", LANG)
    due = T - 25 * HOUR if number in OVERDUE else T + 3 * DAY
    base = {"submitted_at": CAME, "received_at": CAME + HOUR, "due_at": due}
    give_step(connection, number, 1, "submitted", CAME)
    give_step(connection, number, 2, "routed", CAME, to_unit_id=first)
    version: dict[str, Any] = {"unit_id": first, "status": "in_progress", "transfer_count": 0}
    since = CAME
    for n, (at, kind, unit, facts) in enumerate(steps, start=3):
        past(connection, number, valid_from=since, valid_to=at, **base, **version)
        give_step(connection, number, n, kind, at, from_unit_id=version["unit_id"], to_unit_id=unit)
        version = version | {"unit_id": unit} | facts
        version["transfer_count"] += kind == "transferred"
        since = at
    report(connection, number, **(base | version | ends))


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    connection.execute("insert into unit (id, code, name_vi, name_en, kind) values (3, 'desk', 'Tổ', 'Desk', 'city')")
    up = T - 30 * HOUR
    handed_up = {"escalated_at": up, "escalated_by_id": LANG}
    back = {"escalated_at": None, "escalated_by_id": None}
    move(connection, 1)
    move(connection, 2, (up, "escalated", DESK, handed_up))
    move(connection, 3, (up, "escalated", DESK, handed_up), (T - 5 * HOUR, "returned", LANG, back))
    move(connection, 4, (T - 15 * HOUR, "transferred", DONG_ANH, {}))
    move(connection, 5, (up, "escalated", NOBODY, handed_up))
    move(
        connection,
        6,
        (up, "escalated", DESK, handed_up),
        (T - 15 * HOUR, "transferred", DONG_ANH, {}),
        status="resolved",
        ended_at=T - HOUR,
    )
    later = {"escalated_at": T - 2 * HOUR, "escalated_by_id": DONG_ANH}
    move(connection, 7, (T - 2 * HOUR, "escalated", DESK, later), first=DONG_ANH)
    return connection


def held_at(place: int) -> dict[int, int | None]:
    now = {number: row[place] for number, row in HOLDERS.items()}
    return {number: holder for number, holder in now.items() if not isinstance(holder, str)}


def at(moment: datetime, **chosen: Any) -> Filters:
    return Filters.of(at=moment, zone=HANOI, start=T - 30 * DAY, scope=ALL_CASES, **chosen)


def by_unit(table: pd.DataFrame, column: str) -> Counter[int | None]:
    found = {None if pd.isna(row["key"]) else int(row["key"]): row[column] for row in table.to_dict("records")}
    return Counter({key: count for key, count in found.items() if count})


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("summarised", [False, True])
def test_every_count_by_unit_is_by_holder_and_adds_up(
    connection: psycopg.Connection, reports: ReportDatabase, place: int, summarised: bool
) -> None:
    if summarised:
        summarise(connection, now=T)
    moment, holders = MOMENTS[place], held_at(place)
    late = {number for number in holders if number in OVERDUE and moment > T - 25 * HOUR}
    expected = {
        "open": Counter(holders.values()),
        "overdue": Counter(holders[number] for number in late),
    }
    for figure, counts in expected.items():
        for table in (
            figures(reports, at(moment), by="unit"),
            backlog(reports, at(moment), since=moment - 7 * DAY, by="unit"),
        ):
            assert by_unit(table, figure) == counts
            assert table[figure].sum() == sum(counts.values()), 'the sum over holders and "none" is the total'
        ranked = by_unit(overdue(reports, at(moment), by="unit"), figure)
        assert ranked == Counter({unit: count for unit, count in counts.items() if unit is not None})
        for unit in (LANG, DONG_ANH, DESK, -1):
            chosen = at(moment, units=(unit,))
            listed = case_ids(reports, chosen, figure=figure, order="worklist", search=None, limit=50)
            mine = {n for n, holder in holders.items() if holder == (None if unit == -1 else unit)}
            assert set(listed) == (mine if figure == "open" else mine & late)
            assert case_count(reports, chosen, figure=figure) == len(listed)


@pytest.mark.usefixtures("city")
def test_escalated_reports_do_not_count_in_the_units_overdue_share(reports: ReportDatabase) -> None:
    row = overdue(reports, at(T), by="unit").set_index("key").loc[LANG]
    assert (row["overdue"], row["open"]) == (2, 2), "1 and 3 only, not the escalated 2 and 5"
    desk = overdue(reports, at(T), by="unit").set_index("key").loc[DESK]
    assert (desk["overdue"], desk["open"]) == (2, 2), "2 and 7"


@pytest.mark.usefixtures("city")
def test_a_units_escalated_reports_are_a_list_with_holder_and_date(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    give_step(connection, 2, 4, "informed", T - 4 * HOUR)
    expected = [[set(), {2, 3, 5, 6}, {2, 3, 5, 6}, {2, 5, 6}, {2, 5}], [set(), set(), set(), set(), {7}]]
    for unit, lists in zip((LANG, DONG_ANH), expected, strict=True):
        for moment, listed in zip(MOMENTS, lists, strict=True):
            chosen = at(moment, units=(unit,))
            assert case_count(reports, chosen, figure="with_higher") == len(listed)
            found = case_ids(reports, chosen, figure="with_higher", order="oldest", search=None, limit=50)
            assert set(found) == listed
    table = cases(reports, at(T, units=(LANG,)), figure="with_higher", order="oldest").set_index("id")
    second = table.to_dict("index")[2]
    assert (second["unit_id"], second["held_since"], second["informed_at"]) == (DESK, T - 30 * HOUR, T - 4 * HOUR)
    assert table["unit_id"].isna().to_dict() == {2: False, 5: True}
    assert table["informed_at"].isna().to_dict() == {2: False, 5: True}


@pytest.mark.usefixtures("city")
def test_escalated_and_held_by_nobody_is_a_figure(reports: ReportDatabase) -> None:
    counts = [int(figures(reports, at(moment))["escalated_unheld"].iloc[0]) for moment in MOMENTS]
    assert counts == [0, 1, 1, 1, 1]
    assert case_ids(reports, at(T), figure="escalated_unheld", order="oldest", search=None, limit=9) == [5]


@pytest.mark.usefixtures("city")
def test_a_head_reads_escalated_reports_and_nothing_else_of_other_units(reports: ReportDatabase) -> None:
    mine = at(T).choosing(scope=cases_of((LANG,)))
    assert readable_count(reports, mine, figure="open") == 2
    handed_up = mine.choosing(units=(LANG,))
    assert readable_count(reports, handed_up, figure="with_higher") == 2
    orders: list[Order] = ["oldest", "newest", "worklist"]
    for order in orders:
        assert set(cases(reports, handed_up, figure="with_higher", order=order)["id"]) == {2, 5}
    for code in ("T-2", "T-5", "T-6"):
        reader = reading(reports, mine, code)
        assert one(reports, mine, code) is None
        assert one(reports, reader, code) is not None, "reports it escalated, wherever they are"
        assert not events(reports, reader, int(code[2:])).empty
    for code in ("T-4", "T-7"):
        assert one(reports, reading(reports, mine, code), code) is None, "passed on, or escalated by others"


def test_escalated_reports_are_read_with_masked_words(city: psycopg.Connection, reports: ReportDatabase) -> None:
    city.execute("update report set title = 'Gọi 0912345678' where id in (1, 2)")
    mine = at(T).choosing(scope=cases_of((LANG,)))
    own, handed_up = (one(reports, reading(reports, mine, code), code) for code in ("T-1", "T-2"))
    assert own is not None
    assert handed_up is not None
    assert own["title"] == "Gọi 0912345678"
    assert "0912345678" not in handed_up["title"]


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("scope", [ALL_CASES, cases_of((LANG,))])
def test_a_search_finds_escalated_reports_by_their_words(reports: ReportDatabase, scope: Any) -> None:
    chosen = at(T, units=(LANG,)).choosing(scope=scope)
    for typed in ("phan anh", "phan anh 2"):
        found = search(reports, typed, scope)
        ids = case_ids(reports, chosen, figure="with_higher", order="oldest", search=found, limit=9)
        assert set(ids) == ({2, 5} if typed == "phan anh" else {2})


@pytest.mark.usefixtures("city")
def test_a_file_names_the_holder_and_the_escalating_unit(reports: ReportDatabase) -> None:
    listing = CaseList(figure="open", order="oldest", typed="", search=None, page=1)
    with speaking("en"):
        file = b"".join(csv_parts(Export(listing, at(T), city_of(reports, T), reports)))
    table = pd.read_csv(io.BytesIO(file), encoding="utf-8-sig", dtype=str, keep_default_na=False)
    table = table.set_index("Code")
    assert table["Held by"].to_dict() == {
        f"T-{number}": {LANG: "Lang ward", DONG_ANH: "Dong Anh commune", DESK: "Desk", None: ""}[holder]
        for number, holder in held_at(4).items()
    }
    assert table["Escalated by"].to_dict() == {
        "T-1": "", "T-2": "Lang ward", "T-3": "", "T-4": "", "T-5": "Lang ward", "T-7": "Dong Anh commune",
    }  # fmt: skip


@pytest.mark.usefixtures("city")
def test_a_head_exports_what_the_unit_escalated(reports: ReportDatabase) -> None:
    listing = CaseList(figure="with_higher", order="oldest", typed="", search=None, page=1)
    mine = at(T, units=(LANG,)).choosing(scope=cases_of((LANG,)))
    file = b"".join(csv_parts(Export(listing, mine, city_of(reports, T), reports))).decode()
    assert [code in file for code in ("T-1", "T-2", "T-5", "T-7")] == [False, True, True, False]


@pytest.mark.usefixtures("city")
def test_what_waits_for_a_head(reports: ReportDatabase) -> None:
    assert duties(reports, at(T, units=(LANG,)))["sent_back"] == 1, "3, returned by the desk"
    assert duties(reports, at(T - 10 * HOUR, units=(LANG,)))["sent_back"] == 0, "it had not come back yet"


def test_new_and_transferred_cases_wait_apart(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1)
    report(connection, 2, transfer_count=1)
    report(connection, 3, received_at=T - HOUR, status="in_progress")
    report(connection, 4, due_at=T + HOUR)
    report(connection, 5, due_at=T + 20 * HOUR)
    assert duties(reports, at(T, units=(LANG,))) == {"due_today": 1, "new_here": 3, "by_transfer": 1, "sent_back": 0}


@pytest.mark.parametrize(
    "attempt",
    [
        "select title from report",
        "select note from report_event",
        "select name from report_contact",
        "select contact_of(2, 'me', 'why')",
        "select found_by_words('phan')",
        "select subject from app_user",
        "select subject from access_log",
        "set role report_leader",
        "update report set officer = 'me'",
    ],
)
def test_the_escalators_role_reads_nothing_else(city: psycopg.Connection, attempt: str) -> None:
    city.execute("create role escalator_login noinherit in role report_escalator")
    try:
        city.execute("select set_config('report.scope', signed_scope('{1}', 'report_escalator'), false)")
        city.execute("set session authorization escalator_login")
        city.execute("set role report_escalator")
        assert city.execute("select array_agg(id order by id) from report").fetchone() == ([2, 5, 6],)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            city.execute(attempt.encode())
    finally:
        city.execute("reset session authorization")
        city.execute("drop role escalator_login")
