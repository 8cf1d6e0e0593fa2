"""A rate limit for each viewer: a burst, then a steady rate."""

import time
from collections.abc import Callable, Hashable

from cachetools import LRUCache

_MOST_KNOWN = 10_000  # viewers; the one idle longest is dropped, and starts again with a full bucket


class RateLimiter:
    """A token bucket for each viewer, stored as the time at which it is full again.

    This is the generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): it answers like a bucket that drips,
    with one number a viewer and nothing to refill. Not thread-safe.
    """

    def __init__(self, *, at_once: int, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow a burst of `at_once` requests and `per_second` in the long run; `clock` returns seconds."""
        self._each = 1 / per_second
        self._room = at_once / per_second
        self._clock = clock
        self._full_at: LRUCache[Hashable, float] = LRUCache(_MOST_KNOWN)

    def wait(self, who: Hashable) -> float:
        """Count a request of `who` and return 0; if it comes too soon, return the seconds to wait without counting."""
        now = self._clock()
        full_at = max(self._full_at.get(who, now), now) + self._each
        if (seconds := full_at - now - self._room) > 1e-6:
            return seconds
        self._full_at[who] = full_at
        return 0.0
