"""Signals worth a second look: a unit's shares compared with the rest of the city's."""

from dataclasses import dataclass

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.chance import beyond_chance
from queries.figures.figures import figures, with_sums
from queries.privacy.small_numbers import FEWEST, counts
from queries.registry.registry import FIGURES

SIGNALS = {figure.name: figure.signal_of for figure in FIGURES.values() if figure.signal_of}
"""Each signal's figure, and the whole it is a share of."""


@dataclass(frozen=True)
class Signal:
    """One signal of a unit: `part` of `whole` reports, the city's beside it, and whether it is marked."""

    figure: str
    whole_figure: str
    part: int
    whole: int
    city_part: int
    city_whole: int

    @property
    def stands_out(self) -> bool:
        """Whether the unit's share exceeds the rest of the city's by more than chance."""
        return bool(beyond_chance(self.part, self.whole, self.city_part - self.part, self.city_whole - self.whole))


def signals(reports: ReportDatabase, filters: Filters, city: Filters) -> list[Signal]:
    """Return the signals for `filters` beside those of the `city` they are part of, in the order of SIGNALS.

    A report counts for the unit that holds it at the moment. Raises DatabaseAway.
    """
    own, all_of_it = (_counts(reports, which) for which in (filters, city))
    return [
        Signal(figure, whole, own[figure], own[whole], all_of_it[figure], all_of_it[whole])
        for figure, whole in SIGNALS.items()
    ]


def _counts(reports: ReportDatabase, filters: Filters) -> dict[str, int]:
    row = with_sums(figures(reports, filters)).iloc[0]
    answer = _own_counts(reports, filters, by=None)
    found = dict.fromkeys(SIGNALS, 0) | {name: int(row[name]) for name in {*SIGNALS.values(), "refused"}}
    return found | dict(zip(answer["figure"], map(int, answer["reports"]), strict=True))


def signals_by_unit(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return every marked signal of every unit, the furthest above the city's share first.

    Columns: figure, whole_figure, key, code, name_vi, name_en, part, whole, city_part, city_whole (reports). Raises
    DatabaseAway.
    """
    asked = filters.counting()
    return reports.remember(("signals by unit", asked), lambda: _by_unit(reports, asked))


def _own_counts(reports: ReportDatabase, filters: Filters, *, by: str | None) -> pd.DataFrame:
    """Return the counts of signals that are not figures themselves: figure, key, reports."""
    return counts(
        reports,
        filters,
        ("signals", by),
        lambda counted: reports.ask("signals", **counted.parameters(), by=by),
        keys={"figure": "figure", "key": by},
        columns=["reports"],
    )


def _by_unit(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    of_city = with_sums(figures(reports, filters, by="unit"))  # including reports without a unit
    table = of_city.dropna(subset="key").set_index("key")
    counts = _own_counts(reports, filters, by="unit")
    whole_city = _counts(reports, filters)
    answer = counts.dropna(subset="key").astype({"key": "int64"})
    parts = answer.pivot_table("reports", "key", "figure", aggfunc="sum").reindex(table.index)
    found = []
    for figure, whole in SIGNALS.items():
        part = table.get(figure, parts.get(figure, pd.Series(0, index=table.index))).fillna(0).astype("int64")
        every = pd.DataFrame({"figure": figure, "whole_figure": whole, **table[["code", "name_vi", "name_en"]]})
        city_part, city_whole = whole_city[figure], whole_city[whole]
        every = every.assign(part=part, whole=table[whole], city_part=city_part, city_whole=city_whole)
        others = every["city_part"] - every["part"], every["city_whole"] - every["whole"]
        found.append(every[beyond_chance(every["part"], every["whole"], *others)])
    shown = pd.concat(found).reset_index()
    shown = shown if filters.exact else shown[shown["whole"] >= FEWEST]
    above = shown["part"] * shown["city_whole"] / (shown["whole"] * shown["city_part"])
    return shown.iloc[above.argsort(kind="stable")[::-1]].reset_index(drop=True)
