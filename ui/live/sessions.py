"""Open sessions: what each page was last drawn from, until when that was verified, and whether to draw it again."""

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
_SECONDS_TO_SAY_NO = 4.0  # a refusal is drawn after this delay, so that repeated requests cost little


class Beat(NamedTuple):
    """The answer to a heartbeat: the time, until when the page was verified, whether the database is away, and whether
    to have the page drawn again.
    """

    now: datetime
    verified_at: datetime
    away: bool
    again: bool


@dataclass(eq=False)
class Viewer:
    """One session's open page. Its run writes here and its heartbeats read, in different threads.

    `pulse` is what its last `run` drew from; `verified_at` is until when the browser's content was verified (None: it
    has none yet). `stands` tells whether the viewer and its rights are still those of the run.
    """

    pulse: Pulse
    name: str = field(default_factory=lambda: uuid4().hex)
    stands: Callable[[], bool] = lambda: True
    run: int = 0
    called: bool = False
    """Whether a heartbeat asked for a new run that has not begun."""
    too_often: float = 0.0
    """The seconds to wait if this run is refused because of a rate limit."""
    verified_at: datetime | None = None
    drawn_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    turn: float = field(default_factory=random.random)
    """The position in the queue of viewers after an outage: 0 to 1."""
    clock: Callable[[], float] = time.monotonic
    """Counts seconds."""
    beaten_at: float = field(init=False)
    _true_next: datetime | None = None
    _drawn_by: set[int] = field(default_factory=set)
    """The threads that draw it or wait for a slot: two if a click has overtaken a run."""
    _stays: bool = False
    """Whether it shows an earlier moment although the database answers: retried, but not at each heartbeat."""
    _told_at: float = -_SECONDS_TO_DRAW_AGAIN

    def __post_init__(self) -> None:
        """Count a new viewer as one whose heart beats."""
        self.beaten_at = self.clock()

    def waits(self) -> None:
        """Note that this thread's run is about to begin."""
        self._drawn_by.add(threading.get_ident())

    def begin(self, pulse: Pulse) -> None:
        """Note what a run draws from; once it reaches the browser, it is as current as the database's last answer."""
        self._stays, self.run = False, self.run + 1
        self._true_next = None if pulse.trouble else pulse.verified_at or pulse.at
        self.pulse, self.drawn_at, self.beaten_at = pulse, datetime.now(UTC), self.clock()

    def stays_at(self, moment: datetime) -> None:
        """Note that this run shows an earlier moment because a later one failed."""
        self._true_next, self._stays = moment, self.pulse.trouble is None

    def not_drawn(self) -> None:
        """Note that this run draws nothing new: the screen keeps what it shows."""
        self._true_next = None

    @property
    def drawing(self) -> bool:
        """Whether the page is being drawn or waits for a slot."""
        return bool(self._drawn_by)

    def drawn(self) -> None:
        """Note that this thread's run has ended, whether or not it drew anything."""
        self._told_at = self.clock() if self._stays else -_SECONDS_TO_DRAW_AGAIN
        self._drawn_by.discard(threading.get_ident())

    def beat(self, run: int, pulse: Pulse) -> Beat:
        """Answer the heartbeat of a browser that shows this run; `pulse` is the watcher's last poll."""
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
        """Whether something has changed since the page was drawn.

        After an outage the viewers' refreshes are spread over a few seconds.
        """
        if pulse is self.pulse or pulse.seen == self.pulse.seen:
            return False
        if pulse.back_at and pulse.back_at != self.pulse.back_at:
            return now >= pulse.back_at + timedelta(seconds=_SECONDS_TO_COME_BACK * self.turn)
        return True

    def _is_lost(self, arrived: bool, now: datetime) -> bool:
        """Whether the browser should have received the run by now and has not."""
        return not arrived and (now - self.drawn_at).total_seconds() >= _SECONDS_TO_DRAW_AGAIN


class Viewers:
    """All open pages, while their sessions last. Thread-safe."""

    def __init__(
        self, *, seconds_to_say_no: float = _SECONDS_TO_SAY_NO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with none. A refusal is drawn after so many seconds; `clock` counts those of the limits."""
        self._seconds_to_say_no, self._clock = seconds_to_say_no, clock
        self._open: WeakValueDictionary[str, Viewer] = WeakValueDictionary()
        self._guard = threading.Lock()
        self.turns = RunQueue()
        self._clicks = Pace(lambda share: share.clicks, clock=clock)
        self._pages = Pace(lambda share: share.pages, clock=clock)

    def enter(self, pulse: Pulse) -> Viewer:
        """Return a new viewer; it is dropped when no reference is left."""
        viewer = Viewer(pulse, clock=self._clock)
        with self._guard:
            self._open[viewer.name] = viewer
        return viewer

    def named(self, name: str) -> Viewer | None:
        """Return the viewer with a name, which only its own browser knows; None if unknown."""
        with self._guard:
            return self._open.get(name)

    @contextmanager
    def turn(self, viewer: Viewer, whose: Whose | None = None) -> Iterator[None]:
        """Draw a viewer's page in its slot while the block runs, within the limits of `whose` (None: no limits).

        If it is over the limit, `viewer.too_often` is set after a delay, and the block draws that message.
        """
        called, viewer.called = viewer.called, False
        rank = Rank.REFRESHED if called else Rank.CLICKED
        if whose and (not called or viewer.too_often):  # after a refusal a refresh counts too
            with self._guard:
                viewer.too_often = self._pages.wait(whose)
                quick = not viewer.too_often and self._clicks.wait(whose)
            if viewer.too_often:
                time.sleep(self._seconds_to_say_no)  # this thread holds no slot while it sleeps
            rank = Rank.REFRESHED if viewer.too_often or quick else Rank.CLICKED
        viewer.waits()
        try:
            with self.turns.turn(rank, whose):
                yield
        finally:
            viewer.drawn()  # on any exit: a page that stays marked as being drawn would never be drawn again

    def at(self, moment: datetime) -> bool:
        """Return whether a page was last drawn at a moment, or is being drawn."""
        with self._guard:
            return any(viewer.pulse.at == moment for viewer in self._open.values())

    def drawing(self) -> int:
        """Return how many pages are being drawn or wait for a slot."""
        with self._guard:
            return sum(viewer.drawing for viewer in self._open.values())

    def count(self) -> int:
        """Return how many viewers sent a heartbeat in the last seconds."""
        since = self._clock() - _SECONDS_WITHOUT_A_BEAT
        with self._guard:
            return sum(viewer.beaten_at >= since for viewer in self._open.values())
