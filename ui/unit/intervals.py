"""Adjusted shares drawn with their intervals on one scale, beside the city's share."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.figures.overdue import city_overdue
from ui.address.links import WHOLE_CITY, address, carried
from ui.base.i18n import _, number, percent
from ui.base.page_paths import CASES
from ui.base.run import Run
from ui.figures.count import Count


@dataclass(frozen=True)
class Drawn:
    """Where a unit's interval, its adjusted share and the city's lie, in hundredths of the scale, and in words."""

    left: float
    width: float
    dot: float
    city: float | None
    share: str
    range: str
    words: str


@dataclass(frozen=True)
class Legend:
    """What a list says of its scale: where it ends, and the city's overdue and open reports."""

    top: str
    city: Count
    share: str


@dataclass(frozen=True)
class Scale:
    """The scale of a list, from 0 to `top` (a share), and the city's overdue and open reports."""

    top: float
    overdue: int
    open: int
    href: str

    @property
    def legend(self) -> Legend:
        """Return the scale's description, ready to draw."""
        raw = f"{number(self.overdue)}/{number(self.open)}"
        city = Count("overdue", self.overdue, self.href, raw)
        return Legend(f"{number(self.top * 100)}%", city, percent(self.overdue, self.open))

    def drawn(self, row: Any) -> Drawn:
        """Return where a unit's interval lies."""
        low, share, high = (row[name] for name in ("low", "fair_share", "high"))
        city = self.overdue / self.open if self.open else None
        return Drawn(
            left=self._place(low),
            width=round(self._place(high) - self._place(low), 2),
            dot=self._place(share),
            city=None if city is None else self._place(city),
            share=percent(share, 1),
            range=_("{low} to {high}", low=percent(low, 1), high=percent(high, 1)),
            words=_(
                "Adjusted share {share}; with 90% probability it lies from {low} to {high}; the whole city {city}",
                share=percent(share, 1),
                low=percent(low, 1),
                high=percent(high, 1),
                city=percent(self.overdue, self.open),
            ),
        )

    def _place(self, share: float) -> float:
        return round(min(share / self.top, 1) * 100, 2)


def scale(run: Run, table: pd.DataFrame) -> Scale:
    """Return the scale for some units' intervals (rows of queries.ranking), up to the next tenth."""
    late, opened = city_overdue(run.reports, run.filters)
    widest = max(table["high"].max() if len(table) else 0.0, late / opened if opened else 0.0)
    href = address(CASES, **carried(run) | WHOLE_CITY | {"figure": "overdue", "sort": "most_late"})
    return Scale(min(max(math.ceil(widest * 10) / 10, 0.1), 1.0), late, opened, href)
