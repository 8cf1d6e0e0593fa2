"""Fair ranking: shares of units with few cases and with many, made comparable (docs/ranking.md).

The model is the beta-binomial: of the `open` cases of a unit each is overdue with the unit's own true share, and the
true shares of the units compared are spread as a beta distribution. That distribution has a mean and a size: how many
cases of its own a unit needs before its own count weighs as much as what is usual among the others.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betainc, betaincinv, betaln, expit, logit

FEWEST_OPEN = 5
"""With fewer open cases a share says nothing; the unit is listed but not ranked (docs/ranking.md). Of published counts
it takes more (queries.small_numbers.FEWEST)."""
INTERVAL = 0.90
"""How sure an interval is."""
CHANGE_SURE = 0.95
"""How probable a change must be before it is called one."""
CHANGE_SPREAD = 0.003
"""How much a unit's share varies in a steady city beyond what its own cases tell: the variance, as a part of
share * (1 - share). Measured: `python -m bench change`."""
FEWEST_EXPECTED = 1.0
"""With fewer overdue cases expected, the ratio of overdue to expected says nothing."""

Order = Literal["fair", "naive"]
Numbers = NDArray[np.float64]

_LEAST, _MOST = (-15.0, -5.0), (15.0, 14.0)  # logit of the mean, logarithm of the size: beyond, nothing changes
_STEP = 0.1  # for the curvature
_POINTS, _REACH = 9, 3.5  # points a side of the grid, and how many standard deviations it reaches
_SLICES = 32


@dataclass(frozen=True)
class Spread:
    """How the true shares of the units may be spread: means and sizes of beta distributions, and their weights."""

    means: Numbers
    sizes: Numbers
    weights: Numbers


def spread(overdue: Numbers, opened: Numbers) -> Spread:
    """Fit the beta distribution of the units' true shares: the best fit, and those around it as far as they are likely.

    The best fit is the maximum of the marginal likelihood times a prior: the mean is uniform from 0 to 1, and so is the
    standard deviation of the true shares as part of the largest possible one, which is 1/sqrt(1 + size) (after Gelman,
    "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1, 2006). The prior is what
    answers where the counts cannot: a single unit, all shares equal, nothing overdue. The fits around the best one, on
    a grid as wide as the curvature says, are what keeps intervals honest when few units tell little of the spread.
    """

    def surprise(place: Numbers) -> float:
        """Return how little the counts are to be expected at a place: minus the logarithm of its density."""
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
    """Return units (with the columns overdue and open, at least one open case each) with what their true shares may be.

    Added: fair_share (the posterior mean, 0 to 1: the unit's own share shrunk toward what is usual), low and high (the
    equal-tailed interval of INTERVAL), and alpha and beta, the beta distribution with the posterior's mean and variance
    that both come from (Kass and Steffey, "Approximate Bayesian inference in conditionally independent hierarchical
    models", JASA 84, 1989).
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
    # Where next to nothing is overdue anywhere, the mean can lie outside of the middle nine tenths.
    added = (mean, np.minimum(low, mean), np.maximum(high, mean), alpha, beta)
    return table.assign(**dict(zip(_ADDED, added, strict=True)))


_ADDED = ("fair_share", "low", "high", "alpha", "beta")


def ranked(table: pd.DataFrame, order: Order = "fair") -> pd.DataFrame:
    """Return units (code, overdue, open) in their order among themselves, the furthest behind first.

    Added to what `shrunk` adds: fair_place by the fair share, naive_place by the plain share, place: the one of the
    order asked for. 1 is the highest share, equal shares have equal places; null, and last, with fewer than FEWEST_OPEN
    open cases, or where a column `comparable` is false. Those count in the fit.
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
    """Return units as `ranked` gives them with what became of them since before.

    Added: place_before, rose (the probability that the unit's true share is higher than it was then, the two taken as
    independent, each less sure by CHANGE_SPREAD) and change: "worse" or "better" where that is as sure as CHANGE_SURE,
    else "unclear". All three are null for a unit that has no place now or had none then.
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
    """Return the probability that a share, beta distributed, is higher than an independent one before: 0 to 1.

    The later distribution is cut into slices of equal probability; of each one's middle the earlier one says how
    likely it was less.
    """
    middles = (np.arange(_SLICES) + 0.5) / _SLICES
    shares = betaincinv(alpha[:, None], beta[:, None], middles)
    return np.asarray(betainc(alpha_before[:, None], beta_before[:, None], shares).mean(axis=1))


def expected(mix: pd.DataFrame, city: pd.DataFrame) -> "pd.Series[float]":
    """Return, by key, how many overdue cases the city's share of each category predicts for what a unit holds open.

    `mix` has a row for each key and category_id with its open cases, `city` one for each category_id with the city's
    open and overdue ones. The sum, over the categories, of open times the city's overdue share (indirect
    standardisation). A category the city holds nothing of predicts nothing.
    """
    shares = (city["overdue"] / city["open"]).set_axis(city["category_id"])
    predicted = mix["open"] * mix["category_id"].map(shares).fillna(0.0)
    return predicted.groupby(mix["key"]).sum().astype("float64")


def ratio(table: pd.DataFrame) -> "pd.Series[float]":
    """Return overdue divided by `expected` for units with both columns; null where too little was expected."""
    return table["overdue"] / table["expected"].where(table["expected"] >= FEWEST_EXPECTED)
