"""The run queue: one slot, in order, released during I/O."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from queries.engine.answer_cache import AnswerCache
from tests.waiting import becomes, until_in_line
from ui.live.run_queue import Rank, RunQueue


@pytest.fixture
def turns() -> RunQueue:
    return RunQueue()


@pytest.fixture
def beside() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Run a task in its own thread, which must be finished when the test ends."""
    threads: list[threading.Thread] = []

    def begin(task: Callable[[], None]) -> None:
        threads.append(threading.Thread(target=task, daemon=True))
        threads[-1].start()

    yield begin
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_one_run_holds_the_slot_at_a_time(turns: RunQueue) -> None:
    inside, most = 0, 0

    def take() -> None:
        nonlocal inside, most
        for rank in (*Rank, *Rank):
            with turns.turn(rank):
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1
                with turns.released():
                    time.sleep(0.001)
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == 1


def test_a_run_releases_its_slot_during_io_and_resumes_first(
    turns: RunQueue, beside: Callable[[Callable[[], None]], None]
) -> None:
    asked, answered = threading.Event(), threading.Event()
    order: list[str] = []

    def ask() -> None:
        with turns.turn(Rank.REFRESHED), turns.released():
            asked.set()
            answered.wait(10)
        order.append("has its answer")

    def draw(rank: Rank) -> None:
        with turns.turn(rank):
            order.append(rank.name)

    beside(ask)
    assert asked.wait(10)
    with turns.turn(Rank.REFRESHED):
        for number, rank in enumerate((Rank.REFRESHED, Rank.CLICKED), 1):
            beside(partial(draw, rank))
            until_in_line(turns, number)
        answered.set()
        until_in_line(turns, 3)
        assert not order
    assert becomes(lambda: len(order) == 3)
    assert order == ["has its answer", "CLICKED", "REFRESHED"]


def test_a_file_waits_for_every_page_also_after_its_query(
    turns: RunQueue, beside: Callable[[Callable[[], None]], None]
) -> None:
    asked, answered = threading.Event(), threading.Event()
    order: list[str] = []

    def write() -> None:
        with turns.turn(Rank.FILE):
            with turns.released():
                asked.set()
                answered.wait(10)
            order.append("file")

    def draw() -> None:
        with turns.turn(Rank.REFRESHED):
            order.append("page")

    beside(write)
    assert asked.wait(10)
    with turns.turn(Rank.REFRESHED):
        answered.set()
        until_in_line(turns, 1)
        beside(draw)
        until_in_line(turns, 2)
    assert becomes(lambda: len(order) == 2)
    assert order == ["page", "file"]


def test_a_run_without_a_slot_continues_after_the_timeout() -> None:
    turns = RunQueue(seconds_to_wait=0.5)
    done = threading.Event()

    def draw() -> None:
        with turns.turn(Rank.CLICKED), turns.released():
            done.set()

    with turns.turn(Rank.CLICKED):
        waiting = threading.Thread(target=draw)
        waiting.start()
        waiting.join(10)
        assert done.is_set()
        assert not turns.waiting
        refreshed = threading.Thread(target=draw)
        done.clear()
        refreshed.start()
        until_in_line(turns, 1)
        assert not done.is_set(), "a viewer without a slot returned none"
    refreshed.join(10)
    assert done.is_set()


def test_a_run_that_waits_for_anothers_answer_releases_its_slot(
    turns: RunQueue, beside: Callable[[Callable[[], None]], None]
) -> None:
    """Otherwise there would be a deadlock: one has the slot, the other makes the answer."""
    memory = AnswerCache(seconds=60, room=1_000_000, failing=(), while_waiting=turns.released)
    making, go_on = threading.Event(), threading.Event()

    def make() -> str:
        with turns.released():
            making.set()
            go_on.wait(10)
        return "made"

    def first() -> None:
        with turns.turn(Rank.REFRESHED):
            memory.remember("key", make)

    beside(first)
    assert making.wait(10)
    go_on_soon = threading.Timer(0.1, go_on.set)
    go_on_soon.start()
    with turns.turn(Rank.REFRESHED):
        assert memory.remember("key", lambda: "made anew") == "made"
