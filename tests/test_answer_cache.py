"""The answer cache: what it keeps, for how long, and what it does while the database is away."""

import threading
import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from queries.engine.answer_cache import AnswerCache
from queries.engine.filters import Filters
from tests.clocks import Clock


class Away(Exception):
    """The database is away."""


def memory(seconds: float = 60.0, room: int = 1_000_000, clock: Callable[[], float] = time.monotonic) -> AnswerCache:
    return AnswerCache(seconds=seconds, room=room, failing=(Away,), clock=clock)


def fails() -> str:
    raise Away


def test_an_answer_is_made_once() -> None:
    found = memory()
    numbers = iter("012")
    assert [found.remember("key", lambda: next(numbers)) for _ in range(3)] == ["0", "0", "0"]


def test_an_answer_is_made_again_after_its_lifetime() -> None:
    clock = Clock()
    found = memory(seconds=50, clock=clock)
    found.remember("key", lambda: "old")
    clock.pass_by(60)
    assert found.remember("key", lambda: "new") == "new"


def test_nothing_ages_while_the_cache_is_frozen() -> None:
    clock = Clock()
    found = memory(seconds=100, clock=clock)
    found.remember("key", lambda: "old")
    found.freeze()
    clock.pass_by(200)
    assert found.remember("key", lambda: "new") == "old"
    found.thaw()
    assert found.remember("key", lambda: "new") == "old", "paused time does not count"
    clock.pass_by(120)
    assert found.remember("key", lambda: "new") == "new"


def test_an_old_answer_is_served_if_the_query_fails() -> None:
    clock = Clock()
    found = memory(seconds=500, clock=clock)
    found.remember("key", lambda: "old")
    clock.pass_by(420)
    assert found.remember("key", fails) == "old"
    clock.pass_by(300)
    assert found.remember("key", lambda: "new") == "new"


def test_an_old_answer_is_kept_while_there_is_no_better_one() -> None:
    clock = Clock()
    found = memory(seconds=500, clock=clock)
    found.remember("key", lambda: "old")
    for _ in range(3):
        clock.pass_by(300)
        assert found.remember("key", fails) == "old"


def test_a_first_failure_is_raised_and_retried_later() -> None:
    found = memory()
    with pytest.raises(Away):
        found.remember("key", fails)
    assert found.remember("key", lambda: "made") == "made"


def test_waiting_threads_share_a_failure() -> None:
    found = memory()
    tried: list[int] = []
    said: list[str] = []
    waiting = threading.Event()

    def slow_to_fail() -> str:
        tried.append(1)
        waiting.wait(5)
        raise Away

    def viewer() -> None:
        try:
            found.remember("key", slow_to_fail)
        except Away:
            said.append("away")

    viewers = [threading.Thread(target=viewer) for _ in range(6)]
    for each in viewers:
        each.start()
    while len(found._making) < 1:
        time.sleep(0.01)
    time.sleep(0.2)
    waiting.set()
    for each in viewers:
        each.join()
    assert said == ["away"] * 6
    assert len(tried) == 1


def test_if_the_maker_is_interrupted_another_thread_makes_the_answer() -> None:
    found = memory()
    begun, leave = threading.Event(), threading.Event()

    def left_alone() -> str:
        begun.set()
        leave.wait(5)
        raise KeyboardInterrupt

    def first() -> None:
        with pytest.raises(KeyboardInterrupt):
            found.remember("key", left_alone)

    leaver = threading.Thread(target=first)
    leaver.start()
    begun.wait(5)
    answers: list[str] = []
    second = threading.Thread(target=lambda: answers.append(found.remember("key", lambda: "made")))
    second.start()
    time.sleep(0.1)
    leave.set()
    leaver.join()
    second.join()
    assert answers == ["made"]


def test_an_answer_too_large_to_keep_is_returned() -> None:
    found = memory(room=5_000)
    assert len(found.remember("key", lambda: "x" * 10_000)) == 10_000
    assert found.remember("key", lambda: "short") == "short"


def test_answers_of_a_moment_that_no_page_shows_are_dropped() -> None:
    left, stays = datetime(2026, 11, 18, 3, 0, tzinfo=UTC), datetime(2026, 11, 18, 3, 1, tzinfo=UTC)
    found = memory()
    keys: list[Callable[[datetime], Hashable]] = [
        lambda at: at,
        lambda at: ("open", (("at", at), ("by", "unit"))),
        lambda at: ("figures", Filters.of(at=at, zone=ZoneInfo("UTC")), "district"),
    ]
    for key in keys:
        found.remember(key(left), lambda: "old")
        found.remember(key(stays), lambda: "old")
    found.remember("names", lambda: "old")
    found.forget(left)
    assert [found.remember(key(left), lambda: "new") for key in keys] == ["new"] * 3
    assert [found.remember(key(stays), lambda: "new") for key in keys] == ["old"] * 3
    assert found.remember("names", lambda: "new") == "old"
