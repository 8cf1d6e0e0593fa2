"""An attacker who subtracts published counts from each other (tests/test_attack_small_numbers.py)."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, get_args

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import FIELDS, SEVERITIES, Filters
from queries.engine.scope import FIGURES, Scope
from queries.figures.figures import STANDING, Dimension, figures, names
from queries.figures.figures import TABLED as FIGURE_NAMES
from queries.privacy.small_numbers import STEP, closed, coarsened
from queries.registry.registry import SHARES
from tests.conftest import DEMO_NOW

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
PAIRS = 10_000
OF_THE_PERIOD = {
    "received",
    "resolved_on_time",
    "resolved_late",
    "resolved_no_deadline",
    "refused",
    "rated",
    "satisfied",
}
"""Figures that grow with the period, at the same moment."""
HEADS_UNITS = 2


@dataclass(frozen=True)
class Told:
    """One published count: the attacker's bounds `least` to `most`, and the exact `truth` (reports)."""

    least: int
    most: int
    truth: int


NOT_TOLD = Told(0, STEP, 0)
"""A missing row of a figure: it counts nothing there."""


class Attacker:
    """Asks as a user who may not read the cases; also knows the truth, to judge what was found out."""

    def __init__(self, reports: ReportDatabase, zone: Any, scope: Scope, seed: int) -> None:
        self.reports, self.zone, self.scope = reports, zone, scope
        self.odd = random.Random(seed)
        self.members: dict[str, list[int]] = {
            one: [int(key) for key in names(reports, one).index] for one in DIMENSIONS
        }

    def filters(self) -> Filters:
        """Return random filters: any minute of two months, a period ending at any minute, up to two choices."""
        at = DEMO_NOW - timedelta(minutes=self.odd.randrange(60 * 24 * 60))
        start = at - timedelta(minutes=self.odd.randrange(1, 90 * 24 * 60))
        end = None if self.odd.random() < 0.5 else start + (at - start) * self.odd.random()
        chosen: dict[str, Any] = {}
        for name in self.odd.sample([*DIMENSIONS, "severity"], self.odd.choice([0, 0, 1, 1, 2])):
            if name not in self.members:
                chosen["severities"] = tuple(sorted(self.odd.sample(SEVERITIES, self.odd.choice([1, 2]))))
            else:
                chosen[FIELDS[name]] = tuple(sorted(self.odd.sample(self.members[name], self.odd.choice([1, 1, 1, 2]))))
        return Filters.of(at=at, zone=self.zone, start=start, end=end, scope=self.scope, **chosen)

    def neighbour(self, wide: Filters) -> tuple[Filters, set[str]]:
        """Return slightly narrower filters, and the figures that cannot grow with them."""
        free = [name for name in DIMENSIONS if not getattr(wide, FIELDS[name])]
        way = self.odd.choice(["choice", "start", "end", "square"])
        if way == "choice" and free:
            name = self.odd.choice(free)
            return wide.choosing(**{FIELDS[name]: (self.odd.choice(self.members[name]),)}), set(FIGURE_NAMES)
        if way == "square" and not wide.square:
            west, south = 105_700 + self.odd.randrange(200), 20_900 + self.odd.randrange(200)
            return replace(wide, square=(west, south, west + 40, south + 40)), set(FIGURE_NAMES)
        by = timedelta(minutes=self.odd.choice([1, 1, 10, 60, 600, 1440, 3000]))
        if way == "end":
            return wide.within(end=max(wide.start, wide.end - by)), OF_THE_PERIOD
        return wide.within(start=min(wide.end, wide.start + by)), OF_THE_PERIOD

    def ask(self, filters: Filters, by: Dimension | None) -> dict[tuple[Any, str], Told]:
        """Return the published count of each row and figure, without the reports that a head may read."""
        told = self._counts(filters, by)
        truth = self._truth(filters.choosing(scope=FIGURES), by)
        if filters.scope.counts_all:
            return {key: Told(count, count, count) for key, count in told.items()}
        if filters.exact:
            return dict.fromkeys(told, Told(0, 0, 0))
        mine = self._mine(filters, by)
        cells = 1
        for field in (*FIELDS.values(), "severities"):
            cells *= max(1, len(getattr(filters, field)))
        found = {}
        for key in {*told, *truth}:
            # A sum of figures is published as the sum of their published counts.
            parts = cells * {"satisfied": 2, "rated": 3}.get(key[1], 1)
            own, exact = mine.get(key, 0), truth.get(key, 0)
            low = told.get(key, 0) - own
            found[key] = Told(low, low + STEP * parts, exact - own)
        return found

    def _mine(self, filters: Filters, by: Dimension | None) -> dict[tuple[Any, str], int]:
        """Return the exact counts that a head gets: of the request, what their own units hold."""
        own = self.scope.units if not filters.units else tuple(set(filters.units) & set(self.scope.units))
        if not own:
            return {}
        return self._truth(filters.choosing(units=own), by)

    def _truth(self, filters: Filters, by: Dimension | None) -> dict[tuple[Any, str], int]:
        """Return the exact counts behind a published one: at the full hour, or at the period's end."""
        coarse = coarsened(self.reports, filters)
        standing, period = self._counts(coarse, by), self._counts(closed(coarse), by)
        of_period = {key: count for key, count in period.items() if key[1] not in STANDING}
        return {key: count for key, count in standing.items() if key[1] in STANDING} | of_period

    def _counts(self, filters: Filters, by: Dimension | None) -> dict[tuple[Any, str], int]:
        table = figures(self.reports, filters, by=by)
        keys = [None if pd.isna(key) else int(key) for key in table["key"]]
        return {
            (key, name): int(count)
            for name in FIGURE_NAMES
            for key, count in zip(keys if by else [None] * len(keys), table[name], strict=True)
        }


def pairs(attacker: Attacker, wanted: int) -> Iterator[tuple[str, Told, Told]]:
    """Yield pairs of counts, the narrower one first, with their questions."""
    found = 0
    while found < wanted:
        wide = attacker.filters()
        by = attacker.odd.choice([None, *DIMENSIONS])
        narrow, smaller = attacker.neighbour(wide)
        answers = attacker.ask(narrow, by), attacker.ask(wide, by)
        both = [(key, figure) for key, figure in answers[1] if figure in smaller and (key, figure) in answers[0]]
        both = attacker.odd.sample(both, min(len(both), 400))
        for cell in both:
            yield f"{cell} of {narrow} in {wide}", answers[0][cell], answers[1][cell]
        shares = [(share.part, share.whole) for share in SHARES.values()]
        parts = [
            (key, part, whole)
            for key in {key for key, _figure in answers[1]}
            for part, whole in [
                *(pair for pair in shares if set(pair) <= set(FIGURE_NAMES)),
                ("urgent", "open"),
            ]
        ]
        for key, part, whole in attacker.odd.sample(parts, min(len(parts), 150)):
            told = [answers[1].get((key, one), NOT_TOLD) for one in (part, whole)]
            yield f"{part} in {whole} of {key}, {wide}", told[0], told[1]
            found += 1
        found += len(both)


def isolates(narrow: Told, wide: Told) -> bool:
    """Whether two counts prove that there are one to four reports between them."""
    return wide.least - narrow.most >= 1 and 1 <= wide.truth - narrow.truth < STEP


def is_single(one: Told) -> bool:
    """Whether a single count proves that there are one to four reports."""
    return one.least >= 1 and 1 <= one.truth < STEP
