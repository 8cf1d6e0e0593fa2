"""Who has a page open: what each page was last drawn from, how long that was true, and whether to draw it again."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4
from weakref import WeakValueDictionary

from ui.live.limits import Pace, Whose
from ui.live.pulse import Pulse
from ui.live.run_queue import Rank, RunQueue

_SECONDS_TO_COME_BACK = 3.0
_SECONDS_TO_DRAW_AGAIN = 10.0
_SECONDS_WITHOUT_A_BEAT = 10
_SECONDS_TO_SAY_NO = 4.0  # a refusal is drawn no sooner, so that asking again and again costs little


class Beat(NamedTuple):
    """What a browser hears: the time, until when what it shows was known to be true, whether the database is away, and
    whether to have the page drawn again.
    """

    now: datetime
    verified_at: datetime
    away: bool
    again: bool


@dataclass(eq=False)
class Viewer:
    """One session's open page. The run that draws it writes here, its beats read, each in a thread of its own.

    `pulse` is what its last `run` drew from, `verified_at` until when what the browser has was known to be true (None:
    it has nothing yet). `stands` tells whether who looks, and what they may look at, is as it was when it was drawn.
    """

    pulse: Pulse
    name: str = field(default_factory=lambda: uuid4().hex)
    stands: Callable[[], bool] = lambda: True
    run: int = 0
    called: bool = False
    """Whether it was told to be drawn again, and was not yet."""
    too_often: float = 0.0
    """The seconds to wait, where this run is not drawn because its account, or its address, asks too often."""
    verified_at: datetime | None = None
    drawn_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    turn: float = field(default_factory=random.random)
    """The place in the queue of those who come back after an outage: 0 to 1."""
    clock: Callable[[], float] = time.monotonic
    """Counts seconds."""
    beaten_at: float = field(init=False)
    _true_next: datetime | None = None
    _drawn_by: set[int] = field(default_factory=set)
    """The threads that draw it or wait for their turn to: two, where a click has overtaken a run."""
    _stays: bool = False
    """Whether it is at an earlier moment although the database answers: it is tried again, but not at each beat."""
    _told_at: float = -_SECONDS_TO_DRAW_AGAIN

    def __post_init__(self) -> None:
        """Count a new viewer as one whose heart beats."""
        self.beaten_at = self.clock()

    def waits(self) -> None:
        """Note that a run, this thread's, is about to begin."""
        self._drawn_by.add(threading.get_ident())

    def begin(self, pulse: Pulse) -> None:
        """Note what a run draws from; once the browser has it, that is as true as the database's last answer."""
        self._stays, self.run = False, self.run + 1
        self._true_next = None if pulse.trouble else pulse.verified_at or pulse.at
        self.pulse, self.drawn_at, self.beaten_at = pulse, datetime.now(UTC), self.clock()

    def stays_at(self, moment: datetime) -> None:
        """Note that what this run draws was true at an earlier moment, because a later one was asked for in vain."""
        self._true_next, self._stays = moment, self.pulse.trouble is None

    def not_drawn(self) -> None:
        """Note that this run draws nothing new: what is on the screen is what was there before."""
        self._true_next = None

    @property
    def drawing(self) -> bool:
        """Whether the page is being drawn, or waits for its turn."""
        return bool(self._drawn_by)

    def drawn(self) -> None:
        """Note that this thread's run has ended, whether or not it began to draw."""
        self._told_at = self.clock() if self._stays else -_SECONDS_TO_DRAW_AGAIN
        self._drawn_by.discard(threading.get_ident())

    def beat(self, run: int, pulse: Pulse) -> Beat:
        """Return what a browser hears that has this run, while `pulse` is what the watcher saw last."""
        now, self.beaten_at = datetime.now(UTC), self.clock()
        arrived = run == self.run and not self.drawing
        if arrived:
            self.verified_at, self._true_next = self._true_next or self.verified_at, None
            if self.verified_at and not pulse.trouble and self.pulse.at == pulse.at:
                self.verified_at = pulse.verified_at or pulse.at
        again = not self.drawing and self.beaten_at - self._told_at >= _SECONDS_TO_DRAW_AGAIN
        again = again and (not self.stands() or self._is_due(pulse, now) or self._is_lost(arrived, now))
        if again:
            self._told_at, self.called = self.beaten_at, True
        return Beat(now, self.verified_at or self._true_next or pulse.at, pulse.trouble is not None, again)

    def _is_due(self, pulse: Pulse, now: datetime) -> bool:
        """Whether something changed since the page was drawn.

        When the database comes back, the viewers follow one after the other, within a few seconds.
        """
        if pulse is self.pulse or pulse.seen == self.pulse.seen:
            return False
        if pulse.back_at and pulse.back_at != self.pulse.back_at:
            return now >= pulse.back_at + timedelta(seconds=_SECONDS_TO_COME_BACK * self.turn)
        return True

    def _is_lost(self, arrived: bool, now: datetime) -> bool:
        """Whether the browser should have what was drawn by now, and has not."""
        return not arrived and (now - self.drawn_at).total_seconds() >= _SECONDS_TO_DRAW_AGAIN


