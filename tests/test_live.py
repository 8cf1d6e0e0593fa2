"""The watcher: what it polls, when the moment moves on, and what it reports during an outage."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from queries.engine.database import DatabaseAway, ReportDatabase
from queries.figures.figures import NoCity
from tests.clocks import Clock
from tests.reports import T, report, small_city
from tests.waiting import becomes, until_in_line
from ui.live.sessions import Viewer, Viewers
from ui.live.watch import Watcher, drawing, watcher, watching


@pytest.fixture
def watched(connection: psycopg.Connection, database: str) -> Iterator[Watcher]:
    small_city(connection)
    with watching(database) as found:
        yield found


def test_a_city_without_reports_is_a_city_and_no_outage(watched: Watcher) -> None:
    assert watcher() is watched
    assert watched.pulse.city
    assert watched.pulse.trouble is None
    assert not watched.pulse.live


def test_a_change_is_seen_and_makes_the_city_live(watched: Watcher, connection: psycopg.Connection) -> None:
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now - timedelta(hours=1), updated_at=now)
    watched.poll()
    assert watched.pulse.changed_at == now
    assert watched.pulse.live


def test_a_change_of_this_very_second_is_in_its_moment(watched: Watcher, connection: psycopg.Connection) -> None:
    watched.poll()
    while not 100_000 < datetime.now(UTC).microsecond < 600_000:
        time.sleep(0.05)
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now, updated_at=now)
    watched.poll()
    assert watched.pulse.changed_at == now
    assert watched.pulse.at >= now


def test_a_change_by_a_clock_that_is_ahead_is_shown_when_its_time_has_come(
    watched: Watcher, connection: psycopg.Connection
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    report(connection, 1, submitted_at=soon, updated_at=soon)
    watched.poll()
    assert watched.pulse.changed_at is None
    assert watched.pulse.at < soon
    time.sleep(2.5)
    watched.poll()
    assert watched.pulse.changed_at == soon
    assert watched.pulse.at >= soon


def test_a_moment_lasts_until_its_work_is_done(watched: Watcher, connection: psycopg.Connection) -> None:
    """And meanwhile the shown page does not count as verified."""
    watched.poll()
    before = watched.pulse
    watched.reports.timings.seconds += 60
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now - timedelta(hours=1), updated_at=now)
    time.sleep(1.1)  # moments are whole seconds
    watched.poll()
    assert (watched.pulse.at, watched.pulse.changed_at) == (before.at, before.changed_at)
    assert watched.pulse.verified_at == before.verified_at
    assert watched.pulse.answered_at != before.answered_at
    watched._moved_at -= 6  # long enough, whatever it costs
    watched.poll()
    assert watched.pulse.changed_at == now
    assert watched.pulse.verified_at == watched.pulse.at > before.at


def test_a_cheap_moment_is_replaced_at_the_next_poll(watched: Watcher, connection: psycopg.Connection) -> None:
    watched.poll()
    watched.reports.timings.seconds += 0.5
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now - timedelta(hours=1), updated_at=now)
    time.sleep(0.2)
    watched.poll()
    assert watched.pulse.changed_at == now


def test_a_moment_lasts_while_many_pages_are_drawn(watched: Watcher, connection: psycopg.Connection) -> None:
    watched.poll()
    before = watched.pulse.at
    viewers = [watched.viewers.enter(watched.pulse) for _ in range(3)]
    for viewer in viewers[:2]:
        viewer.waits()
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now - timedelta(hours=1), updated_at=now)
    time.sleep(1.1)  # moments are whole seconds
    watched.poll()
    assert watched.pulse.at == before
    viewers[0].drawn()
    watched.poll()
    assert watched.pulse.at > before, "a single viewer delays no one"


class _Overtaken(Exception):
    """Streamlit's exception that ends an obsolete run."""


class _SessionState(dict[str, Viewer]):
    """One session's state: an obsolete run that reads it is ended there."""

    overtaken: threading.Thread

    def __getitem__(self, key: str) -> Viewer:
        if threading.current_thread() is self.overtaken:
            raise _Overtaken
        return super().__getitem__(key)


