"""How often one viewer may ask: so many at once, then at a steady rate."""

import time
from collections.abc import Callable, Hashable

from cachetools import LRUCache

_MOST_KNOWN = 10_000  # viewers; who was away longest is forgotten, and begins anew with a full bucket


class RateLimiter:
    """A token bucket for each who asks, kept as the moment at which it is full again.

    That is the generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): the same answers as a bucket that
    drips, with one number for each viewer and nothing to refill. For one thread.
    """

    def __init__(self, *, at_once: int, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `at_once` requests together, and `per_second` in the long run; `clock` counts seconds."""
        self._each = 1 / per_second
        self._room = at_once / per_second
        self._clock = clock
        self._full_at: LRUCache[Hashable, float] = LRUCache(_MOST_KNOWN)

    def wait(self, who: Hashable) -> float:
        """Count a request of `who` and return 0; or, where they have to wait, the seconds, and count nothing."""
        now = self._clock()
        full_at = max(self._full_at.get(who, now), now) + self._each
        if (seconds := full_at - now - self._room) > 1e-6:
            return seconds
        self._full_at[who] = full_at
        return 0.0
