"""Fair ranking: shares of units with few cases and with many, made comparable (docs/ranking.md).

The model is the beta-binomial: each of a unit's `open` cases is overdue with the unit's own true share, and the true
shares of the units compared follow a beta distribution. That distribution has a mean and a size: how many cases a unit
needs before its own count weighs as much as the others' mean.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, betaln, expit, logit

FEWEST_OPEN = 5
"""With fewer open cases a share says nothing: the unit is listed but not ranked (docs/ranking.md). Published counts
need more (queries.small_numbers.FEWEST).
"""
INTERVAL = 0.90
"""The probability of an interval."""
CHANGE_SURE = 0.95
"""The probability from which a change is called better or worse."""
CHANGE_SPREAD = 0.003
"""How much a unit's share varies in a steady city beyond its own cases' chance: the variance, as a part of
share * (1 - share). Measured: `python -m bench change`."""
FEWEST_EXPECTED = 1.0
"""With fewer expected overdue cases, the ratio of overdue to expected says nothing."""

Order = Literal["fair", "naive"]
Numbers = NDArray[np.float64]

_LEAST, _MOST = (-15.0, -5.0), (15.0, 14.0)  # bounds of logit(mean), log(size)
_STEP = 0.1  # of the finite differences
_POINTS, _REACH = 9, 3.5  # grid points a side; half-width in standard deviations
_SLICES = 32


@dataclass(frozen=True)
class Spread:
    """The possible distributions of the units' true shares: means and sizes of beta distributions, with weights."""

    means: Numbers
    sizes: Numbers
    weights: Numbers


def spread(overdue: Numbers, opened: Numbers) -> Spread:
    """Fit the beta distribution of the units' true shares: the best fit, and a weighted grid of fits around it.

    The best fit maximises the marginal likelihood times a prior: the mean is uniform on 0 to 1, and so is the standard
    deviation of the true shares relative to the largest possible one, which is 1/sqrt(1 + size) (after Gelman, "Prior
    distributions for variance parameters in hierarchical models", Bayesian Analysis 1, 2006). The prior decides where
    the counts cannot: a single unit, all shares equal, nothing overdue. The grid, as wide as the curvature says, keeps
    intervals honest when few units say little about the spread.
    """

    from scipy.optimize import minimize  # 0.2 s of processor time, which a start of the dashboard need not wait for

    def surprise(place: Numbers) -> float:
        """Return minus the logarithm of the density at a place."""
        return -float(_log_density(place[:, None], overdue, opened)[0])

    pooled = logit((overdue.sum() + 0.5) / (opened.sum() + 1))
    first = np.array([np.clip(pooled, -10, 10), np.log(10.0)])
    corners = first + np.array([[0, 0], [1, 0], [0, 1]])
    search = {"initial_simplex": corners, "xatol": 0.01, "fatol": 0.001}
    bounds = list(zip(_LEAST, _MOST, strict=True))
    best = minimize(surprise, first, method="Nelder-Mead", bounds=bounds, options=search).x
    steps = np.eye(2) * _STEP
    curved = np.array(
        [[sum(i * j * surprise(best + i * a + j * b) for i in (1, -1) for j in (1, -1)) for b in steps] for a in steps]
    )
    values, axes = np.linalg.eigh(curved / (4 * _STEP**2))
    side = np.linspace(-_REACH, _REACH, _POINTS)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(side, side)])
    places = best[:, None] + (axes / np.sqrt(np.maximum(values, 0.05))) @ grid
    places = np.clip(places, np.array(_LEAST)[:, None], np.array(_MOST)[:, None])
    density = _log_density(places, overdue, opened)
    weights = np.exp(density - density.max())
    return Spread(expit(places[0]), np.exp(places[1]), weights / weights.sum())


def _log_density(places: Numbers, overdue: Numbers, opened: Numbers) -> Numbers:
    """Return the logarithm of the posterior density at places (logit of the mean; logarithm of the size)."""
    mean, size = expit(places[0]), np.exp(places[1])
    a, b = (mean * size)[:, None], ((1 - mean) * size)[:, None]
    likelihood = (betaln(overdue + a, opened - overdue + b) - betaln(a, b)).sum(axis=1)
    prior = -np.logaddexp(0, places[0]) - np.logaddexp(0, -places[0]) + places[1] - 1.5 * np.logaddexp(0, places[1])
    return np.asarray(likelihood + prior)


