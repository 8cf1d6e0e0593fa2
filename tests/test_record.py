"""The access log: files before their first byte and with their end, opened cases, and accounts with unusual volume."""

import asyncio
import io
import logging
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from queries.access.accounts import Account, log, note
from queries.access.record import Volume, export_begun, export_ended, volumes
from queries.cases import cases
from queries.engine.database import ReportDatabase
from queries.engine.scope import ADMINISTRATION, ALL_CASES
from tests.clocks import Clock
from tests.reports import DAY, HOUR, T, report, small_city
from ui.access import accounts, record
from ui.base.thresholds import Thresholds
from ui.cases import downloads
from ui.cases.downloads import export_routes
from ui.live import watch
from ui.live.limits import SHARES

CASES = 25
PART = 10
PATH = "/cases.csv"
QUERY = "figure=submitted&lang=en"
LAN = Account("lan@hanoi.example", "Lan", "leader", ALL_CASES)
MAI = Account("mai@hanoi.example", "Mai", "leader", ALL_CASES)
ADMIN = Account("admin", "Admin", "admin", ADMINISTRATION)


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    for number in range(1, CASES + 1):
        report(connection, number, submitted_at=T - number * HOUR)
    return connection


@pytest.fixture
def asked_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Account], None]:
    """Set the user who requests files from now on."""

    def by(account: Account) -> None:
        monkeypatch.setattr(accounts, "of_request", lambda _request: account)

    by(LAN)
    return by


@pytest.fixture
def app(
    city: psycopg.Connection,  # noqa: ARG001  filled before it is watched
    database: str,
    asked_by: Callable[[Account], None],  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Starlette]:
    """The file routes over the city, with small parts."""
    monkeypatch.setattr(cases, "_PART", PART)
    with watch.watching(database):
        yield Starlette(routes=export_routes)
    assert not downloads._making._taken, "every place is free again"


def get(app: Starlette, path: str, method: str = "GET") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


def lines(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        """select subject, action, kind, listed, sent, whole from access_log
           left join access_export on access_export.id = access_log.id order by access_log.id"""
    ).fetchall()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_logged_and_contains_its_number(app: Starlette, city: psycopg.Connection, kind: str) -> None:
    answer = get(app, f"/cases.{kind}?{QUERY}")
    assert answer.status_code == 200
    assert lines(city) == [(LAN.subject, "file", kind, CASES, CASES, True)]
    (number, why, query) = city.execute(
        "select access_log.id, reason, query from access_log join access_export using (id)"
    ).fetchone() or (0, "", "")
    assert "Cases in this file: 25" in why
    assert "figure=submitted" in query
    assert "at=" in query, "the same list whenever it is opened"
    assert answer.headers["x-record-number"] == str(number)
    assert f"_no-{number}.{kind}" in answer.headers["content-disposition"]
    said = f"Number in the access log: {number}"
    if kind == "csv":
        assert said in answer.content.decode().splitlines()[0]
        assert f"Exported by: {LAN.subject}" in answer.content.decode().splitlines()[0]
    else:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            about = book.read("xl/worksheets/sheet2.xml").decode()
        assert "Number in the access log" in about
        assert f"<t>{number}</t>" in about
        assert LAN.subject in about


def test_a_head_request_exports_nothing(app: Starlette, city: psycopg.Connection) -> None:
    answer = get(app, f"{PATH}?{QUERY}", "HEAD")
    assert answer.status_code == 200
    assert lines(city) == []


class Download:
    """A browser that reads a file message by message, and may disconnect."""

    def __init__(self, app: Starlette, path: str = PATH) -> None:
        self._app, self._path = app, path
        self.got: list[bytes] = []
        self.status = 0
        self._may_go_on, self._gone = asyncio.Semaphore(0), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> "Download":
        self._task = asyncio.create_task(self._run())
        return self

    async def _run(self) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "path": self._path,
            "raw_path": self._path.encode(),
            "query_string": QUERY.encode(),
            "headers": [],
            "client": ("10.0.0.9", 40000),
            "server": ("localhost", 80),
            "scheme": "http",
        }
        await self._app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message.get("body"):
            self.got.append(message["body"])
            await self._may_go_on.acquire()

    async def until(self, parts: int) -> None:
        """Read so many parts and no more."""
        for taken in range(parts):
            if taken:
                self._may_go_on.release()
            while len(self.got) <= taken:
                await asyncio.sleep(0.01)

    async def hang_up(self) -> None:
        self._gone.set()
        await self.end()

    async def end(self) -> None:
        """Read the rest."""
        for _ in range(100):
            self._may_go_on.release()
        assert self._task
        await asyncio.wait_for(self._task, 20)


