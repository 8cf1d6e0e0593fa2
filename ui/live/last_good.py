"""The last moment at which each address was shown successfully: shown again while later moments fail."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from cachetools import LRUCache

_ADDRESSES = 2_000
SECONDS_TO_STAY, _SECONDS_TO_FAIL = 30, 60


@dataclass(frozen=True)
class Stay:
    """An earlier moment to show, and the kind of trouble with a later one (queries.trouble.Kind)."""

    at: datetime
    kind: str


@dataclass
class _Shown:
    at: datetime
    stay_until: float = 0.0
    kind: str = ""


class Shown:
    """Remembers, for all viewers, the last good moment of each address. Thread-safe."""

    def __init__(
        self, *, seconds_to_stay: float = SECONDS_TO_STAY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start empty. An address that failed stays where it is for so many seconds of `clock`."""
        self._seconds_to_stay, self._clock = seconds_to_stay, clock
        self._shown: LRUCache[Hashable, _Shown] = LRUCache(_ADDRESSES)
        self._guard = threading.Lock()

    def record_success(self, address: Hashable, at: datetime) -> None:
        """Note that an address was shown completely at a moment."""
        with self._guard:
            known = self._shown.get(address)
            if known is None or known.at < at:
                self._shown[address] = _Shown(at)

    def failed(self, address: Hashable, at: datetime, kind: str) -> bool:
        """Note that an address could not be shown, and why; return whether it has an earlier moment to show.

        That moment is kept for half a minute, so that not every refresh queries a slow database again.
        """
        with self._guard:
            known = self._shown.get(address)
            if known is None:
                return False
            if known.at >= at:  # the earlier answers are no longer cached either
                del self._shown[address]
                return False
            known.stay_until, known.kind = self._clock() + self._seconds_to_stay, kind
            return True

    def stays_at(self, address: Hashable, *, away: bool) -> Stay | None:
        """Return the earlier moment of an address: after a failure, and as long as the database is away."""
        with self._guard:
            known = self._shown.get(address)
            return Stay(known.at, known.kind) if known and (away or self._clock() < known.stay_until) else None

    def last_at(self, moment: datetime) -> bool:
        """Return whether a moment is the last good one of some address."""
        with self._guard:
            return any(known.at == moment for known in self._shown.values())

    def needs(self, moment: datetime) -> bool:
        """Return whether an address is shown at a moment, or was until it tried a later one, which may fail again."""
        since = self._clock() - _SECONDS_TO_FAIL
        with self._guard:
            return any(known.at == moment and known.stay_until > since for known in self._shown.values())

    def thaw(self) -> None:
        """Show no address at an earlier moment any longer."""
        with self._guard:
            for known in self._shown.values():
                known.stay_until = 0.0
