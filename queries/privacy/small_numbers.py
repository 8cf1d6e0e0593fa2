"""Counts for viewers who may not read the cases: they reveal no single report.

One rule for every count (docs/access.md, "Small numbers"). A published count is the exact one rounded down to a
multiple of STEP; an exact multiple may also be published as the next lower one. So N means N to N + STEP, and 0 means
at most STEP. Which of the two is decided by a coin, one for each count that can be asked for. So sums and differences
of published counts never prove that there are reports between them unless there are at least STEP: 10 and 15 may both
stand for 15.

Filters are coarse: full hours, whole days, squares of the city's grid. For several districts (or units, ...) together
the published counts of each are added. So there are few ways to ask for the same reports again.

Queries go through `counts`, which returns exact numbers to those who may read the cases. A query that does not fails
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
"""The rounding step. Published numbers reveal nothing about fewer reports than this."""
FEWEST = 10 * STEP
"""The fewest published reports of which a share is shown or ranked: with fewer, rounding moves it by a tenth or more.
"""
MOST_KINDS = 3
"""The most kinds of choices (district, unit, category, ...) that narrow a published count; with more it is 0."""
MOST_CELLS = 60
"""The most combinations of choices that are added up; with more the count is 0."""
KEY_VARIABLE = "REPORT_ROUNDING_KEY"
"""The secret for the coins: set the same value for all processes of a dashboard."""

_KINDS = frozenset({*FIELDS, "severity", "square"})
_PARTS = (*PARTS, ("by_rule", "reports"))
"""Parts and their wholes: a published part is at most its published whole."""

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
    """Return what `make` counts with these filters: exact for those who may read the cases, else as published.

    `make` returns a table of counts (reports), a row for each combination of `keys`; these map each key column to its
    dimension (None: the column is the same in all rows). A published table has the key columns and `columns`, named by
    the figures they count; rows of zeros are left out unless they are to `keep`. `name` identifies this table. Raises
    DatabaseAway.
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
    """Return a count as published; `coin` is 0 or 1."""
    return STEP * max(0, (count - coin) // STEP)


def settled(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the full hour, in the city's time, of a published count."""
    return at.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(at.tzinfo)


def coarsened(reports: ReportDatabase, filters: Filters) -> Filters:
    """Return filters coarsened for published counts: a full hour, whole days, whole squares. Raises DatabaseAway."""
    at = settled(filters.at, filters.zone)
    end = at + TICK if filters.end > filters.at else min(_midnight(filters.end, filters.zone), at + TICK)
    start = min(_midnight(filters.start, filters.zone), end)
    return replace(filters, at=at, start=start, end=end, square=_snapped(reports, filters.square))


def closed(coarse: Filters) -> Filters:
    """Return coarse filters for counts of a period; for one that has ended, the moment is its end.

    So its counts are always the same, and their coins are drawn once.
    """
    return replace(coarse, at=min(coarse.at, max(coarse.end, coarse.start)))


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(moment.astimezone(zone).date(), time.min, zone).astimezone(moment.tzinfo)


def _snapped(reports: ReportDatabase, square: Square) -> Square:
    """Return a square with its sides on the city's grid."""
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
        for key, published in _published_cell(cell, make, columns, keys).items():
            found[key] = found[key] + published if key in found else published
    if not keys:
        found = found or {(): np.zeros(len(columns), "int64")}
    elif not keep:
        found = {key: published for key, published in found.items() if published.any()}
    return _table(found, columns, tuple(keys))


def _cells(filters: Filters) -> Iterator[Filters]:
    """Yield the filters with one member of each dimension chosen, for each combination of several."""
    fields = [field for field in (*FIELDS.values(), "severities") if getattr(filters, field)]
    for members in product(*(getattr(filters, field) for field in fields)):
        yield filters.choosing(**{field: (member,) for field, member in zip(fields, members, strict=True)})


def _published_cell(cell: Filters, make: Make, columns: tuple[str, ...], keys: Mapping[str, str | None]) -> _Rows:
    """Return the published counts of one cell: a head's own units exactly, the rest rounded."""
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
    if coins is None:  # too many choices narrow it
        return np.zeros_like(exact)
    published: NDArray[np.int64] = STEP * np.maximum((exact - coins) // STEP, 0)
    places = {column: place for place, column in enumerate(columns)}
    for part, whole in _PARTS:
        if part in places and whole in places:
            published[places[part]] = min(published[places[part]], published[places[whole]])
    return published


class _Coins:
    """Draws the coins of a cell's counts: always the same for the same count, on any page."""

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
        """Return the coin of each column in a row; None if too many choices narrow it."""
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
    """Return the key of the coins. If it is not set, the process draws a random one."""
    said = os.environ.get(KEY_VARIABLE, "")
    return blake2b(said.encode(), digest_size=32).digest() if said else secrets.token_bytes(32)


@cache
def _of_a_period(column: str) -> bool:
    """Whether a column's count depends on the period; a column that is no figure may."""
    return column not in FIGURES or FIGURES[column].kind == "period"


def _rows(table: pd.DataFrame, columns: tuple[str, ...], keys: tuple[str, ...]) -> _Rows:
    """Return a table's counts by key, summed over a key's rows."""
    numbers = table[list(columns)].to_numpy("float64", na_value=0).astype("int64")
    if not keys:
        return {(): numbers.sum(axis=0)}
    found: _Rows = {}
    held = zip(*(_plain(table[key]) for key in keys), strict=True)
    for key, row in zip(held, numbers, strict=True):
        found[key] = found[key] + row if key in found else row
    return found


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """Return a column's values: None for null, whole numbers as int."""
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
