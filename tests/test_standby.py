"""A dashboard on a real standby: it shows how old its copy is, has the numbers of that moment, and writes nothing."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from queries.access.accounts import Account, contact
from queries.engine.database import DatabaseAway, ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ADMINISTRATION
from queries.figures.figures import figures
from queries.health.changes import changes
from reportdb.database import beat
from reportdb.database.beat import beating, write_beat
from reportdb.database.connection import connect
from reportdb.database.migrations import SchemaError, migrate
from tests.reports import report, small_city
from tests.standby import Pair, primary_and_standby
from tests.test_outages import Board, arrives, watching_in_a_hurry
from tests.waiting import becomes
from ui.access import accounts, record
from ui.base.i18n import speaking
from ui.base.thresholds import VARIABLE, thresholds

ADMIN = Account("admin", "Admin", "admin", ADMINISTRATION)
AMBER, RED = 4, 9  # seconds: shorter than the shipped 10 and 60


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with primary_and_standby() as both:
        with connect(both.url) as connection:
            small_city(connection)
            arrives(connection, 1)
            connection.execute("insert into report_contact values (1, 'Công dân', '0900000000')")
            write_beat(connection)
        assert both.caught_up()
        yield both


@pytest.fixture
def sooner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Lower the limits of thresholds.toml, and the heartbeat's interval with them."""
    file = tmp_path / "thresholds.toml"
    file.write_text(f"[copy]\namber = {AMBER}\nred = {RED}\n")
    monkeypatch.setenv(VARIABLE, str(file))
    monkeypatch.setattr(beat, "SECONDS_BETWEEN_BEATS", 0.5)
    thresholds.cache_clear()
    yield
    thresholds.cache_clear()


@contextmanager
def arriving(url: str) -> Iterator[None]:
    """Insert reports several times a second while the block runs."""
    stop = threading.Event()

    def arrive() -> None:
        with connect(url) as connection:
            number = 1000
            while not stop.wait(0.3):
                now = datetime.now(UTC)
                report(connection, number, submitted_at=now, updated_at=now)
                number += 1

    thread = threading.Thread(target=arrive)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_standby_is_recognised_and_its_commits_seen_when_replayed(pair: Pair) -> None:
    with closing(ReportDatabase(pair.standby.url)) as copy, connect(pair.url) as primary, connect(pair.url) as long:
        first = changes(copy, datetime.now(UTC), None)
        assert first.is_copy
        assert first.known_to
        with long.transaction():
            report(long, 50)
            report(primary, 51)
            assert pair.caught_up()
            second = changes(copy, datetime.now(UTC), first.mark)
            assert second.committed
            assert not changes(copy, datetime.now(UTC), second.mark).committed
        assert pair.caught_up()
        third = changes(copy, datetime.now(UTC), second.mark)
        assert third.committed, "changes begun before the poll and committed after it"
        assert third.known_to
        assert third.known_to > first.known_to


def test_the_access_log_needs_the_primary(pair: Pair) -> None:
    held = "select array_agg(pid) from pg_stat_activity where application_name = 'dashboard'"
    with closing(ReportDatabase(pair.standby.url)) as copy, connect(pair.standby.url) as standby:
        copy.ask_now("feeds")
        before = standby.execute(held).fetchone()
        with pytest.raises(DatabaseAway) as refused:
            contact(copy, ADMIN, 1, "a reason")
        assert refused.value.kind == "read_only"
        assert standby.execute(held).fetchone() == before, "the connection was not lost"
    with closing(ReportDatabase(pair.standby.url, write_url=pair.url)) as copy:
        found = contact(copy, ADMIN, 1, "a reason")
        assert found
        assert found.name == "Công dân"
        with connect(pair.url) as primary:
            noted = primary.execute("select subject, action, report_id, reason from access_log").fetchall()
        assert noted == [("admin", "contact", 1, "a reason")]


def begin_a_file(reports: ReportDatabase) -> record.Taken:
    return record.begin_file(
        reports, ADMIN, None, kind="csv", query={"figure": ["open"]}, listed=7, facts=[("What is listed", "Open")]
    )


