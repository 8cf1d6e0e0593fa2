"""Counts for those who may not read the cases behind them: no single report can be told from what is published.

One rule for every count (docs/access.md, "Small numbers"). A published count is the exact one rounded down to a
multiple of STEP, where an exact multiple may also be published as the one below: N stands for N to N + STEP, and 0 for
at most STEP. Which of the two it is, a coin decides, one for each count that can be asked for. So the sums and
differences of published counts never prove that anything lies between them unless at least STEP reports do: 10 and 15
may both stand for 15.

What can be asked for is coarse: full hours, whole days, squares of the city's grid. Of several districts (or units,
...) together the published counts of each are added. So there are few ways to ask for the same reports again.

Queries ask through `counts`, which hands out exact numbers to whoever may read the cases. A query that does not, fails
for everybody else (Filters.parameters).
"""

import os
import secrets
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from functools import cache
from hashlib import blake2b
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from queries.engine.database import ReportDatabase
from queries.engine.filters import FIELDS, TICK, Filters, Square
from queries.engine.scope import AGGREGATES_ONLY
from queries.registry.registry import FIGURES, PARTS

STEP = 5
"""What counts are rounded to. No published numbers tell of fewer reports than this."""
FEWEST = 10 * STEP
"""Of fewer published reports no share is told or ranked: rounding alone moves it by a tenth or more."""
MOST_KINDS = 3
"""So many kinds of choices (district, unit, category, ...) narrow a published count; of more nothing is told."""
MOST_CELLS = 60
"""So many combinations of choices are added up at most; of more nothing is told."""
KEY_VARIABLE = "REPORT_ROUNDING_KEY"
"""What the coins are drawn from: the same words in every process of a dashboard that runs in several."""

_KINDS = frozenset({*FIELDS, "severity", "square"})
_PARTS = (*PARTS, ("by_rule", "reports"))
"""Parts and their wholes: a part is published as no more than its whole."""

Make = Callable[[Filters], pd.DataFrame]
_Rows = dict[tuple[Any, ...], NDArray[np.int64]]


def counts(
    reports: ReportDatabase,
    filters: Filters,
    name: Hashable,
    make: Make,
    *,
    columns: Sequence[str],
    keys: Mapping[str, str | None] | None = None,
    keep: bool = False,
) -> pd.DataFrame:
    """Return what `make` counts with these filters: as it is for whoever may read those cases, else as published.

    `make` returns a table of counts (reports), a row for each value of `keys`, which name what each key column holds: a
    dimension (None: nothing, the column is the same in all rows). A published table has the key columns and `columns`,
    named by the figures they count; its rows of nought are left out unless they are to `keep`. `name` tells this table
    from others. Raises DatabaseAway.
    """
    if filters.exact:
        counted = filters.counting()
        return reports.remember((name, counted), lambda: make(counted))
    coarse = coarsened(reports, filters)
    if all(map(_of_a_period, columns)):
        coarse = closed(coarse)
    return reports.remember(
        (name, "published", coarse), lambda: _published(coarse, make, tuple(columns), keys or {}, keep=keep)
    )


