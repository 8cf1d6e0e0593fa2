"""Random numbers tied to a report: the same report and purpose always give the same number."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Draws:
    """Random numbers for many reports, made from their ids and submission times; each call is a new purpose."""

    def __init__(self, ids: NDArray[np.int64], submitted_at: NDArray[np.datetime64]) -> None:
        moments = submitted_at.astype("datetime64[us]").astype(np.int64).astype(np.uint64)
        self._key = _mix(_mix(ids.astype(np.uint64)) ^ moments)
        self._purpose = np.uint64(0)

    def uniform(self) -> Floats:
        """Return numbers in [0, 1)."""
        self._purpose = _mix(np.array([self._purpose + np.uint64(1)]))[0]
        return np.asarray((_mix(self._key ^ self._purpose) >> np.uint64(11)) * 2.0**-53)

    def lognormal(self, middle: Floats | float, spread: Floats | float) -> Floats:
        """Return lognormal numbers with this median and this standard deviation of their logarithm."""
        radius = np.sqrt(-2 * np.log1p(-self.uniform()))
        return np.asarray(middle * np.exp(spread * radius * np.cos(2 * np.pi * self.uniform())))


def _mix(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble the bits of 64-bit numbers, as SplitMix64 does; overflow wraps around as intended."""
    x = numbers + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
