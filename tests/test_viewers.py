"""Open pages and their heartbeats: what a browser is answered, and when it is told to have its page drawn again."""

import gc
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from queries.engine.database import DatabaseAway
from tests.clocks import Clock
from tests.waiting import until_in_line
from ui.live.pulse import Pulse
from ui.live.sessions import Viewer, Viewers

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(minutes=1)


def pulse(at: datetime) -> Pulse:
    return Pulse(at=at, answered_at=at, looked_at=at, verified_at=at)


@pytest.fixture
def viewer() -> Viewer:
    """A page drawn from the pulse of NOW, a while ago."""
    found = Viewers().enter(pulse(NOW))
    found.begin(pulse(NOW))
    found.drawn()
    found.beat(found.run, pulse(NOW))
    found.drawn_at -= timedelta(seconds=30)
    return found


def test_an_unchanged_page_is_verified_until_the_last_poll_and_not_redrawn(viewer: Viewer) -> None:
    looked = Pulse(at=NOW, verified_at=NOW + timedelta(seconds=8))
    assert viewer.beat(viewer.run, looked)[1:] == (NOW + timedelta(seconds=8), False, False)


def test_a_change_is_redrawn_and_the_page_ages_until_then(viewer: Viewer) -> None:
    assert viewer.beat(viewer.run, pulse(LATER))[1:] == (NOW, False, True)
    viewer.begin(pulse(LATER))
    viewer.drawn()
    assert viewer.beat(viewer.run, pulse(LATER))[1:] == (LATER, False, False)


def test_a_redraw_is_not_requested_at_every_heartbeat(viewer: Viewer) -> None:
    """Otherwise a busy server would be asked for the same page again and again."""
    clock = viewer.clock = Clock()
    assert [viewer.beat(viewer.run, pulse(LATER)).again for _ in range(3)] == [True, False, False]
    clock.pass_by(9)
    assert not viewer.beat(viewer.run, pulse(LATER)).again
    clock.pass_by(2)
    assert viewer.beat(viewer.run, pulse(LATER)).again, "the answer has not reached the browser"


def test_while_the_database_is_away_the_page_ages(viewer: Viewer) -> None:
    away = Pulse(at=NOW, answered_at=NOW, verified_at=NOW, looked_at=LATER, trouble=DatabaseAway())
    assert viewer.beat(viewer.run, away)[1:] == (NOW, True, True), "the header says so"
    viewer.begin(away)
    viewer.drawn()
    assert viewer.beat(viewer.run, away)[1:] == (NOW, True, False)


def test_a_run_that_draws_nothing_new_does_not_reset_the_age(viewer: Viewer) -> None:
    viewer.begin(pulse(LATER))
    viewer.not_drawn()
    viewer.drawn()
    viewer.pulse = pulse(LATER + timedelta(minutes=1))
    assert viewer.beat(viewer.run, pulse(LATER)).verified_at == NOW


def test_a_page_at_an_earlier_moment_is_as_old_as_that(viewer: Viewer) -> None:
    viewer.begin(pulse(LATER))
    viewer.stays_at(NOW - timedelta(hours=1))
    viewer.drawn()
    viewer.pulse = pulse(NOW - timedelta(hours=1))
    assert viewer.beat(viewer.run, pulse(LATER)).verified_at == NOW - timedelta(hours=1)


def test_a_page_at_an_earlier_moment_is_not_retried_at_every_heartbeat(viewer: Viewer) -> None:
    def stays_at_now(seen: Pulse) -> list[bool]:
        viewer.begin(seen)
        viewer.pulse = pulse(NOW)
        viewer.stays_at(NOW)
        viewer.drawn()
        return [viewer.beat(viewer.run, pulse(LATER)).again for _ in range(2)]

    assert stays_at_now(pulse(LATER)) == [False, False]
    viewer._told_at -= 11
    assert viewer.beat(viewer.run, pulse(LATER)).again


def test_a_run_that_has_not_arrived_does_not_count_as_shown(viewer: Viewer) -> None:
    viewer.begin(pulse(LATER))
    viewer.drawn()
    assert viewer.beat(1, pulse(LATER))[1:] == (NOW, False, False)
    viewer.drawn_at -= timedelta(seconds=11)
    assert viewer.beat(1, pulse(LATER))[1:] == (NOW, False, True), "it is drawn once again"
    assert viewer.beat(2, pulse(LATER))[1:] == (LATER, False, False)


def test_a_disabled_account_redraws_the_page_at_once(viewer: Viewer) -> None:
    viewer.drawn_at = datetime.now(UTC)
    viewer.stands = lambda: False
    assert viewer.beat(viewer.run, pulse(NOW)).again


def test_viewers_are_known_by_name_until_their_session_ends() -> None:
    viewers = Viewers()
    one, other = viewers.enter(pulse(NOW)), viewers.enter(pulse(NOW))
    assert viewers.named(one.name) is one
    assert viewers.count() == 2
    other.beaten_at -= 11
    assert viewers.count() == 1
    name = other.name
    del other
    gc.collect()
    assert viewers.named(name) is None
    assert viewers.named("nobody") is None


def test_a_click_goes_before_pages_that_are_refreshed() -> None:
    viewers = Viewers()
    first, refreshed, opened = (viewers.enter(pulse(NOW)) for _ in range(3))
    assert refreshed.beat(1, pulse(LATER)).again
    drawn: list[Viewer] = []

    def draw(viewer: Viewer) -> None:
        with viewers.turn(viewer):
            drawn.append(viewer)

    with viewers.turn(first):
        waiting = [threading.Thread(target=draw, args=(viewer,)) for viewer in (refreshed, opened)]
        for number, each in enumerate(waiting, 1):
            each.start()
            until_in_line(viewers.turns, number)
        assert not drawn
        assert viewers.drawing() == 3, "a waiting viewer is not done"
    for each in waiting:
        each.join()
    assert drawn == [opened, refreshed]
    assert viewers.drawing() == 0


def test_a_failed_page_releases_its_slot() -> None:
    viewers = Viewers()
    viewer = viewers.enter(pulse(NOW))
    for _ in range(3):
        with pytest.raises(KeyError), viewers.turn(viewer):
            raise KeyError
    began = time.monotonic()
    with viewers.turn(viewer):
        assert time.monotonic() - began < 1
    assert viewers.drawing() == 0, "the next run may start"