@pytest.mark.parametrize("overtaken_first", [True, False])
def test_of_two_runs_of_one_page_the_current_one_is_drawn_in_any_order(
    watched: Watcher, monkeypatch: pytest.MonkeyPatch, overtaken_first: bool
) -> None:
    viewer = watched.viewers.enter(watched.pulse)
    other = watched.viewers.enter(watched.pulse)
    state = _SessionState(viewer=viewer)
    monkeypatch.setattr("ui.live.watch.st.session_state", state)
    ended: list[str] = []

    def draw(name: str) -> None:
        try:
            with drawing() as found:
                assert found is viewer
                ended.append(f"{name} drawn")
        except _Overtaken:
            ended.append(f"{name} ended")

    old, new = (threading.Thread(target=draw, args=(name,)) for name in ("old", "new"))
    state.overtaken = threading.current_thread()  # nobody, as long as they come to the line
    with watched.viewers.turn(other):
        for number, each in enumerate((old, new) if overtaken_first else (new, old), 1):
            each.start()
            until_in_line(watched.viewers.turns, number)
        state.overtaken = old
        assert viewer.drawing
    for each in (old, new):
        each.join(10)
    assert sorted(ended) == ["new drawn", "old ended"]
    late = threading.Thread(target=draw, args=("late",))
    with watched.viewers.turn(other):
        late.start()
        until_in_line(watched.viewers.turns, 1)
        state.overtaken = late
    late.join(10)
    assert ended[-1] == "late ended"
    assert viewer.run == 1
    assert not viewer.drawing, "the next run may start"


def test_a_moments_answers_are_dropped_when_no_page_shows_it(watched: Watcher, connection: psycopg.Connection) -> None:
    def stand(moment: datetime) -> bool:
        """Whether they are dropped after the next poll."""
        watched.poll()
        return watched.reports.remember(("figures", moment), lambda: "anew") == "as they were"

    left = watched.pulse.at
    watched.reports.remember(("figures", left), lambda: "as they were")
    viewer = watched.viewers.enter(watched.pulse)
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now - timedelta(hours=1), updated_at=now)
    time.sleep(1.1)  # moments are whole seconds
    assert stand(left), "a page is using it"
    assert watched.pulse.at > left
    watched.shown.record_success("its address", left)
    viewer.begin(watched.pulse)
    assert stand(left), "the page may return to it"
    watched.shown.record_success("its address", viewer.pulse.at)
    assert becomes(lambda: not stand(left))


def test_the_answers_of_a_moment_nobody_comes_back_to_are_let_go(connection: psycopg.Connection, database: str) -> None:
    small_city(connection)
    clock = Clock()
    with watching(database, every=3600, clock=clock) as watched:
        left = watched.pulse.at
        watched.shown.record_success("an address that nobody opens again", left)
        watched.reports.remember(("figures", left), lambda: "as they were")
        now = datetime.now(UTC)
        report(connection, 1, submitted_at=now - timedelta(hours=1), updated_at=now)
        time.sleep(1.1)  # moments are whole seconds
        clock.pass_by(7)  # no moment is held back longer than six
        watched.poll()
        assert watched.pulse.at > left
        clock.pass_by(44)
        watched.poll()
        assert watched.reports.remember(("figures", left), lambda: "anew") == "as they were"
        clock.pass_by(2)
        watched.poll()
        assert watched.reports.remember(("figures", left), lambda: "anew") == "anew"


def test_without_changes_the_moment_stays_until_the_next_minute(
    watched: Watcher, connection: psycopg.Connection
) -> None:
    report(connection, 1)
    watched.poll()
    before = watched.pulse
    assert before.changed_at == T
    time.sleep(1.1)  # moments are whole seconds
    watched.poll()
    assert watched.pulse.answered_at != before.answered_at
    assert watched.pulse.at in (before.at, (before.at + timedelta(minutes=1)).replace(second=0))
    assert watched.pulse.changed_at == T


def test_old_reports_are_not_live(watched: Watcher, connection: psycopg.Connection) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=61)
    report(connection, 1, submitted_at=long_ago, updated_at=long_ago)
    watched.poll()
    assert not watched.pulse.live


def test_an_empty_database_is_said_to_be_empty(database: str) -> None:
    with watching(database) as found:
        assert isinstance(found.pulse.trouble, NoCity)


def test_an_outage_keeps_the_last_pulse_and_its_start() -> None:
    with closing(ReportDatabase("postgresql://nobody@127.0.0.1:9/report")) as nobody:
        found = Watcher(nobody, Viewers())
        first = found.pulse
        found.poll()
        found.stop()
    assert isinstance(found.pulse.trouble, DatabaseAway)
    assert found.pulse.trouble_since == first.trouble_since