def rounded(count: int, coin: int) -> int:
    """Return a count as it is published; `coin` is 0 or 1."""
    return STEP * max(0, (count - coin) // STEP)


def settled(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the full hour, of the city's time, that a published count speaks of."""
    return at.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(at.tzinfo)


def coarsened(reports: ReportDatabase, filters: Filters) -> Filters:
    """Return filters as published counts know them: a full hour, whole days, whole squares. Raises DatabaseAway."""
    at = settled(filters.at, filters.zone)
    end = at + TICK if filters.end > filters.at else min(_midnight(filters.end, filters.zone), at + TICK)
    start = min(_midnight(filters.start, filters.zone), end)
    return replace(filters, at=at, start=start, end=end, square=_snapped(reports, filters.square))


def closed(coarse: Filters) -> Filters:
    """Return coarse filters as counts of a period know them: one that has ended is told as it stood at its end.

    So its counts are the same whenever they are asked for, and their coins are drawn once.
    """
    return replace(coarse, at=min(coarse.at, max(coarse.end, coarse.start)))


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(moment.astimezone(zone).date(), time.min, zone).astimezone(moment.tzinfo)


def _snapped(reports: ReportDatabase, square: Square) -> Square:
    """Return a square with its sides on the lines of the city's grid."""
    if not square:
        return ()
    wide, high = (int(side) for side in reports.ask("grid").iloc[0])
    west, south, east, north = square
    return (
        (west + 180_000) // wide * wide - 180_000,
        (south + 90_000) // high * high - 90_000,
        -(-(east + 180_000) // wide) * wide - 180_000,
        -(-(north + 90_000) // high) * high - 90_000,
    )


def _published(
    coarse: Filters, make: Make, columns: tuple[str, ...], keys: Mapping[str, str | None], *, keep: bool
) -> pd.DataFrame:
    found: _Rows = {}
    cells = list(_cells(coarse))
    for cell in cells if len(cells) <= MOST_CELLS else ():
        for key, told in _told(cell, make, columns, keys).items():
            found[key] = found[key] + told if key in found else told
    if not keys:
        found = found or {(): np.zeros(len(columns), "int64")}
    elif not keep:
        found = {key: told for key, told in found.items() if told.any()}
    return _table(found, columns, tuple(keys))


def _cells(filters: Filters) -> Iterator[Filters]:
    """Yield the filters with one member of each dimension chosen, where several are."""
    fields = [field for field in (*FIELDS.values(), "severities") if getattr(filters, field)]
    for members in product(*(getattr(filters, field) for field in fields)):
        yield filters.choosing(**{field: (member,) for field, member in zip(fields, members, strict=True)})


def _told(cell: Filters, make: Make, columns: tuple[str, ...], keys: Mapping[str, str | None]) -> _Rows:
    """Return what is published of one cell: what a head's own units hold as it is, and the rest rounded."""
    own = cell.scope.units
    counted = replace(cell, scope=AGGREGATES_ONLY)
    whole = _rows(make(counted), columns, tuple(keys))
    if cell.units and cell.units[0] in own:
        return whole
    mine = _rows(make(replace(counted, units=own)), columns, tuple(keys)) if own and not cell.units else {}
    nought = np.zeros(len(columns), "int64")
    coins = _Coins(cell, columns, tuple(keys.values()), own if mine else ())
    found = {}
    for key in {**whole, **mine}:
        exact, known = whole.get(key, nought), mine.get(key, nought)
        found[key] = known + _round(exact - known, coins.of(key), columns)
    return found


def _round(exact: NDArray[np.int64], coins: NDArray[np.int64] | None, columns: tuple[str, ...]) -> NDArray[np.int64]:
    if coins is None:  # told apart by too much
        return np.zeros_like(exact)
    told: NDArray[np.int64] = STEP * np.maximum((exact - coins) // STEP, 0)
    places = {column: place for place, column in enumerate(columns)}
    for part, whole in _PARTS:
        if part in places and whole in places:
            told[places[part]] = min(told[places[part]], told[places[whole]])
    return told


class _Coins:
    """Draws the coins of a cell's counts: the same whenever the same count is asked for, on whatever page."""

    def __init__(
        self, cell: Filters, columns: tuple[str, ...], dimensions: tuple[str | None, ...], without: tuple[int, ...]
    ) -> None:
        self._dimensions = dimensions
        chosen = {name: getattr(cell, field)[0] for name, field in FIELDS.items() if getattr(cell, field)}
        self._chosen: dict[str, Any] = chosen | ({"severity": cell.severities[0]} if cell.severities else {})
        if cell.square:
            self._chosen["square"] = cell.square
        moment = cell.at.timestamp()
        span = (cell.start.timestamp(), cell.end.timestamp())
        self._counts = [
            (column, moment, span if _of_a_period(column) else None, cell.said, without) for column in columns
        ]

    def of(self, key: tuple[Any, ...]) -> NDArray[np.int64] | None:
        """Return the coin of each column in a row; None where too many choices tell the row apart."""
        place = self._chosen | {
            dimension: value for dimension, value in zip(self._dimensions, key, strict=True) if dimension
        }
        if len(_KINDS & set(place)) > MOST_KINDS:
            return None
        where = sorted((name, str(value)) for name, value in place.items())
        drawn = (blake2b(repr((each, where)).encode(), key=_key(), digest_size=1) for each in self._counts)
        return np.array([one.digest()[0] & 1 for one in drawn], "int64")


@cache
def _key() -> bytes:
    """Return the key of the coins. Without a word for it the process draws its own, which nobody knows."""
    said = os.environ.get(KEY_VARIABLE, "")
    return blake2b(said.encode(), digest_size=32).digest() if said else secrets.token_bytes(32)


@cache
def _of_a_period(column: str) -> bool:
    """Whether a column's count depends on the period; what is no figure may."""
    return column not in FIGURES or FIGURES[column].kind == "period"


def _rows(table: pd.DataFrame, columns: tuple[str, ...], keys: tuple[str, ...]) -> _Rows:
    """Return a table's counts by their keys, added up where a key has several rows."""
    numbers = table[list(columns)].to_numpy("float64", na_value=0).astype("int64")
    if not keys:
        return {(): numbers.sum(axis=0)}
    found: _Rows = {}
    held = zip(*(_plain(table[key]) for key in keys), strict=True)
    for key, row in zip(held, numbers, strict=True):
        found[key] = found[key] + row if key in found else row
    return found


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """Return a column's values, None for null, whole numbers as such."""
    values = column.astype(object).where(column.notna(), None).tolist()
    return [int(value) if isinstance(value, (float, np.integer)) else value for value in values]


def _table(found: _Rows, columns: tuple[str, ...], keys: tuple[str, ...]) -> pd.DataFrame:
    order = sorted(found, key=lambda key: tuple((value is None, str(type(value)), value or 0) for value in key))
    table = pd.DataFrame(
        np.array([found[key] for key in order], "int64").reshape(len(order), len(columns)), columns=list(columns)
    )
    for place, key in reversed(list(enumerate(keys))):
        values = [one[place] for one in order]
        whole = all(value is None or type(value) is int for value in values)
        table.insert(0, key, pd.Series(values, dtype="Int64" if whole else "object"))
    return table