def test_a_file_needs_the_primary_and_an_opened_case_does_not(
    pair: Pair, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "recent_notes", accounts.RecentNotes())
    with watching_in_a_hurry(pair.standby.url) as watcher:
        assert record.no_files_here()
        with pytest.raises(record.NotOnRecord) as refused:
            begin_a_file(watcher.reports)
        assert refused.value.kind == "read_only"
        with speaking("en"):
            assert "REPORT_DB_WRITE_URL" in refused.value.words()
        with caplog.at_level("WARNING"):
            accounts.noted("admin", "case", report_id=1)
        assert "admin, case, report 1" in caplog.text, "the server's log has what the access log lacks"
    with watching_in_a_hurry(pair.standby.url, pair.url) as watcher:
        assert not record.no_files_here()
        taken = begin_a_file(watcher.reports)
        taken.sent, taken.whole = 7, True
        taken.end()
        monkeypatch.setattr(accounts, "recent_notes", accounts.RecentNotes())
        accounts.noted("admin", "case", report_id=2)
    with connect(pair.url) as primary:
        noted = primary.execute(
            """select action, access_log.report_id, sent, whole from access_log
               left join access_export using (id) where access_log.id >= %s order by access_log.id""",
            [taken.number],
        ).fetchall()
    assert noted == [("file", None, 7, True), ("case", 2, None, None)]


def test_a_writing_command_says_that_this_is_a_standby(pair: Pair) -> None:
    with connect(pair.standby.url) as connection, pytest.raises(SchemaError, match=r"a copy .*Name its primary"):
        migrate(connection)


def test_a_standby_without_a_heartbeat_uses_its_replay_position(pair: Pair) -> None:
    with closing(ReportDatabase(pair.standby.url)) as copy, connect(pair.url) as primary:
        primary.execute("delete from primary_beat")
        (deleted_at,) = primary.execute("select clock_timestamp()").fetchone() or (None,)
        assert pair.caught_up()
        known_to = changes(copy, datetime.now(UTC), None).known_to
        write_beat(primary)
    assert deleted_at
    assert known_to
    assert abs((deleted_at - known_to).total_seconds()) < 1


def shows_the_numbers_of_its_own_moment(drawn: Board, primary: str) -> None:
    """The standby's screen has the primary's counts for the same moment, not for now."""
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    with closing(ReportDatabase(primary)) as reports:
        then, now = (figures(reports, Filters.of(at=at, zone=zone)) for at in (drawn.drawn_at, datetime.now(UTC)))
    shown = next(int(count) for figure, count in drawn.counts if figure == "open")
    assert shown == then["open"].iloc[0] < now["open"].iloc[0]


@pytest.mark.usefixtures("sooner", "administrator")
def test_the_screen_shows_how_old_its_copy_is(pair: Pair) -> None:
    with watching_in_a_hurry(pair.standby.url) as watcher:
        drawn = Board()
        with beating(pair.url):
            drawn.until("Live")
            assert (drawn.clock["amber"], drawn.clock["red"]) == (AMBER * 1000, RED * 1000)
            assert drawn.clock["words"]["slow"] == "No fresh figures for {age}"
            with arriving(pair.url):
                drawn.until("Live")
                pair.standby.delay(AMBER + 2)
                drawn.until("this copy of the database is behind")
                assert watcher.pulse.copy_level == "amber"
                assert drawn.tone == "due-soon"
                assert drawn.clock["words"]["slow"] == "This copy of the database is {age} behind"
                shows_the_numbers_of_its_own_moment(drawn, pair.url)
                pair.standby.delay(RED + 2)
                assert becomes(lambda: watcher.pulse.copy_level == "red")
                drawn.until("this copy of the database is behind")
                assert drawn.tone == "overdue"
                shows_the_numbers_of_its_own_moment(drawn, pair.url)
                pair.standby.delay(0)
                drawn.until("Live")
            assert pair.caught_up()
            drawn.until("Live")
            killed_at = time.monotonic()
            pair.kill_the_primary()
            drawn.until("this copy of the database is behind")
            assert AMBER - 2 < time.monotonic() - killed_at < AMBER + 6
            assert watcher.pulse.copy_level == "amber"
            assert watcher.pulse.trouble is None, "the copy itself answers"
        pair.standby.promote()
        drawn.until("Live")
        assert not watcher.pulse.is_copy
        with connect(pair.standby.url) as connection:
            arrives(connection, 9000)
        came = datetime.now(UTC)
        assert becomes(lambda: watcher.pulse.at >= came)
        drawn.until("Live")