def test_an_aborted_file_is_logged_with_the_cases_sent(app: Starlette, city: psycopg.Connection) -> None:
    async def take() -> None:
        browser = Download(app).begin()
        await browser.until(2)  # the headings and the first part
        assert lines(city) == [(LAN.subject, "file", "csv", CASES, None, None)], "the log line is there before the file"
        await browser.hang_up()

    asyncio.run(take())
    assert lines(city) == [(LAN.subject, "file", "csv", CASES, PART, False)]


def test_a_file_whose_database_fails_is_logged_as_aborted(
    app: Starlette, city: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Iterator[Any]:
        yield from ()
        raise ZeroDivisionError

    monkeypatch.setattr("ui.cases.exports.case_parts", fails)
    for kind in ("csv", "xlsx"):
        with pytest.raises(ZeroDivisionError):
            get(app, f"/cases.{kind}?{QUERY}")
    assert lines(city) == [(LAN.subject, "file", kind, CASES, 0, False) for kind in ("csv", "xlsx")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_file_without_a_log_line(app: Starlette, city: psycopg.Connection, kind: str) -> None:
    city.execute("revoke execute on function export_begun from report_gate")
    answer = get(app, f"/cases.{kind}?{QUERY}")
    assert answer.status_code == 503
    assert answer.text == (
        "The access log cannot be written now, so no file can be exported. Please try again in a few minutes.\n"
    )
    assert answer.headers["retry-after"]
    assert lines(city) == []


def test_each_account_has_its_own_limit_of_files_at_once(app: Starlette, asked_by: Callable[[Account], None]) -> None:
    most = SHARES["account"].files

    async def take() -> None:
        browsers = [Download(app).begin() for _ in range(most)]
        for browser in browsers:
            await browser.until(1)
        refused = Download(app).begin()
        await refused.end()
        assert refused.status == 429
        assert b"is being made" in b"".join(refused.got)
        asked_by(MAI)
        other = Download(app).begin()
        await other.end()
        assert other.status == 200
        asked_by(LAN)
        await browsers[0].hang_up()
        again = Download(app).begin()
        await again.end()
        assert again.status == 200, "a closed session frees its place"
        for browser in browsers[1:]:
            await browser.end()

    asyncio.run(take())


def begin_a_file(reports: ReportDatabase, who: str = "lan") -> int:
    return export_begun(reports, who, kind="csv", query="figure=open", listed=7, why="a list")


def test_a_line_is_completed_once_and_by_its_own_account(city: psycopg.Connection, reports: ReportDatabase) -> None:
    first, second = begin_a_file(reports), begin_a_file(reports)
    assert second > first
    export_ended(reports, first, "mai", sent=1, whole=True)
    assert {line[4] for line in lines(city)} == {None}, "in nobody else's name"
    export_ended(reports, first, "lan", sent=7, whole=True)
    export_ended(reports, first, "lan", sent=0, whole=False)
    assert [line[4:] for line in lines(city)] == [(7, True), (None, None)]


def test_a_file_needs_a_name(city: psycopg.Connection, reports: ReportDatabase) -> None:
    with pytest.raises(Exception, match="needs the name"):
        begin_a_file(reports, " ")
    assert lines(city) == []


def test_an_administrator_narrows_the_log_by_person_and_kind(city: psycopg.Connection, reports: ReportDatabase) -> None:
    del city
    access_lines = [("lan", "case", 1), ("mai", "case", 2), ("lan", "page refused", None)]
    for who, what, report_id in access_lines:
        note(reports, who, what, report_id=report_id)
    number = begin_a_file(reports)

    def found(**chosen: Any) -> list[tuple[str, str]]:
        table = log(reports, ADMIN, limit=10, **chosen)
        return list(zip(table["subject"], table["action"], strict=True))

    assert found() == [("lan", "file"), ("lan", "page refused"), ("mai", "case"), ("lan", "case")]
    assert found(who="lan", actions=["case"]) == [("lan", "case")]
    assert found(actions=["case", "file"]) == [("lan", "file"), ("mai", "case"), ("lan", "case")]
    assert found(before=number, who="lan") == [("lan", "page refused"), ("lan", "case")]
    assert found(who="nobody") == []


def test_volumes_count_different_cases_and_cases_sent(city: psycopg.Connection, reports: ReportDatabase) -> None:
    now = datetime.now(UTC)

    def wrote(before: timedelta, who: str, what: str, of: int | None = None) -> int:
        row = city.execute(
            "insert into access_log (at, subject, action, report_id) values (%s, %s, %s, %s) returning id",
            [now - before, who, what, of],
        ).fetchone()
        return int(row[0]) if row else 0

    for case in (1, 1, 2):
        wrote(timedelta(minutes=5), "lan", "case", case)
    wrote(2 * HOUR, "lan", "case", 3)
    wrote(2 * DAY, "lan", "case", 4)
    wrote(timedelta(minutes=1), "lan", "page refused")
    for before, listed, sent in ((2 * HOUR, 100, 100), (timedelta(minutes=9), 50, 20), (timedelta(minutes=1), 7, None)):
        number = wrote(before, "mai", "file")
        city.execute(
            "insert into access_export values (%s, 'csv', '', %s, %s, %s, %s)",
            [number, listed, sent, None if sent is None else now, None if sent is None else sent == listed],
        )
    found = {volume.subject: volume for volume in volumes(reports, now)}
    assert found == {
        "lan": Volume("lan", opened_hour=2, opened_day=3, exported_hour=0, exported_day=0),
        "mai": Volume("mai", opened_hour=0, opened_day=0, exported_hour=27, exported_day=127),
    }, "an unfinished file counts as requested"


@pytest.mark.parametrize("name", ["opened_hour", "opened_day", "exported_hour", "exported_day"])
def test_an_alarm_rises_at_the_threshold(name: str) -> None:
    limits = getattr(Thresholds(), name)

    def level(count: int) -> str:
        counts = dict.fromkeys(("opened_hour", "opened_day", "exported_hour", "exported_day"), 0) | {name: count}
        return record.level_of(Volume("lan", **counts))

    assert [level(int(limits.amber) - 1), level(int(limits.amber)), level(int(limits.red))] == ["green", "amber", "red"]


def test_alarms_are_sorted_and_contain_no_other_account() -> None:
    quiet, much, most = (Volume(who, count, 0, 0, 0) for who, count in (("a", 1), ("b", 100), ("c", 300)))
    assert [alarm.volume.subject for alarm in record.alarms([quiet, much, most])] == ["c", "b"]


def test_the_latest_volumes_are_read_without_waiting(city: psycopg.Connection, reports: ReportDatabase) -> None:
    del city
    clock = Clock()
    latest = record.Latest(clock)
    begin_a_file(reports)
    assert latest.read(reports) is None, "no one waits"
    with latest._asking:  # a query is running
        pass
    assert [volume.exported_hour for volume in latest.read(reports) or ()] == [7]
    begin_a_file(reports)
    assert [volume.exported_hour for volume in latest.read(reports) or ()] == [7]
    clock.pass_by(31)
    latest.read(reports)
    with latest._asking:
        pass
    assert [volume.exported_hour for volume in latest.read(reports) or ()] == [14]


class Session(dict[str, Any]):
    """One session's state in Streamlit."""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Draw a page in a simulated session: the page, the code in its address, and the case it shows."""
    session, query = Session(account=LAN), {"code": ""}

    class Query:
        def get_all(self, word: str) -> list[str]:
            return [query[word]] if query.get(word) else []

    class Context:
        ip_address = "10.0.0.9"

    class Streamlit:
        session_state, query_params, context = session, Query(), Context()

    monkeypatch.setattr(record, "st", Streamlit)
    monkeypatch.setattr(accounts, "st", Streamlit)
    monkeypatch.setattr(accounts, "recent_notes", accounts.RecentNotes())

    def draw(page: str, code: str = "", case: int | None = None, account: Account = LAN) -> None:
        session["account"], query["code"] = account, code
        record.begin_run(page)
        if case is not None:
            record.opened(case)

    return draw


def test_an_opened_case_is_one_line_through_all_refreshes(
    drawn: Callable[..., None],
    city: psycopg.Connection,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(accounts, "recent_notes", accounts.RecentNotes(clock))

    def opened() -> list[tuple[Any, ...]]:
        return city.execute("select subject, action, report_id, reason from access_log order by id").fetchall()

    with watch.watching(database):
        for _ in range(3):
            drawn("report", "T-1", 1)
            clock.pass_by(3600)  # the heartbeat refreshes it all day
        assert opened() == [(LAN.subject, "case", 1, "")]
        drawn("report", "T-1")  # a run that failed before it showed anything
        drawn("report", "T-1", 1)
        assert len(opened()) == 1
        drawn("report", "T-2", 2)
        drawn("cases")
        drawn("report", "T-2", 2)
        assert [line[2] for line in opened()] == [1, 2], "the same within a minute"
        clock.pass_by(61)
        drawn("cases")
        drawn("report", "T-2", 2)
        assert [line[2] for line in opened()] == [1, 2, 2]


def test_without_sign_in_the_line_names_the_address(
    drawn: Callable[..., None], city: psycopg.Connection, database: str
) -> None:
    with watch.watching(database):
        drawn("report", "T-1", 1, account=accounts.ANYBODY)
    assert city.execute("select subject, reason from access_log").fetchall() == [("anybody", "address 10.0.0.9")]


def test_a_case_opens_without_the_access_log_and_the_servers_log_says_so(
    drawn: Callable[..., None], city: psycopg.Connection, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    city.execute("revoke execute on function note_access from report_gate")
    with watch.watching(database), caplog.at_level(logging.WARNING):
        drawn("report", "T-1", 1)
    assert "Not in the access log, which cannot be written now: lan@hanoi.example, case, report 1" in caplog.text
