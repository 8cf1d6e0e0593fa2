"""Whose page is drawn next: one at a time, fairly between viewers, and first those for whom somebody waits.

Python runs one thread at a time: of many pages drawn at once each holds up all the others, and the heartbeats besides.
"""

import threading
from bisect import insort
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count

from cachetools import LRUCache

from ui.live.limits import SHARES, Whose

_SECONDS_TO_WAIT = 20.0
_ROUNDS_BEHIND_OTHERS = 3  # so often a run waits as long again while its own account is busy with others
_MOST_KNOWN = 10_000  # viewers whose last turn is kept


class Rank(IntEnum):
    """Who goes before whom."""

    CLICKED = 1
    """Somebody opened the page, or clicked."""
    REFRESHED = 2
    """The heartbeat had it drawn again; or somebody clicks more often than a hand does."""
    FILE = 3
    """A part of a file to take away: it waits for all pages, also after the database has answered."""


@dataclass(eq=False)
class _Waiting:
    """A run that waits for the turn; one that has `begun` has had it before, and is back with the database's answer."""

    rank: Rank
    whose: Hashable
    begun: bool
    number: int
    goes: threading.Event = field(default_factory=threading.Event)


class RunQueue:
    """One turn, which goes from thread to thread. Safe to share between threads.

    Each viewer (an account, or an address: ui/live/limits.py) has a line of its own: first what has begun, then by
    rank, then by who came first. Between viewers the turn goes, of those with the same rank, to the one who had it
    longest ago. So it makes no difference to others how many pages one viewer has in line. What a viewer has begun goes
    before what others have not, while it is the only page they have in work; and a viewer has so many in work at most
    as their share says.

    Who got no turn within twenty seconds goes on without one: better a slow page than none. A page that waits because
    its own viewer has others in work waits for those up to a minute.
    """

    def __init__(
        self, *, seconds_to_wait: float = _SECONDS_TO_WAIT, rounds_behind_others: int = _ROUNDS_BEHIND_OTHERS
    ) -> None:
        """Begin with nobody in line. A run waits so many seconds for its turn, and so many times as long while its own
        account is busy with others.
        """
        self._seconds_to_wait, self._rounds_behind_others = seconds_to_wait, rounds_behind_others
        self._guard = threading.Lock()
        self._taken = False
        self._lines: dict[Hashable, list[_Waiting]] = {}
        self._begun: Counter[Hashable] = Counter()
        self._last_turn: LRUCache[Hashable, int] = LRUCache(_MOST_KNOWN)
        self._numbers = count(1)
        self._mine = threading.local()

    @property
    def waiting(self) -> int:
        """How many wait for the turn."""
        with self._guard:
            return sum(map(len, self._lines.values()))

    @contextmanager
    def turn(self, rank: Rank, whose: Hashable = None) -> Iterator[None]:
        """Hold the turn while the block runs, on behalf of `whose` (None: nobody in particular, without a limit)."""
        self._mine.held = self._take(rank, whose, begun=False)
        self._mine.rank, self._mine.whose = rank, whose
        try:
            yield
        finally:
            held, self._mine.held = self._mine.held, False
            with self._guard:
                if rank != Rank.FILE:
                    self._begun[whose] -= 1
                    if not self._begun[whose]:
                        del self._begun[whose]
                if held:
                    self._taken = False
                self._give()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Leave the turn to others while the block waits for something else; nothing happens where there is none."""
        if not getattr(self._mine, "held", False):
            yield
            return
        self._mine.held = False
        with self._guard:
            self._taken = False
            self._give()
        try:
            yield
        finally:
            self._mine.held = self._take(self._mine.rank, self._mine.whose, begun=self._mine.rank != Rank.FILE)

    def _take(self, rank: Rank, whose: Hashable, *, begun: bool) -> bool:
        """Wait for the turn; False where it did not come in time. What has not begun, has begun after this."""
        with self._guard:
            mine = _Waiting(rank, whose, begun, next(self._numbers))
            insort(self._lines.setdefault(whose, []), mine, key=_in_line)
            self._give()
        for _ in range(self._rounds_behind_others):
            if mine.goes.wait(self._seconds_to_wait):
                return True
            with self._guard:
                if mine.goes.is_set():  # in this very moment
                    return True
                if self._may_go(mine):
                    break
        with self._guard:
            if mine.goes.is_set():
                return True
            self._leave_line(mine)
            self._begin(mine)
            return False

    def _give(self) -> None:
        """Give the turn, if it is free, to whoever is next. Called with the guard held."""
        if self._taken:
            return
        if able := [line[0] for line in self._lines.values() if self._may_go(line[0])]:
            goes = min(able, key=self._between)
            self._taken = True
            self._last_turn[goes.whose] = next(self._numbers)
            self._leave_line(goes)
            self._begin(goes)
            goes.goes.set()

    def _may_go(self, one: _Waiting) -> bool:
        """Whether a run may have the turn beside what its viewer has in work already."""
        if one.begun or one.rank == Rank.FILE or not isinstance(one.whose, Whose):
            return True
        return self._begun[one.whose] < SHARES[one.whose.kind].runs

    def _between(self, one: _Waiting) -> tuple[int, bool, int, int]:
        """Return where a run stands among the first of each viewer's line."""
        alone = one.begun and self._begun[one.whose] == 1
        return one.rank, not alone, self._last_turn.get(one.whose, 0), one.number

    def _begin(self, one: _Waiting) -> None:
        if not one.begun and one.rank != Rank.FILE:
            self._begun[one.whose] += 1

    def _leave_line(self, one: _Waiting) -> None:
        line = self._lines[one.whose]
        line.remove(one)
        if not line:
            del self._lines[one.whose]


def _in_line(one: _Waiting) -> tuple[bool, bool, int, int]:
    """Return where a run stands in its own viewer's line: files last, then what has begun first."""
    return one.rank == Rank.FILE, not one.begun, one.rank, one.number
