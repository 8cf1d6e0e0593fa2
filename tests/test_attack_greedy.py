"""Attacks of one account on everybody's time: many tabs, endless clicks, floods of messages and of sockets.

Nothing here depends on a clock: slots are counted.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from queries.access.accounts import Account
from queries.engine.scope import ALL_CASES
from tests.clocks import Clock
from tests.gate.conftest import HERE, PROXY, SECRET, told
from tests.test_viewers import NOW, pulse
from tests.waiting import becomes, until_in_line
from ui.access import accounts
from ui.live.limits import SHARES, Sockets, Whose, of_account, of_address
from ui.live.run_queue import Rank, RunQueue
from ui.live.sessions import Viewer, Viewers
from ui.server import gate

GREEDY, OTHER, THIRD = of_account("greedy"), of_account("other"), of_account("third")
TABS = 20
STEPS = 5
"""How often the other's page releases its slot, as for a query, and resumes."""


class CountedTurns(RunQueue):
    """A run queue that records, for each wait, how many others got a slot meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []
        self.meanwhile: dict[Any, list[int]] = {}

    def _leave_line(self, one: Any) -> None:
        """Record it with the guard held: other threads cannot interfere."""
        super()._leave_line(one)
        self.meanwhile.setdefault(one.whose, []).append(sum(number > one.number for number in self.given))
        self.given.append(self._last_turn[one.whose])


class Room:
    """Pages in the queue, and the order of their slots."""

    def __init__(self) -> None:
        self.turns = CountedTurns()
        self.had: list[Whose] = []
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def draw(self, whose: Whose, rank: Rank = Rank.CLICKED, steps: int = 0) -> None:
        """Draw a page with a first slot and one more for each step."""
        with self.turns.turn(rank, whose):
            self.had.append(whose)
            for _ in range(steps):
                with self.turns.released():
                    pass
                self.had.append(whose)

    def begin(
        self, whose: Whose, *, again: bool = False, rank: Rank = Rank.CLICKED, steps: int = 0
    ) -> threading.Thread:
        """Draw a page in its own thread, `again` and again."""

        def run() -> None:
            self.draw(whose, rank, steps)
            while again and not self.stop.is_set():
                self.draw(whose, rank, steps)

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()
        return self._threads[-1]

    def end(self) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.end()


@pytest.mark.parametrize("rank", [Rank.CLICKED, Rank.REFRESHED])
def test_twenty_queued_tabs_count_as_one_viewer(room: Room, rank: Rank) -> None:
    """All of them were queued before; the other still gets the first or the second slot."""
    with room.turns.turn(Rank.CLICKED, THIRD):
        for _ in range(TABS):
            room.begin(GREEDY, rank=rank)
        until_in_line(room.turns, TABS)
        room.begin(OTHER, rank=rank)
        until_in_line(room.turns, TABS + 1)
    assert becomes(lambda: len(room.had) == TABS + 1)
    assert room.had.index(OTHER) <= 1


@pytest.mark.parametrize("steps", [0, STEPS])
@pytest.mark.parametrize("rank", [Rank.CLICKED, Rank.REFRESHED])
def test_twenty_busy_tabs_get_one_slot_for_each_of_the_others(room: Room, rank: Rank, steps: int) -> None:
    """So a page takes less than twice its own time if the slots of both are equally long: for each of its slots it
    waits for at most the one in progress. Before its first, what the greedy viewer has begun may end.
    """
    for _ in range(TABS):
        room.begin(GREEDY, again=True, rank=rank, steps=steps)
    assert becomes(lambda: len(room.had) > 3 * TABS)
    for _ in range(10):
        room.turns.meanwhile.pop(OTHER, None)
        room.draw(OTHER, rank, STEPS)
        first, *others = room.turns.meanwhile[OTHER]
        assert first <= steps
        assert others == [0] * STEPS


def test_an_account_has_a_limit_of_runs_in_progress_and_others_pass(room: Room) -> None:
    """Pages that wait for the database hold connections, which all viewers share."""
    most = SHARES["account"].runs
    waiting, answered = threading.Semaphore(0), threading.Event()

    def slow() -> None:
        with room.turns.turn(Rank.CLICKED, GREEDY), room.turns.released():
            waiting.release()
            answered.wait(20)

    threads = [threading.Thread(target=slow) for _ in range(TABS)]
    for thread in threads:
        thread.start()
    for _ in range(most):
        assert waiting.acquire(timeout=10)
    until_in_line(room.turns, TABS - most)
    assert not waiting.acquire(timeout=0.2), "no more of them have begun"
    room.draw(OTHER)
    assert room.had == [OTHER], "the slot is free for others"
    answered.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_a_click_goes_before_another_viewers_begun_refreshes(room: Room) -> None:
    asked, answered = threading.Event(), threading.Event()

    def refresh() -> None:
        with room.turns.turn(Rank.REFRESHED, GREEDY):
            with room.turns.released():
                asked.set()
                answered.wait(20)
            room.had.append(GREEDY)

    refreshing = threading.Thread(target=refresh)
    refreshing.start()
    assert asked.wait(10)
    with room.turns.turn(Rank.CLICKED, THIRD):
        answered.set()
        until_in_line(room.turns, 1)
        room.begin(OTHER)
        until_in_line(room.turns, 2)
    assert becomes(lambda: len(room.had) == 2)
    refreshing.join(20)
    assert room.had == [OTHER, GREEDY]


def test_runs_that_wait_for_their_own_viewer_do_not_skip_the_queue() -> None:
    """After twenty seconds a run continues without a slot; twenty of one account would then run at once."""
    turns = RunQueue(seconds_to_wait=0.05, rounds_behind_others=1000)
    most = SHARES["account"].runs
    inside, at_once, answered = 0, 0, threading.Event()
    counting = threading.Lock()

    def slow() -> None:
        nonlocal inside, at_once
        with turns.turn(Rank.CLICKED, GREEDY), turns.released():
            with counting:
                inside += 1
                at_once = max(at_once, inside)
            answered.wait(0.4)
            with counting:
                inside -= 1

    threads = [threading.Thread(target=slow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert at_once == most


@pytest.fixture
def clock() -> Clock:
    """The limits' own clock."""
    return Clock()