class Viewers:
    """Every open page, as long as its session lasts. Safe to share between threads."""

    def __init__(
        self, *, seconds_to_say_no: float = _SECONDS_TO_SAY_NO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with nobody. A refusal is drawn after so many seconds; `clock` counts those of the limits."""
        self._seconds_to_say_no, self._clock = seconds_to_say_no, clock
        self._open: WeakValueDictionary[str, Viewer] = WeakValueDictionary()
        self._guard = threading.Lock()
        self.turns = RunQueue()
        self._clicks = Pace(lambda share: share.clicks, clock=clock)
        self._pages = Pace(lambda share: share.pages, clock=clock)

    def enter(self, pulse: Pulse) -> Viewer:
        """Return a new viewer, who stays for as long as somebody holds them."""
        viewer = Viewer(pulse, clock=self._clock)
        with self._guard:
            self._open[viewer.name] = viewer
        return viewer

    def named(self, name: str) -> Viewer | None:
        """Return a viewer by the name that only their own browser knows; None for a name nobody has."""
        with self._guard:
            return self._open.get(name)

    @contextmanager
    def turn(self, viewer: Viewer, whose: Whose | None = None) -> Iterator[None]:
        """Draw a viewer's page in its turn, while the block runs; `whose` limits count for it (None: nobody's).

        Where they ask too often, `viewer.too_often` says so a while later, and the block has a turn to say it.
        """
        called, viewer.called = viewer.called, False
        rank = Rank.REFRESHED if called else Rank.CLICKED
        if whose and (not called or viewer.too_often):  # else who was refused would be drawn without being counted
            with self._guard:
                viewer.too_often = self._pages.wait(whose)
                quick = not viewer.too_often and self._clicks.wait(whose)
            if viewer.too_often:
                time.sleep(self._seconds_to_say_no)  # this thread's own time: it has no turn, and is not waited for
            rank = Rank.REFRESHED if viewer.too_often or quick else Rank.CLICKED
        viewer.waits()
        try:
            with self.turns.turn(rank, whose):
                yield
        finally:
            viewer.drawn()  # however it ended: a page that passed for being drawn would never be drawn again

    def at(self, moment: datetime) -> bool:
        """Return whether somebody's page was last drawn at a moment, or is being drawn."""
        with self._guard:
            return any(viewer.pulse.at == moment for viewer in self._open.values())

    def drawing(self) -> int:
        """Return how many pages are being drawn, or wait for their turn."""
        with self._guard:
            return sum(viewer.drawing for viewer in self._open.values())

    def count(self) -> int:
        """Return how many are there: whoever's heart beat in the last seconds."""
        since = self._clock() - _SECONDS_WITHOUT_A_BEAT
        with self._guard:
            return sum(viewer.beaten_at >= since for viewer in self._open.values())
