"""What was last shown whole at each address: the moment to stay at when a later one cannot be asked for."""

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
    """An earlier moment to stay at, and the kind of trouble that keeps a later one away (queries.trouble.Kind)."""

    at: datetime
    kind: str


@dataclass
class _Shown:
    at: datetime
    stay_until: float = 0.0
    kind: str = ""


class Shown:
    """Remembers, for every viewer, the moment each address was last shown whole at. Safe to share between threads."""

    def __init__(
        self, *, seconds_to_stay: float = SECONDS_TO_STAY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with nothing shown. An address that failed stays where it is for so many seconds of `clock`."""
        self._seconds_to_stay, self._clock = seconds_to_stay, clock
        self._shown: LRUCache[Hashable, _Shown] = LRUCache(_ADDRESSES)
        self._guard = threading.Lock()

    def record_success(self, address: Hashable, at: datetime) -> None:
        """Note that an address was shown whole at a moment."""
        with self._guard:
            known = self._shown.get(address)
            if known is None or known.at < at:
                self._shown[address] = _Shown(at)

    def failed(self, address: Hashable, at: datetime, kind: str) -> bool:
        """Note that a kind of trouble kept an address from being shown; return whether it has a moment to stay at.

        It is stayed at for half a minute: a database that is slow is not asked again by every refresh.
        """
        with self._guard:
            known = self._shown.get(address)
            if known is None:
                return False
            if known.at >= at:  # not even that is remembered any more
                del self._shown[address]
                return False
            known.stay_until, known.kind = self._clock() + self._seconds_to_stay, kind
            return True

    def stays_at(self, address: Hashable, *, away: bool) -> Stay | None:
        """Return where an address stays, if it does: after it failed, and as long as the database is away."""
        with self._guard:
            known = self._shown.get(address)
            return Stay(known.at, known.kind) if known and (away or self._clock() < known.stay_until) else None

    def last_at(self, moment: datetime) -> bool:
        """Return whether a moment is the last an address was shown whole at: where it goes back to."""
        with self._guard:
            return any(known.at == moment for known in self._shown.values())

    def needs(self, moment: datetime) -> bool:
        """Return whether an address stays at a moment, or did until it tried a later one, which may fail again."""
        since = self._clock() - _SECONDS_TO_FAIL
        with self._guard:
            return any(known.at == moment and known.stay_until > since for known in self._shown.values())

    def thaw(self) -> None:
        """Stay nowhere any longer."""
        with self._guard:
            for known in self._shown.values():
                known.stay_until = 0.0