def of_viewers(clock: Clock) -> Viewers:
    return Viewers(seconds_to_say_no=0, clock=clock)


def is_drawn(found: Viewers, viewer: Viewer, whose: Whose) -> bool:
    with found.turn(viewer, whose):
        return not viewer.too_often


def test_endless_clicks_are_refused_for_that_account_only(clock: Clock) -> None:
    found = of_viewers(clock)
    tabs = [found.enter(pulse(NOW)) for _ in range(TABS)]
    most, per_second = SHARES["account"].pages
    drawn = [is_drawn(found, tabs[n % TABS], GREEDY) for n in range(most + 30)]
    assert drawn == [True] * most + [False] * 30
    assert is_drawn(found, found.enter(pulse(NOW)), OTHER)
    assert is_drawn(found, found.enter(pulse(NOW)), of_address("10.0.0.9"))
    clock.pass_by(1)
    assert sum(is_drawn(found, tab, GREEDY) for tab in tabs) == per_second


def test_a_refused_page_comes_back_by_itself_and_is_counted_then(clock: Clock) -> None:
    found = of_viewers(clock)
    viewer = found.enter(pulse(NOW))
    while is_drawn(found, viewer, GREEDY):
        pass
    viewer.called = True  # its heartbeat asks for a new run
    assert not is_drawn(found, viewer, GREEDY), "a heartbeat does not bypass the limit"
    clock.pass_by(viewer.too_often)
    viewer.called = True
    assert is_drawn(found, viewer, GREEDY)


def test_refreshes_by_the_heartbeat_are_never_refused(clock: Clock) -> None:
    found = of_viewers(clock)
    viewer = found.enter(pulse(NOW))
    for _ in range(10 * SHARES["account"].pages[0]):
        viewer.called = True
        assert is_drawn(found, viewer, GREEDY)


