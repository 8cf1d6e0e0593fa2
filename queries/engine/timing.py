"""Query times and recent failures, in memory since the process began."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

_TIMES_KEPT = 500
_TROUBLES_KEPT = 20


@dataclass(frozen=True)
class Timing:
    """One question: how often it was asked and failed, and how long it took, in seconds.

    `median` and `p95` cover the last 500 answers, `total` all.
    """

    question: str
    count: int
    failed: int
    total: float
    median: float
    p95: float


@dataclass(frozen=True)
class Mishap:
    """A failure: when, what kind of trouble, and which question."""

    at: datetime
    kind: str
    question: str


@dataclass
class _Times:
    kept: NDArray[np.float32] = field(default_factory=lambda: np.zeros(_TIMES_KEPT, "float32"))
    """The last times in a ring buffer of fixed size: a list would grow until it is full."""
    count: int = 0
    failed: int = 0
    total: float = 0.0

    def lately(self) -> NDArray[np.float32]:
        """Return a copy of the last times, in seconds."""
        return self.kept[: self.count].copy()


class Timings:
    """Records each question's time. Thread-safe."""

    def __init__(self) -> None:
        """Start empty."""
        self._times: dict[str, _Times] = {}
        self._mishaps: deque[Mishap] = deque(maxlen=_TROUBLES_KEPT)
        self.seconds = 0.0
        """The total time of all answers."""
        self._guard = threading.Lock()

    def answered(self, question: str, seconds: float) -> None:
        """Record a question's time in seconds."""
        with self._guard:
            times = self._times.setdefault(question, _Times())
            times.kept[times.count % _TIMES_KEPT] = seconds
            times.count += 1
            times.total += seconds
            self.seconds += seconds

    def failed(self, question: str, kind: str) -> None:
        """Record a failed question; repeated failures of the same kind are recorded once."""
        with self._guard:
            self._times.setdefault(question, _Times()).failed += 1
            last = self._mishaps[-1] if self._mishaps else None
            if last is None or (last.kind, last.question) != (kind, question):
                self._mishaps.append(Mishap(datetime.now(UTC), kind, question))

    def table(self) -> list[Timing]:
        """Return every question's times, the largest total first."""
        with self._guard:
            noted = [(question, times, times.lately()) for question, times in self._times.items()]
        found = []
        for question, times, lately in noted:
            median, p95 = np.percentile(lately, (50, 95)) if len(lately) else (0.0, 0.0)
            found.append(Timing(question, times.count, times.failed, times.total, float(median), float(p95)))
        return sorted(found, key=lambda timing: (-timing.total, timing.question))

    def mishaps(self) -> list[Mishap]:
        """Return recent failures, the newest first."""
        with self._guard:
            return list(reversed(self._mishaps))
