"""Another system's database is read live: what changed there is here soon, completely and once; it is only read."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from queries.engine.database import ReportDatabase
from queries.health.feeds import feeds
from reportdb.__main__ import app
from reportdb.database.connection import connect
from reportdb.feeds.delivery import Delivery
from reportdb.feeds.failures import FeedAway, FeedRefused
from reportdb.feeds.rejects_log import RejectsLog
from reportdb.mapping.mapping_file import read_mapping
from reportdb.sync.source import SourceDatabase, query_of
from reportdb.sync.syncing import Syncing, read_queries
from tests.conftest import NewDatabase

MAPPING = """
[city]
code = "harbour"
name_vi = "Cảng"
name_en = "Harbour"
time_zone = "America/New_York"
country = "US"

[source]
name = "harbour"
code_prefix = "HB-"

[columns]
id = "id"
category = "what"
status = "status"
title = ["what"]
lon = "lon"
lat = "lat"

[times]
submitted = { columns = ["opened"], format = "iso" }
ended = { columns = ["closed"], format = "iso" }

[statuses]
open = "waiting"
closed = "resolved"

[channels]
blank = "desk"
known = [{ code = "desk", en = "Desk" }]

[categories]
unlisted = "add"
"""
MINUTE, NEW_YORK = timedelta(minutes=1), ZoneInfo("America/New_York")
TABLE = """create table request (id integer primary key, what text, status text, lon {0}, lat {0}, opened {1},
    closed {1}, touched {1}, secret text)"""
QUERY = (
    "select id, what, status, lon, lat, opened, closed, touched as changed from request where touched > :changed_after;"
)
KILL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reportdb sync'"
LONG_AGO = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


class Source(Protocol):
    """Another system with requests."""

    url: str
    query: str

    def put(self, *ids: int, status: str = "open", at: datetime | None = None) -> None:
        """Insert or change requests at a moment (default: now)."""

    def all(self) -> dict[str, str]:
        """Return the status of every request."""


class Lite:
    """Requests in SQLite, with times as text in UTC."""

    query = QUERY.replace("touched > ", "datetime(touched) > datetime").replace(":changed_after", "(:changed_after)")

    def __init__(self, file: Path) -> None:
        self.url, self._file = f"sqlite:///{file}", file
        with closing(sqlite3.connect(file)) as own:
            own.execute(TABLE.format("real", "text"))

    def put(self, *ids: int, status: str = "open", at: datetime | None = None) -> None:
        """Insert or change requests."""
        moment = (at or datetime.now(UTC)).isoformat()
        closed = moment if status == "closed" else None
        with closing(sqlite3.connect(self._file)) as own, own:
            own.executemany(
                """insert into request values (?, 'Pothole', ?, -71.1, 42.3, '2024-05-01T08:00:00-04:00', ?, ?, 'x@y.z')
                   on conflict (id) do update set status = excluded.status, closed = excluded.closed,
                       touched = excluded.touched""",
                [(number, status, closed, moment) for number in ids],
            )

    def all(self) -> dict[str, str]:
        """Return the status of every request."""
        with closing(sqlite3.connect(self._file)) as own:
            return {str(number): status for number, status in own.execute("select id, status from request")}


class Large:
    """Requests in a second PostgreSQL database."""

    query = QUERY

    def __init__(self, url: str) -> None:
        self.url = url
        with connect(url) as own:
            own.execute(TABLE.format("double precision", "timestamptz").encode())

    def put(self, *ids: int, status: str = "open", at: datetime | None = None) -> None:
        """Insert or change requests."""
        with connect(self.url) as own:
            put(own, ids, status, at or datetime.now(UTC))

    def all(self) -> dict[str, str]:
        """Return the status of every request."""
        with connect(self.url) as own:
            return {str(number): status for number, status in own.execute("select id, status from request")}


def put(own: psycopg.Connection, ids: tuple[int, ...], status: str, at: datetime) -> None:
    own.cursor().executemany(
        """insert into request values (%s, 'Pothole', %s, -71.1, 42.3, '2024-05-01T08:00:00-04:00', %s, %s, 'x@y.z')
           on conflict (id) do update set status = excluded.status, closed = excluded.closed,
               touched = excluded.touched""",
        [(number, status, at if status == "closed" else None, at) for number in ids],
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path, new_database: NewDatabase) -> Source:
    return Lite(tmp_path / "other.db") if request.param == "sqlite" else Large(new_database("template1"))


@pytest.fixture
def large(new_database: NewDatabase) -> Large:
    return Large(new_database("template1"))


def files(folder: Path, query: str) -> Path:
    """Write mapping and query into a folder."""
    (folder / "harbour.toml").write_text(MAPPING, encoding="utf-8")
    (folder / "queries").mkdir(exist_ok=True)
    (folder / "queries" / "reports.sql").write_text(query)
    return folder


@pytest.fixture
def syncing(source: Source, tmp_path: Path) -> Iterator[Syncing]:
    with SourceDatabase(source.url, NEW_YORK, 40) as other:
        yield reading(other, files(tmp_path, source.query))


def reading(other: SourceDatabase, folder: Path, overlap: timedelta = timedelta(minutes=10)) -> Syncing:
    mapping = read_mapping(str(folder / "harbour.toml"))
    delivery = Delivery("sync harbour", mapping, folder, RejectsLog(folder / "rejects.csv"))
    return Syncing(other, read_queries(folder / "queries"), delivery, MINUTE, overlap)


def held(connection: psycopg.Connection) -> dict[str, str]:
    words = {"waiting": "open", "resolved": "closed"}
    rows = connection.execute("select source_ref, status from report").fetchall()
    return {ref.partition(":")[2]: words[status] for ref, status in rows}


def test_new_and_changed_rows_come_in(connection: psycopg.Connection, source: Source, syncing: Syncing) -> None:
    source.put(*range(1, 101), at=LONG_AGO)
    assert syncing.sync(connection).new == 100
    source.put(*range(90, 121), status="closed")
    brought = syncing.sync(connection)
    assert (brought.new, brought.updated) == (20, 11)
    assert held(connection) == source.all()
    assert syncing.sync(connection).read == 0


def test_a_restart_goes_on_and_reads_again_what_lies_in_the_overlap(
    connection: psycopg.Connection, source: Source, tmp_path: Path
) -> None:
    folder = files(tmp_path, source.query)
    source.put(*range(1, 51), at=LONG_AGO)
    source.put(*range(51, 61))
    for read in (60, 10):
        with SourceDatabase(source.url, NEW_YORK, 20) as other:
            assert reading(other, folder).sync(connection).read == read
    assert held(connection) == source.all()


def test_rows_that_share_a_time_are_all_read(connection: psycopg.Connection, source: Source, syncing: Syncing) -> None:
    moment = datetime.now(UTC)
    source.put(*range(1, 101), at=moment)
    syncing.sync(connection)
    source.put(*range(101, 151), at=moment)
    syncing.sync(connection)
    assert held(connection) == source.all()


def test_a_transaction_that_commits_late_is_not_lost(
    connection: psycopg.Connection, large: Large, tmp_path: Path
) -> None:
    large.put(*range(1, 11), at=LONG_AGO)
    with SourceDatabase(large.url, NEW_YORK, 40) as other, psycopg.connect(large.url) as late:
        syncing = reading(other, files(tmp_path, QUERY))
        put(late, (1, 2, 3), "closed", datetime.now(UTC) - timedelta(minutes=5))
        large.put(10, status="closed")
        syncing.sync(connection)
        assert held(connection)["1"] == "open"
        late.commit()
        syncing.sync(connection)
    assert held(connection) == large.all()


def test_a_time_in_the_future_does_not_stop_the_reading(
    connection: psycopg.Connection, source: Source, syncing: Syncing
) -> None:
    source.put(1, at=datetime(2099, 1, 1, tzinfo=UTC))
    syncing.sync(connection)
    source.put(2)
    syncing.sync(connection)
    assert set(held(connection)) == {"1", "2"}


def test_the_other_database_is_only_read(connection: psycopg.Connection, source: Source, tmp_path: Path) -> None:
    source.put(1)
    if isinstance(source, Large):
        with connect(source.url) as own:
            own.execute("create function spoil() returns int language sql as 'delete from request returning 1'")
        query = source.query.replace("select id", "select spoil(), id")
        with (
            SourceDatabase(source.url, NEW_YORK, 40) as other,
            pytest.raises(FeedRefused, match="read-only transaction"),
        ):
            reading(other, files(tmp_path, query)).sync(connection)
    else:
        query = "delete from request"
        with SourceDatabase(source.url, NEW_YORK, 40) as other, other._engine.connect() as direct:  # noqa: SIM117
            with pytest.raises(OperationalError, match="readonly"):
                direct.exec_driver_sql(query)
    assert source.all() == {"1": "open"}


def test_what_the_mapping_does_not_read_is_stored_nowhere(
    connection: psycopg.Connection, large: Large, tmp_path: Path
) -> None:
    large.put(1, 2)
    query = QUERY.replace("select id", "select secret, id")
    with SourceDatabase(large.url, NEW_YORK, 40) as other:
        reading(other, files(tmp_path, query)).sync(connection)
    row = connection.execute("select count(*) from report where report::text like '%x@y.z%'").fetchone()
    assert (len(held(connection)), row) == (2, (0,))


def test_the_lag_is_the_age_of_the_feed(
    connection: psycopg.Connection, reports: ReportDatabase, source: Source, syncing: Syncing
) -> None:
    source.put(1)
    syncing.sync(connection)
    (young,) = feeds(reports)
    assert young.last_delivery_at is not None
    assert (young.code, datetime.now(UTC) - young.last_delivery_at < MINUTE) == ("desk", True)
    syncing.queries = {"reports": query_of("select nothing as changed where :changed_after is null", "reports.sql")}
    with pytest.raises(FeedRefused):
        syncing.sync(connection)
    assert feeds(reports) == (young,)


def test_local_times_of_the_hour_that_occurs_twice_are_read_again(large: Large) -> None:
    with SourceDatabase(large.url, NEW_YORK, 40) as other:
        for utc_hour, minute, local in ((5, 30, (0, 45)), (6, 30, (0, 45)), (7, 30, (2, 30)), (4, 59, (0, 59))):
            moment = datetime(2026, 11, 1, utc_hour, minute, tzinfo=UTC)
            assert other._bound_local(moment) == datetime(2026, 11, 1, *local)  # noqa: DTZ001 - the city's own time


@pytest.mark.parametrize("query", [QUERY.replace(":changed_after", ":changed_after_local")])
def test_times_without_a_zone_are_the_citys(
    connection: psycopg.Connection, new_database: NewDatabase, tmp_path: Path, query: str
) -> None:
    url = new_database("template1")
    with connect(url) as own:
        own.execute(TABLE.format("double precision", "timestamp").encode())
        local = datetime.now(UTC).astimezone(NEW_YORK).replace(tzinfo=None)
        put(own, (1,), "open", local)
        with SourceDatabase(url, NEW_YORK, 40) as other:
            syncing = reading(other, files(tmp_path, query), timedelta(seconds=5))
            syncing.sync(connection)
            put(own, (2,), "closed", local + timedelta(seconds=1))
            syncing.sync(connection)
    row = connection.execute("select position from live_source").fetchone()
    assert set(held(connection)) == {"1", "2"}
    assert row is not None
    assert abs(row[0] - datetime.now(UTC)) < 5 * MINUTE


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select 1 as changed", "takes no parameter :changed_after"),
        ("select 1 as changed where :since > :changed_after", "takes :since, which nothing gives"),
        ("select id from request where touched > :changed_after", "changed"),
        ("selec id", "takes no parameter"),
        ("select nothing, touched as changed from request where touched > :changed_after", "nothing"),
        ("select id, 'soon' as changed from request where touched > :changed_after", "'soon', which is no time"),
        ("delete from request where touched > :changed_after", "syntax"),
    ],
)
def test_a_query_that_cannot_be_run_is_told(
    connection: psycopg.Connection, source: Source, tmp_path: Path, query: str, words: str
) -> None:
    source.put(1)
    if isinstance(source, Lite):
        query = query.replace(" > :", " > '' || :")
    with SourceDatabase(source.url, NEW_YORK, 40) as other, pytest.raises(FeedRefused, match=words):
        reading(other, files(tmp_path, query)).sync(connection)


def test_a_folder_without_queries_or_with_others_is_told(tmp_path: Path) -> None:
    with pytest.raises(FeedRefused, match=r"holds no reports\.sql"):
        read_queries(tmp_path)
    (tmp_path / "strange.sql").write_text("select 1")
    with pytest.raises(FeedRefused, match=r"strange\.sql is none of the queries known: reports"):
        read_queries(tmp_path)


SOMEBODY = f"{'u'}:{'cret'}@"  # a name and a password, as a URL has them


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        f"postgresql://{SOMEBODY.replace('cret', 'se@cret')}127.0.0.1/x",
        f"postgresql://{SOMEBODY}127.0.0.1:port/x",
        f"mariadb+nothing://{SOMEBODY}127.0.0.1/x",
        f"postgresql://{SOMEBODY}127.0.0.1:1/x",
        f"postgresql://{SOMEBODY.replace('@', '%40@')}127.0.0.1:1/x?application_name=cret",
        "sqlite:////nowhere/cret.db",
    ],
)
def test_no_message_holds_the_password(database: str, tmp_path: Path, url: str) -> None:
    folder = files(tmp_path, QUERY)
    arguments = ["sync", "--from", url, "--queries", str(folder / "queries"), str(folder / "harbour.toml"), "--once"]
    result = CliRunner().invoke(app, [*arguments, "--database", database])
    assert result.exit_code == 3, result.output
    assert ("cret" in result.output) is url.startswith("sqlite")
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_lost_connection_is_told_and_the_next_reading_goes_on(
    connection: psycopg.Connection, large: Large, tmp_path: Path
) -> None:
    large.put(*range(1, 201), at=LONG_AGO)
    with SourceDatabase(large.url, NEW_YORK, 20) as other:
        syncing = reading(other, files(tmp_path, QUERY))
        done = syncing._deliveries["reports"]
        own, turns = done.deliver, iter(range(100))

        def deliver(*arguments: object) -> None:
            own(*arguments)  # type: ignore[arg-type]
            if next(turns) == 3:
                with connect(large.url) as admin:
                    admin.execute(KILL)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(done, "deliver", deliver)
            with pytest.raises(FeedAway, match=r"terminating connection|closed|lost|consuming input"):
                syncing.sync(connection)
        assert 0 < len(held(connection)) < 200
        syncing.sync(connection)
    assert held(connection) == large.all()


STEPS = st.lists(
    st.tuples(st.sampled_from(["new", "close", "open", "late", "sync", "kill"]), st.integers(1, 60)), max_size=15
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_changes_and_readings_both_hold_the_same(
    connection: psycopg.Connection, tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    connection.execute("truncate report, report_source, report_event, report_past, live_source, feed cascade")
    file = tmp_path / "other.db"
    file.unlink(missing_ok=True)
    source = Lite(file)
    folder = files(tmp_path, source.query)
    now, known = datetime.now(UTC) - timedelta(days=3), 0
    other = SourceDatabase(source.url, NEW_YORK, 7)
    syncing = reading(other, folder)
    try:
        for step, number in steps:
            now += timedelta(seconds=number * 40)
            some = range(1 + number % 5, known + 1, 4)
            if step == "new":
                source.put(*range(known + 1, known + 1 + number % 20), at=now)
                known += number % 20
            elif step == "late":  # committed now, with a time before others that were read
                source.put(*some, status="closed", at=now - timedelta(seconds=min(number * 9, 500)))
            elif step in {"close", "open"}:
                source.put(*some, status="closed" if step == "close" else "open", at=now)
            else:
                if step == "kill":
                    with suppress(FeedAway), pytest.MonkeyPatch.context() as patched:
                        patched.setattr(other, "batches", broken_after(other.batches, number % 3))
                        syncing.sync(connection)
                    syncing = reading(other, folder)
                syncing.sync(connection)
        syncing.sync(connection)
    finally:
        other.__exit__()
    assert held(connection) == source.all()


def broken_after(batches: Callable[..., Iterator[object]], count: int) -> Callable[..., Iterator[object]]:
    def some(*arguments: object) -> Iterator[object]:
        for turn, batch in enumerate(batches(*arguments)):
            if turn == count:
                raise FeedAway("broken off")
            yield batch

    return some


def test_the_command_is_killed_in_the_middle_and_goes_on(
    database: str, connection: psycopg.Connection, large: Large, tmp_path: Path
) -> None:
    folder = files(tmp_path, QUERY)
    large.put(*range(1, 4001), at=LONG_AGO)
    own = [sys.executable, "-m", "reportdb", "sync", "--from", large.url, "--queries", str(folder / "queries")]
    own += [str(folder / "harbour.toml"), "--database", database, "--batch", "50", "--interval", "1"]
    own += ["--rejects", str(folder / "rejects.csv")]
    process = subprocess.Popen(own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: connection.execute("select count(*) > 150 from report").fetchone() == (True,), pause=0.02)
    process.kill()
    process.wait()
    assert len(held(connection)) < 4000
    large.put(*range(500, 700), status="closed")
    process = subprocess.Popen(own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: held(connection) == large.all())
        large.put(*range(1, 51), status="closed")
        until(lambda: held(connection) == large.all())
        with connect(large.url) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reportdb sync'"
            )
        large.put(*range(60, 70), status="closed")
        until(lambda: held(connection) == large.all())
    finally:
        process.terminate()
        assert process.wait(20) == 0
    assert connection.execute("select count(*), count(distinct source_ref) from report").fetchone() == (4000, 4000)


def until(condition: Callable[[], bool], seconds: float = 90, pause: float = 0.1) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        threading.Event().wait(pause)


def test_what_imports_could_not_use_is_collected_by_kind(tmp_path: Path) -> None:
    folder, log = tmp_path / "import", RejectsLog(tmp_path / "rejects-sync-harbour.csv")
    folder.mkdir()
    for turn in range(2):
        (folder / "rejects.csv").write_text(f"line,reason,row\n{turn},no id,x\n")
        (folder / "notes-rejects.csv").write_text(f"line,column,reason,words\n{turn},due,no time,soon\n")
        log.add(folder, LONG_AGO)
    assert (tmp_path / "rejects-sync-harbour.csv").read_text().split() == [
        "at,line,reason,row",
        "2024-05-01T12:00:00+00:00,0,no",
        "id,x",
        "2024-05-01T12:00:00+00:00,1,no",
        "id,x",
    ]
    assert (tmp_path / "notes-sync-harbour.csv").read_text().count("due,no time,soon") == 2
