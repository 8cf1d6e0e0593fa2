"""A change is seen in commit order, whatever its writer's clock says and whatever transactions are still running."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from queries.engine.database import ReportDatabase
from queries.figures.figures import city, last_event
from queries.health.changes import Mark, changes
from queries.health.server import from_the_future, server
from reportdb.database.beat import forget_marks, write_beat
from reportdb.database.connection import connect
from reportdb.summary import summarise
from tests.reports import DAY, HOUR, T, give_step, past, report, small_city
from ui.live.watch import Watcher, watching

NOW = datetime(2026, 11, 30, tzinfo=UTC)
YEAR = timedelta(days=400)


class Looks:
    """A series of polls of one database."""

    def __init__(self, reports: ReportDatabase) -> None:
        self._reports = reports
        self._mark: Mark | None = None
        self.committed()

    def committed(self) -> bool:
        """Whether anything was committed since the last poll."""
        found = changes(self._reports, NOW, self._mark)
        assert not found.elsewhere
        self._mark = found.mark
        return found.committed


@pytest.fixture
def looks(connection: psycopg.Connection, reports: ReportDatabase) -> Looks:
    small_city(connection)
    report(connection, 1)
    return Looks(reports)


def marks(connection: psycopg.Connection) -> int:
    (count,) = connection.execute("select count(*) from change_mark").fetchone() or (0,)
    return int(count)


def test_a_commit_is_seen_once(looks: Looks, connection: psycopg.Connection) -> None:
    assert not looks.committed()
    report(connection, 2)
    assert looks.committed()
    assert not looks.committed()


@pytest.mark.parametrize(
    "change",
    [
        "update report set unit_id = 2 where id = 1",
        "delete from report where id = 1",
        "truncate report",
        "insert into report_event (report_id, n, at, kind) values (1, 1, '2020-01-01', 'submitted')",
        "update unit set name_vi = 'Khác' where id = 1",
        "delete from working_day where day = '2026-12-31'",
    ],
)
def test_whatever_a_screen_shows_leaves_a_mark(looks: Looks, connection: psycopg.Connection, change: str) -> None:
    connection.execute(change.encode())
    assert looks.committed()


@pytest.mark.parametrize("change", ["update report set unit_id = 2 where id = 99", "delete from report where id = 99"])
def test_a_statement_that_changes_no_report_leaves_none(
    looks: Looks, connection: psycopg.Connection, change: str
) -> None:
    connection.execute(change.encode())
    write_beat(connection)
    assert not looks.committed()


def test_rolled_back_work_leaves_no_mark_and_committed_work_does(looks: Looks, connection: psycopg.Connection) -> None:
    with connection.transaction(force_rollback=True):
        report(connection, 2)
    assert not looks.committed()
    with connection.transaction():
        with connection.transaction(force_rollback=True):
            report(connection, 2)
        report(connection, 3)
    assert looks.committed()


def test_a_transaction_leaves_one_mark_however_much_it_writes(looks: Looks, connection: psycopg.Connection) -> None:
    before = marks(connection)
    with connection.transaction():
        for number in range(2, 50):
            report(connection, number)
    assert marks(connection) == before + 1
    assert looks.committed()


def test_a_long_transaction_and_a_wrong_clock_hide_nothing(
    looks: Looks, connection: psycopg.Connection, database: str
) -> None:
    report(connection, 2, updated_at=NOW + YEAR, submitted_at=NOW + YEAR)
    assert looks.committed()
    with connect(database) as long:
        with long.transaction():
            report(long, 3)
            for number in range(4, 7):
                report(connection, number)
                assert looks.committed()
                assert not looks.committed()
        assert looks.committed(), "what began before the others and ends after them"
    assert not looks.committed()


def test_each_transaction_is_seen_at_the_next_poll_in_any_order(looks: Looks, database: str) -> None:
    chance = random.Random(26)
    with ExitStack() as held:
        writers = [held.enter_context(connect(database)) for _ in range(5)]
        number = 10
        for _ in range(150):
            writer, ended = chance.choice(writers), False
            if writer.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                writer.execute("begin")
                report(writer, number)
                number += 1
            else:
                ended = chance.random() < 0.8
                writer.execute("commit" if ended else "rollback")
            assert looks.committed() == ended


def test_old_marks_are_deleted_and_those_still_needed_stay(
    looks: Looks, connection: psycopg.Connection, database: str
) -> None:
    with connect(database) as long, long.transaction():
        report(long, 3)
        report(connection, 4)
        connection.execute("update change_mark set at = at - interval '1 hour'")
        forget_marks(connection)
        assert marks(connection) == 1, "the time of a transaction that may be newer than a running one"
    connection.execute("update change_mark set at = at - interval '1 hour'")
    summarise(connection, now=NOW)
    old = "select count(*) from change_mark where at < clock_timestamp() - interval '30 minutes'"
    assert connection.execute(old).fetchone() == (0,)
    assert looks.committed()
    report(connection, 5)
    assert looks.committed()


def test_marks_that_came_with_a_dump_are_deleted_and_hide_nothing(looks: Looks, connection: psycopg.Connection) -> None:
    connection.execute("insert into change_mark (xid) values ('999999999999')")
    looks.committed()
    report(connection, 2)
    assert looks.committed()
    forget_marks(connection)
    assert connection.execute("select from change_mark where xid = '999999999999'").fetchone() is None


def test_deleting_marks_waits_for_no_lock(looks: Looks, connection: psycopg.Connection, database: str) -> None:
    assert not looks.committed()
    connection.execute("update change_mark set at = at - interval '1 hour'")
    with connect(database) as other, other.transaction():
        forget_marks(other)
        connection.execute("set lock_timeout = '2s'")
        forget_marks(connection)


@pytest.fixture
def watched(connection: psycopg.Connection, database: str) -> Iterator[Watcher]:
    small_city(connection)
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now - HOUR, updated_at=now - HOUR)
    with watching(database) as found:
        yield found


def shown_after(watched: Watcher, seconds: float, connection: psycopg.Connection, number: int) -> float:
    """Insert a report and return how long the watcher takes to show a moment with it."""
    came = datetime.now(UTC)
    report(connection, number, submitted_at=came, updated_at=came)
    began = time.monotonic()
    while watched.pulse.at < came:
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
    return time.monotonic() - began


def test_a_change_is_on_screen_within_five_seconds_of_a_wrong_clock_and_a_long_transaction(
    watched: Watcher, connection: psycopg.Connection, database: str
) -> None:
    """Not at the next minute: five changes, more than a second apart, are each shown at once."""
    ahead = datetime.now(UTC) + YEAR
    with connect(database) as long, long.transaction():
        report(long, 90, submitted_at=datetime.now(UTC), updated_at=datetime.now(UTC))
        report(connection, 91, submitted_at=ahead, updated_at=ahead)
        assert max(shown_after(watched, 5, connection, number) for number in range(2, 7)) < 5
    assert watched.pulse.changed_at
    assert watched.pulse.changed_at < ahead


def test_two_changes_in_one_second_are_two_moments(watched: Watcher, connection: psycopg.Connection) -> None:
    """The second is stamped by a slow clock, like the write of a transaction that takes some seconds."""
    while not 50_000 < datetime.now(UTC).microsecond < 300_000:
        time.sleep(0.02)
    for number in (2, 3):
        before, stamp = watched.pulse.at, datetime.now(UTC) - timedelta(seconds=5)
        report(connection, number, submitted_at=stamp, updated_at=stamp)
        watched.poll()
        assert watched.pulse.at > before


def test_without_marks_a_change_is_seen_by_its_own_time_unless_that_is_in_the_future(
    watched: Watcher, connection: psycopg.Connection
) -> None:
    """As if the city's own view replaced the table of reports."""
    connection.execute("drop trigger mark_new on report; drop trigger mark_change on report")
    ahead = datetime.now(UTC) + YEAR
    report(connection, 2, submitted_at=ahead, updated_at=ahead)
    assert shown_after(watched, 5, connection, 3) < 5
    connection.execute("drop trigger mark_removal on report")
    assert not server(watched.reports, ahead).marks