def shrunk(table: pd.DataFrame) -> pd.DataFrame:
    """Return units (with the columns overdue and open, at least one open case each) with estimates of their true
    shares.

    Added: fair_share (the posterior mean, 0 to 1: the unit's share shrunk toward the others' mean), low and high (the
    equal-tailed interval of INTERVAL), and alpha and beta, the beta distribution with the posterior's mean and variance
    (Kass and Steffey, "Approximate Bayesian inference in conditionally independent hierarchical models", JASA 84,
    1989).
    """
    if table.empty:
        return table.assign(**{name: pd.Series(dtype="float64") for name in _ADDED})
    overdue, opened = (table[name].to_numpy(dtype="float64") for name in ("overdue", "open"))
    found = spread(overdue, opened)
    alpha = (found.means * found.sizes)[:, None] + overdue
    size = found.sizes[:, None] + opened
    each = alpha / size
    mean = found.weights @ each
    variance = found.weights @ (each * (1 - each) / (size + 1) + (each - mean) ** 2)
    size = mean * (1 - mean) / variance - 1
    alpha, beta = mean * size, (1 - mean) * size
    tail = (1 - INTERVAL) / 2
    low, high = betaincinv(alpha, beta, tail), betaincinv(alpha, beta, 1 - tail)
    # If almost nothing is overdue, the mean can lie outside the interval.
    added = (mean, np.minimum(low, mean), np.maximum(high, mean), alpha, beta)
    return table.assign(**dict(zip(_ADDED, added, strict=True)))


_ADDED = ("fair_share", "low", "high", "alpha", "beta")


def ranked(table: pd.DataFrame, order: Order = "fair") -> pd.DataFrame:
    """Return ranked units (code, overdue, open), the furthest behind first.

    Added to the columns of `shrunk`: fair_place by the fair share, naive_place by the plain share, place: the one of
    the order asked for. 1 is the highest share, equal shares have equal places; null, and last, with fewer than
    FEWEST_OPEN open cases, or if a column `comparable` is false. Those count in the fit.
    """
    table = shrunk(table)
    enough = (table["open"] >= FEWEST_OPEN) & table.get("comparable", True)
    for each, share in (("fair", table["fair_share"]), ("naive", table["overdue"] / table["open"])):
        table[f"{each}_place"] = share.round(12).where(enough).rank(method="min", ascending=False)
    table["place"] = table[f"{order}_place"]
    return table.sort_values(
        ["place", "overdue", "open", "code"], ascending=[True, False, False, True], ignore_index=True
    )


def changed(table: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return the units of `ranked` with their change since before.

    Added: place_before, rose (the probability that the unit's true share is higher than before, the two taken as
    independent, each widened by CHANGE_SPREAD) and change: "worse" or "better" if that probability reaches CHANGE_SURE,
    else "unclear". All three are null for a unit without a place now or before.
    """
    earlier = before.set_index("key")[["place", "alpha", "beta"]].add_suffix("_before")
    table = table.join(earlier, on="key")
    compared = table["place"].notna() & table["place_before"].notna()
    table["place_before"] = table["place_before"].where(compared)
    table["rose"] = np.nan
    parts = table.loc[compared, ["alpha", "beta", "alpha_before", "beta_before"]].to_numpy(dtype="float64").T
    now, then = (pair / (1 + CHANGE_SPREAD * pair.sum(axis=0)) for pair in (parts[:2], parts[2:]))
    table.loc[compared, "rose"] = probability_of_more(*now, *then)
    words = np.select([table["rose"] >= CHANGE_SURE, table["rose"] <= 1 - CHANGE_SURE], ["worse", "better"], "unclear")
    table["change"] = pd.Series(words, index=table.index, dtype="object").where(compared, None)
    return table.drop(columns=["alpha_before", "beta_before"])


def probability_of_more(alpha: Numbers, beta: Numbers, alpha_before: Numbers, beta_before: Numbers) -> Numbers:
    """Return the probability that one beta distributed share is higher than an independent earlier one: 0 to 1.

    The later distribution is cut into slices of equal probability; the earlier one's distribution function is taken at
    the middle of each.
    """
    middles = (np.arange(_SLICES) + 0.5) / _SLICES
    shares = betaincinv(alpha[:, None], beta[:, None], middles)
    return np.asarray(betainc(alpha_before[:, None], beta_before[:, None], shares).mean(axis=1))


def expected(mix: pd.DataFrame, city: pd.DataFrame) -> "pd.Series[float]":
    """Return, by key, the overdue cases that the city's share of each category predicts for a unit's open cases.

    `mix` has a row for each key and category_id with its open cases, `city` one for each category_id with the city's
    open and overdue ones. The result is the sum over categories of open times the city's overdue share (indirect
    standardisation). A category without open cases in the city adds nothing.
    """
    shares = (city["overdue"] / city["open"]).set_axis(city["category_id"])
    predicted = mix["open"] * mix["category_id"].map(shares).fillna(0.0)
    return predicted.groupby(mix["key"]).sum().astype("float64")


def ratio(table: pd.DataFrame) -> "pd.Series[float]":
    """Return overdue divided by `expected` for units with both columns; null if too little was expected."""
    return table["overdue"] / table["expected"].where(table["expected"] >= FEWEST_EXPECTED)
