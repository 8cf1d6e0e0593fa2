"""Whose page is drawn next: one at a time, and first those for whom somebody waits.

Python runs one thread at a time: of many pages drawn at once each holds up all the others, and the heartbeats besides.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from heapq import heapify, heappop, heappush
from itertools import count

_SECONDS_TO_WAIT = 20.0


class Rank(IntEnum):
    """Who goes before whom."""

    BEGUN = 0
    """Begun before, and back with the database's answer."""
    CLICKED = 1
    """Somebody opened the page, or clicked."""
    REFRESHED = 2
    """The heartbeat had it drawn again."""
    FILE = 3
    """A part of a file to take away: it waits for all pages, also after the database has answered."""


class Turns:
    """One turn, which goes from thread to thread in their order. Safe to share between threads.

    Who got none within twenty seconds goes on without one: better a slow page than none.
    """

    def __init__(self) -> None:
        """Begin with nobody in line."""
        self._guard = threading.Lock()
        self._taken = False
        self._line: list[tuple[Rank, int, threading.Event]] = []
        self._numbers = count()
        self._mine = threading.local()

    @contextmanager
    def turn(self, rank: Rank) -> Iterator[None]:
        """Hold the turn while the block runs."""
        self._mine.held, self._mine.rank = self._take(rank), rank
        try:
            yield
        finally:
            if self._mine.held:
                self._mine.held = False
                self._give()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the turn to others while the block waits for something else; nothing happens where there is none."""
        if not getattr(self._mine, "held", False):
            yield
            return
        self._mine.held = False
        self._give()
        try:
            yield
        finally:
            self._mine.held = self._take(Rank.FILE if self._mine.rank == Rank.FILE else Rank.BEGUN)

    def _take(self, rank: Rank) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            place = (rank, next(self._numbers), threading.Event())
            heappush(self._line, place)
        if place[2].wait(_SECONDS_TO_WAIT):
            return True
        with self._guard:
            if place[2].is_set():  # in this very moment
                return True
            self._line.remove(place)
            heapify(self._line)
            return False

    def _give(self) -> None:
        with self._guard:
            if self._line:
                heappop(self._line)[2].set()
            else:
                self._taken = False
