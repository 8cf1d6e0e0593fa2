"""The earlier moment an address shows when a later one fails."""

from datetime import UTC, datetime, timedelta

from tests.clocks import Clock
from ui.live.last_good import Shown, Stay

EARLIER = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
LATER = EARLIER + timedelta(minutes=1)
ADDRESS = ("overdue", ("period", "7d"))


def test_an_address_never_shown_has_no_earlier_moment() -> None:
    found = Shown()
    assert not found.failed(ADDRESS, LATER, "slow")
    assert found.stays_at(ADDRESS, away=True) is None


def test_after_a_failure_the_last_moment_is_shown_for_half_a_minute() -> None:
    clock = Clock()
    found = Shown(clock=clock)
    found.record_success(ADDRESS, EARLIER)
    assert found.stays_at(ADDRESS, away=False) is None
    assert found.failed(ADDRESS, LATER, "slow")
    assert found.stays_at(ADDRESS, away=False) == Stay(EARLIER, "slow")
    assert found.stays_at(("overdue",), away=True) is None, "another address shows something else"
    clock.pass_by(29)
    assert found.stays_at(ADDRESS, away=False)
    clock.pass_by(2)
    assert found.stays_at(ADDRESS, away=False) is None


def test_while_the_database_is_away_the_last_moment_is_kept() -> None:
    found = Shown()
    found.record_success(ADDRESS, EARLIER)
    assert found.stays_at(ADDRESS, away=True) == Stay(EARLIER, "")


def test_when_the_database_is_back_the_latest_moment_is_shown() -> None:
    found = Shown()
    found.record_success(ADDRESS, EARLIER)
    found.failed(ADDRESS, LATER, "slow")
    found.thaw()
    assert found.stays_at(ADDRESS, away=False) is None


def test_a_slower_viewer_does_not_reset_the_moment() -> None:
    found = Shown()
    found.record_success(ADDRESS, LATER)
    found.record_success(ADDRESS, EARLIER)
    assert found.stays_at(ADDRESS, away=True) == Stay(LATER, "")


def test_a_moment_without_cached_answers_is_given_up() -> None:
    found = Shown()
    found.record_success(ADDRESS, EARLIER)
    assert not found.failed(ADDRESS, EARLIER, "slow")
    assert found.stays_at(ADDRESS, away=True) is None


def test_a_moment_is_needed_while_an_address_shows_or_may_return_to_it() -> None:
    clock = Clock()
    found = Shown(clock=clock)
    found.record_success(ADDRESS, EARLIER)
    assert not found.needs(EARLIER), "nothing has failed"
    found.failed(ADDRESS, LATER, "slow")
    assert found.needs(EARLIER)
    assert not found.needs(LATER)
    clock.pass_by(31)
    assert found.needs(EARLIER), "it tries a later one now"
    clock.pass_by(60)
    assert not found.needs(EARLIER)