def test_a_report_from_the_future_does_not_make_a_city_live(connection: psycopg.Connection, database: str) -> None:
    small_city(connection)
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now - 90 * DAY, updated_at=now - 90 * DAY)
    report(connection, 2, submitted_at=datetime(2102, 1, 1, tzinfo=UTC), updated_at=now - 90 * DAY)
    connection.execute("insert into feed values (1, '2102-01-01', '1 hour')")
    with watching(database) as found:
        assert not found.pulse.live
        assert found.pulse.default == now - 90 * DAY
        report(connection, 3, submitted_at=now - HOUR, updated_at=now)
        found.poll()
        assert found.pulse.live
        assert [(feed.code, level) for feed, level in found.pulse.late_feeds] == [("ihanoi", "red")]


@pytest.mark.parametrize("last", ["received", "ended", "rated", "escalated", "moved", "step"])
def test_a_city_that_is_not_live_opens_at_its_last_event(
    connection: psycopg.Connection, database: str, last: str
) -> None:
    small_city(connection)
    at = T - 200 * DAY
    came = at - 30 * DAY
    facts: dict[str, Any] = {
        "received": {"received_at": at},
        "ended": {"ended_at": at},
        "rated": {"ended_at": at - DAY, "rating": "satisfied", "rated_at": at},
        "escalated": {"escalated_at": at},
    }
    report(connection, 1, **{"submitted_at": came, "updated_at": at} | facts.get(last, {}))
    report(connection, 2, submitted_at=T + 1000 * DAY, received_at=T + 1001 * DAY, updated_at=at)
    report(connection, 3, submitted_at=came, ended_at=T + 1000 * DAY, updated_at=at)
    if last == "moved":
        past(connection, 1, submitted_at=came, valid_from=came, valid_to=at)
    if last == "step":
        give_step(connection, 1, 1, "answered", at)
    with watching(database) as found:
        assert found.pulse.default == at
        assert found.pulse.city
        assert found.pulse.city.last_submitted_at == came


def test_the_city_is_judged_by_reports_up_to_now(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1, submitted_at=T + DAY)
    found = city(reports, T)
    assert (found.first_submitted_at, found.last_submitted_at) == (None, None)
    assert last_event(reports, T) is None


def test_what_is_dated_in_the_future_is_named(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1)
    report(connection, 2, submitted_at=T + DAY, updated_at=T + 3 * DAY)
    report(connection, 3, submitted_at=T + 2 * DAY, received_at=T + 2 * DAY)
    report(connection, 4, ended_at=T + DAY, updated_at=T)
    connection.execute("insert into feed values (1, %s, '1 hour'), (2, %s, '1 hour')", [T + DAY, T])
    found = [(row.table, row.column, row.rows, row.furthest, row.report_id) for row in from_the_future(reports, T)]
    assert found == [
        ("report", "ended_at", 1, T + DAY, 4),
        ("report", "received_at", 1, T + 2 * DAY, 3),
        ("report", "submitted_at", 2, T + 2 * DAY, 2),
        ("report", "updated_at", 1, T + 3 * DAY, 2),
        ("feed", "last_delivery_at", 1, T + DAY, None),
    ]
