"""The measures that colour areas, and their scales: few steps with round bounds."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
from babel.numbers import format_decimal, format_percent

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import Dimension, figures, timed, with_sums
from queries.privacy.small_numbers import FEWEST
from ui.base.i18n import FEW, NOTHING, Language, catalogue, rounded
from ui.base.theme import OVERDUE_BOUNDS

MEASURES = ("overdue", "backlog", "received", "time")
"""Overdue of open; open; received in the period per 10,000 inhabitants; median handling time. The default first."""
FIGURES = {"overdue": "open", "backlog": "open", "received": "received", "time": "resolved"}
"""The figure behind each measure."""
STEPS = 6
"""The number of colours of a scale; theme.py holds as many for each."""

_INHABITANTS = 10_000
_EQUAL = tuple(part / STEPS for part in range(1, STEPS))
_HOURS = (1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 240, 336, 480, 720, 1080, 1440, 2160)


@dataclass(frozen=True)
class Scale:
    """A measure and the bounds between its colours, ascending, fewer than STEPS."""

    measure: str
    bounds: tuple[float, ...]

    def step(self, value: float) -> int:
        """Return the colour of a value, 0 the lightest. If there are bounds, the darkest is always used."""
        return bisect_right(self.bounds, value)


def measured(reports: ReportDatabase, filters: Filters, level: Dimension, measure: str) -> pd.DataFrame:
    """Return the figures of each area for `values` and the words beside them. Raises DatabaseAway."""
    ask = timed if measure == "time" else figures
    return with_sums(ask(reports, filters, by=level))


def values(table: pd.DataFrame, population: pd.Series, measure: str) -> pd.Series:
    """Return each area's measure by key: reports, a share (0 to 1), reports per 10,000 inhabitants, or hours.

    `table` has figures by `key`, `population` the inhabitants by key. Missing if there is nothing to measure: no open
    report, no population known, no report resolved.
    """
    known = table.dropna(subset="key").set_index("key")
    if measure == "overdue":
        found = known["overdue"] / known["open"].where(known["open"] >= (FEWEST if rounded() else 1))
    elif measure == "backlog":
        found = known["open"].reindex(population.index, fill_value=0)
    elif measure == "received":
        inhabitants = population.astype("float64")
        found = known["received"].reindex(inhabitants.index, fill_value=0)
        found = found / inhabitants.where(inhabitants > 0) * _INHABITANTS
    else:
        found = known["median_hours"]
    return found.reindex(population.index).astype("float64")


def scale(measure: str, found: pd.Series) -> Scale:
    """Return the scale for these values; the overdue share's is always the same."""
    if measure == "overdue":
        return Scale(measure, OVERDUE_BOUNDS)
    return Scale(measure, round_bounds(found.dropna(), _HOURS if measure == "time" else None))


def crowd_bounds(counts: Iterable[float]) -> tuple[float, ...]:
    """Return round bounds for counts of which a few are far above the rest: most squares of a city have few reports."""
    return tuple(bound for bound in round_bounds(counts, parts=(0.3, 0.6, 0.8, 0.92, 0.98)) if bound > 1)


def round_bounds(
    found: Iterable[float], ladder: Sequence[float] | None = None, parts: Sequence[float] = _EQUAL
) -> tuple[float, ...]:
    """Return at most STEPS - 1 round bounds, near the given quantiles of the values.

    Round bounds are on the `ladder`, or 1, 1.5, 2, 3, 5, 7 times a power of ten.
    """
    ordered = sorted(value for value in found if value > 0)
    if not ordered:
        return ()
    cuts = [ordered[int(len(ordered) * part)] for part in parts]
    steps = ladder or [digit * 10.0**power for power in range(-2, 8) for digit in (1, 1.5, 2, 3, 5, 7)]
    return tuple(sorted({min(steps, key=lambda step: abs(step / cut - 1)) for cut in cuts}))


def value_words(measure: str, value: float, language: Language) -> str:
    """Return a value in words with its unit, if any. A published 0 means "few"."""
    if not value and rounded() and measure in ("overdue", "backlog"):
        return FEW if measure == "backlog" else NOTHING
    if measure == "overdue":
        return str(format_percent(value, format="0.#%", locale=language))
    if measure == "time":
        _ = catalogue(language).gettext
        if value < 48:
            return _("{hours} h").format(hours=format_decimal(value, format="#,##0.#", locale=language))
        return _("{days} days").format(days=format_decimal(value / 24, format="#,##0.#", locale=language))
    return str(format_decimal(value, format="#,##0.##" if value < 1 else "#,##0.#", locale=language))


def step_words(of: Scale, language: Language) -> list[str]:
    """Return each colour's range in words, the lightest first."""
    _ = catalogue(language).gettext
    bounds = [value_words(of.measure, bound, language) for bound in of.bounds]
    if not bounds:
        return []
    between = [f"{low} – {high}" for low, high in pairwise(bounds)]
    if of.measure == "backlog":  # whole reports: from 3 up to 15 means 3 to 14
        tops = [value_words(of.measure, bound - 1, language) for bound in of.bounds]
        between = [low if low == top else f"{low} – {top}" for low, top in zip(bounds, tops[1:], strict=False)]
    return [
        _("under {bound}").format(bound=bounds[0]),
        *between,
        _("{bound} and more").format(bound=bounds[-1]),
    ]
