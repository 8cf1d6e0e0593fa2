"""Whether a difference exceeds chance: the tests behind every coloured change and every mark."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, bdtrik, betainc, betaln

CHANCE = 0.005
"""A difference counts if chance alone reaches it less often than this: the upper end of 99%."""
COUNT_SPREAD = 0.09
"""How much a standing count of a steady city varies beyond counting chance: the standard deviation, relative to the
count. Measured like SHARE_SPREAD: `python -m bench change`."""
SHARE_SPREAD = 0.001
"""The intra-class correlation of a share among one period's reports in a steady city."""

_SURE = 1.96  # standard deviations that chance alone exceeds one time in twenty


def beyond_chance(
    part: ArrayLike, whole: ArrayLike, other_part: ArrayLike, other_whole: ArrayLike
) -> NDArray[np.bool_]:
    """Return whether `part` of `whole` exceeds the others' share by more than chance; for one unit or many.

    The exact binomial test: if each of `whole` reports counted with the others' share as its probability, `part` or
    more would count with a probability below CHANCE (one side of a two-sided test at 99%). That probability is the
    incomplete beta function of the share, with `part` and `whole` - `part` + 1 (Abramowitz and Stegun, "Handbook of
    Mathematical Functions", 26.5.24). Without reports on either side the answer is no.
    """
    part, whole, other_part, other_whole = (np.asarray(count) for count in (part, whole, other_part, other_whole))
    other_part = np.maximum(other_part, 0)  # the difference of rounded counts may be negative
    share = other_part / np.maximum(other_whole, 1)
    above = (whole > 0) & (other_whole > 0) & (part * other_whole > other_part * whole)
    return np.asarray(above & (betainc(np.maximum(part, 1), whole - part + 1, share) < CHANCE))


def count_differs(now: ArrayLike, before: ArrayLike) -> NDArray[np.bool_]:
    """Return whether counts of open reports differ by more than chance in a steady city.

    Two conditions. The exact binomial test at 99%: each report could as well have been counted at the other moment. And
    the difference is larger than 19 of 20 differences if counts also vary by COUNT_SPREAD, as backlogs do, whose
    reports come in waves and stay for days.
    """
    now, before = (np.asarray(count, dtype="float64") for count in (now, before))
    exact = beyond_chance(np.maximum(now, before), now + before, 1, 2)
    variance = now + before + COUNT_SPREAD**2 * (now**2 + before**2)
    return np.asarray(exact & (np.abs(now - before) > _SURE * np.sqrt(variance)))


def share_differs(part: int, whole: int, part_before: int, whole_before: int) -> bool:
    """Return whether a share differs between two periods by more than chance in a steady city.

    Two conditions, as in `count_differs`: Fisher's exact test at 99%, and the difference is larger than 19 of 20 if the
    reports of one period are correlated by SHARE_SPREAD. Without reports in either period the answer is no.
    """
    if not whole or not whole_before:
        return False
    parts, wholes = part + part_before, whole + whole_before
    exact = _fisher(part, whole, parts, wholes) < CHANCE
    usual = parts / wholes
    variance = usual * (1 - usual) * (1 / whole + 1 / whole_before + 2 * SHARE_SPREAD)
    return bool(exact and abs(part / whole - part_before / whole_before) > _SURE * variance**0.5)


def _fisher(part: int, whole: int, parts: int, wholes: int) -> float:
    """Return the smaller one-sided probability of Fisher's exact test.

    `whole` reports are drawn from `wholes`, of which `parts` count; `part` of the drawn ones or fewer count, or `part`
    or more. The hypergeometric distribution, its binomial coefficients written as beta functions so that they fit in
    floats.
    """
    counts = np.arange(max(0, whole + parts - wholes), min(whole, parts) + 1)

    def ways(of: int, chosen: NDArray[np.int64] | int) -> NDArray[np.float64]:
        """The logarithm of the binomial coefficient."""
        return np.asarray(-betaln(of - chosen + 1, np.add(chosen, 1)) - np.log(of + 1))

    chances = np.exp(ways(parts, counts) + ways(wholes - parts, whole - counts) - ways(wholes, whole))
    return float(min(chances[counts <= part].sum(), chances[counts >= part].sum()))


def median_bounds(counts: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ranks (from 1) of the sorted values between which the true median lies at 99%.

    The sign test: each value lies below the true median with probability one half. For one count or many; if there are
    too few values, the ranks are 0 and the count plus one.
    """
    counts = np.asarray(counts).astype("int64")
    above = np.ceil(bdtrik(CHANCE, counts, 0.5))
    below = np.maximum(above - 1, 0)
    low = np.where(counts < 1, 0, np.where(bdtr(below, counts, 0.5) >= CHANCE, below, above))
    return low, counts + 1 - low