def test_clicks_faster_than_a_persons_wait_like_refreshes(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    found, ranks = of_viewers(clock), list[Rank]()
    real = found.turns.turn

    def turn(rank: Rank, whose: Whose) -> AbstractContextManager[None]:
        ranks.append(rank)
        return real(rank, whose)

    monkeypatch.setattr(found.turns, "turn", turn)
    viewer = found.enter(pulse(NOW))
    most = SHARES["account"].clicks[0]
    for _ in range(most + 5):
        assert is_drawn(found, viewer, GREEDY)
    assert ranks == [Rank.CLICKED] * most + [Rank.REFRESHED] * 5


class Held:
    """An application whose WebSockets stay open until they are closed."""

    def __init__(self) -> None:
        self.close = asyncio.Event()
        self.open = 0

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            self.open += 1
            await self.close.wait()
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(door: gate.Gate, who: str, kind: str = "websocket", path: str = "/_stcore/stream") -> int:
    """Send a request as a proxy does for a user, and return the status; 0 while a WebSocket is open."""
    proven = (b"x-proxy-secret", SECRET.encode())
    headers = [(b"host", b"reports.example"), (b"x-remote-user", who.encode()), proven]
    scope = {
        "type": kind,
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "server": (HERE, 8501),
        "client": ("10.0.0.5", 40000),
        "headers": headers if kind == "http" else [*headers, (b"origin", b"http://reports.example")],
    }
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "websocket.close":
            status = 403

    await door(scope, receive, send)
    return status


async def becomes_open(true: Callable[[], bool]) -> None:
    """Let other tasks run until a condition is true; fail if it never is."""
    for _ in range(10_000):
        if true():
            return
        await asyncio.sleep(0)
    pytest.fail("the sockets were not opened")


def test_an_account_has_a_limit_of_sockets_and_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, PROXY)
    noted: list[str] = []
    monkeypatch.setattr(accounts, "refused", lambda who, what, why: noted.append(f"{who}: {what}, {why}"))
    most = SHARES["account"].sockets

    async def attack() -> None:
        behind = Held()
        door = gate.Gate(behind)
        assert await ask(door, "greedy", "http") != 429
        tabs = [asyncio.create_task(ask(door, "greedy")) for _ in range(most)]
        await becomes_open(lambda: behind.open == most)
        assert await ask(door, "greedy") == 403
        assert await ask(door, "greedy", "http") == 429, "the page asks why, and says so"
        other = asyncio.create_task(ask(door, "other"))
        await becomes_open(lambda: behind.open == most + 1)
        assert await ask(door, "other", "http", "/cases") == 200
        behind.close.set()
        await asyncio.gather(*tabs, other)
        behind.close.clear()
        again = asyncio.create_task(ask(door, "greedy"))
        await becomes_open(lambda: behind.open == most + 2)
        behind.close.set()
        assert await again == 0, "closing pages makes room for others"

    asyncio.run(attack())
    assert set(noted) == {"account greedy: refused at the gate, too many open pages"}


def test_a_flood_of_messages_is_held_back() -> None:
    clock, slept = Clock(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.pass_by(seconds)

    sockets = Sockets(clock, sleep)
    most, per_second = SHARES["account"].messages

    async def flood(whose: Whose, messages: int) -> int:
        read = 0

        async def receive() -> Message:
            nonlocal read
            read += 1
            return {"type": "websocket.receive"}

        paced = sockets.paced(whose, receive)
        for _ in range(messages):
            await paced()
        return read

    assert asyncio.run(flood(GREEDY, most)) == most
    assert slept == []
    assert asyncio.run(flood(GREEDY, 3 * int(per_second))) == 3 * per_second
    assert sum(slept) == pytest.approx(3)
    slept.clear()
    asyncio.run(flood(OTHER, most))
    assert slept == []


@pytest.mark.parametrize(
    ("account", "whose"),
    [
        (Account("lan", "Lan", "leader", ALL_CASES), Whose("account", "lan")),
        (accounts.HERE, Whose("address", "10.0.0.9")),
        (accounts.ANYBODY, Whose("address", "10.0.0.9")),
    ],
    ids=["an account", "this machine", "anybody"],
)
def test_who_has_not_signed_in_is_counted_by_address(account: Account, whose: Whose) -> None:
    assert accounts.whose(account, "10.0.0.9") == whose


@pytest.mark.parametrize("part", ["sockets", "runs", "files"])
def test_an_address_may_take_more_than_an_account(part: str) -> None:
    """Many people may share one: an office, a proxy or an operations room."""
    counted: Callable[[Any], int] = lambda share: getattr(share, part)  # noqa: E731
    assert counted(SHARES["address"]) > counted(SHARES["account"])
