"""The queue of page runs: one at a time, fair between viewers, clicks before refreshes.

Python runs one thread at a time: pages drawn in parallel slow each other down, and the heartbeats too.
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
_ROUNDS_BEHIND_OTHERS = 3  # so many times a run waits again while its own account has others in progress
_MOST_KNOWN = 10_000  # viewers whose last slot is remembered


class Rank(IntEnum):
    """The priority of a run."""

    CLICKED = 1
    """Somebody opened the page, or clicked."""
    REFRESHED = 2
    """A refresh by the heartbeat, or a click beyond the rate limit."""
    FILE = 3
    """A part of a file export: after all pages, also when it resumes after a query."""


@dataclass(eq=False)
class _Waiting:
    """A run waiting for the slot. One that has `begun` held it before and resumes after I/O."""

    rank: Rank
    whose: Hashable
    begun: bool
    number: int
    goes: threading.Event = field(default_factory=threading.Event)


class RunQueue:
    """One slot that passes from thread to thread. Thread-safe.

    Each viewer (an account, or an address: ui/live/limits.py) has its own queue: begun runs first, then by rank, then
    by arrival. Between viewers, the slot goes within a rank to the one that held it longest ago, so the number of pages
    one viewer has queued does not matter to others. A begun run goes before other viewers' new ones while it is its
    viewer's only run in progress. A viewer has at most `Share.runs` runs in progress.

    A run that got no slot within twenty seconds continues without one: a slow page is better than none. A run that
    waits for its own viewer's other runs waits up to a minute.
    """

    def __init__(
        self, *, seconds_to_wait: float = _SECONDS_TO_WAIT, rounds_behind_others: int = _ROUNDS_BEHIND_OTHERS
    ) -> None:
        """Start with an empty queue. A run waits so many seconds for its turn, and so many times as long while its own
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
        """The number of runs waiting for the slot."""
        with self._guard:
            return sum(map(len, self._lines.values()))

    @contextmanager
    def turn(self, rank: Rank, whose: Hashable = None) -> Iterator[None]:
        """Hold the slot while the block runs, on behalf of `whose` (None: no viewer, no limit)."""
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
        """Release the slot while the block waits for I/O, then resume; does nothing without the slot."""
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
        """Wait for the slot and mark the run as begun; return False after the timeout."""
        with self._guard:
            mine = _Waiting(rank, whose, begun, next(self._numbers))
            insort(self._lines.setdefault(whose, []), mine, key=_in_line)
            self._give()
        for _ in range(self._rounds_behind_others):
            if mine.goes.wait(self._seconds_to_wait):
                return True
            with self._guard:
                if mine.goes.is_set():  # it got the slot right after the timeout
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
        """Give the slot, if free, to the next run. The caller holds the guard."""
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
        """Whether a run may have the slot, given its viewer's runs in progress."""
        if one.begun or one.rank == Rank.FILE or not isinstance(one.whose, Whose):
            return True
        return self._begun[one.whose] < SHARES[one.whose.kind].runs

    def _between(self, one: _Waiting) -> tuple[int, bool, int, int]:
        """Return the sort key between viewers' first runs."""
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
    """Return the sort key within one viewer's queue: files last, then begun runs first."""
    return one.rank == Rank.FILE, not one.begun, one.rank, one.number
