"""How well the fair ranking finds the worst units: simulated cities whose true shares are known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from queries.figures.ranking import shrunk

FIRST = 5
"""The length of a list of the units furthest behind."""
GOAL = (0.87, 0.93)
"""The share of true shares that the intervals should contain."""


@dataclass(frozen=True)
class City:
    """A city of `units` whose open cases are between `fewest` and `most`; many have few, and few have many.

    The true shares are beta distributed with mean `share`; `size` says how similar they are (their standard deviation
    is the root of share * (1 - share) / (1 + size)).
    """

    units: int
    fewest: int
    most: int
    share: float
    size: float


CITIES = [
    City(units, fewest, most, share, size)
    for fewest, most in ((5, 300), (5, 20))
    for units in (20, 40, 126)
    for share in (0.1, 0.3)
    for size in (4, 10, 30, 100)
]


@dataclass(frozen=True)
class Named:
    """The first five of a ranking, as shares of 1.

    `holds_worst`: runs in which they include the unit with the highest true share; `wronged`: those among them whose
    true share is below the city's mean; `share_of_first`: their mean true share.
    """

    holds_worst: float
    wronged: float
    share_of_first: float


@dataclass(frozen=True)
class Found:
    """The results of many runs of one city; `coverage` is the share of true shares inside their intervals."""

    city: City
    fair: Named
    naive: Named
    coverage: float


def simulate(city: City, *, runs: int, seed: int) -> Found:
    """Draw a city many times, rank it both ways and compare with the truth."""
    rng = np.random.default_rng(seed)
    named: dict[str, list[tuple[float, ...]]] = {"fair": [], "naive": []}
    covered = []
    for _run in range(runs):
        opened = cases(city, rng)
        truth = rng.beta(city.share * city.size, (1 - city.share) * city.size, city.units)
        late = rng.binomial(opened, truth)
        table = shrunk(pd.DataFrame({"overdue": late, "open": opened}))
        covered.append(float(((table["low"] <= truth) & (truth <= table["high"])).mean()))
        luck = rng.random(city.units)  # breaks ties at random
        for ranking, share in (("fair", table["fair_share"].to_numpy()), ("naive", late / opened)):
            first = truth[np.lexsort((luck, -share))[:FIRST]]
            named[ranking].append((first.max() == truth.max(), (first < truth.mean()).mean(), first.mean()))
    fair, naive = (Named(*(float(part) for part in np.mean(named[ranking], axis=0))) for ranking in ("fair", "naive"))
    return Found(city, fair, naive, float(np.mean(covered)))


def cases(city: City, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the number of cases of each unit: log-normal about 25, as in the demonstration city, within the bounds."""
    drawn = rng.lognormal(np.log(25), 1.0, city.units).round()
    return np.clip(drawn, city.fewest, city.most).astype(np.int64)


def report(console: Console, *, runs: int, seed: int) -> None:
    """Print the results for every city."""
    table = Table(show_edge=False)
    for name in ("cases", "units", "mean", "size", "worst in first 5", "naive", "wronged", "naive", "coverage", ""):
        table.add_column(name, justify="right")
    for city in CITIES:
        found = simulate(city, runs=runs, seed=seed)
        table.add_row(
            f"{city.fewest}-{city.most}",
            str(city.units),
            f"{city.share:.0%}",
            f"{city.size:g}",
            *(
                f"{getattr(ranking, measure):.1%}"
                for measure in ("holds_worst", "wronged")
                for ranking in (found.fair, found.naive)
            ),
            f"{found.coverage:.1%}",
            "" if GOAL[0] <= found.coverage <= GOAL[1] else "outside",
        )
    console.print(table)
    console.print(f"{runs} runs a row. Goal: coverage from {GOAL[0]:.0%} to {GOAL[1]:.0%}.")
