"""What sums and joins of tables by key cost: queries/figures/keyed.py beside plain pandas with integer keys."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from queries.engine.filters import NONE
from queries.figures.keyed import join_tables, sum_tables

_SIZES = ((1, 20), (30, 20), (126, 20), (500, 20), (2_000, 20), (20_000, 1), (20_000, 20))
"""Rows and columns: the city in one row, its districts, wards and units; squares of a map; more than a page has."""


def measure(out: Console) -> None:
    """Print the times of both, after making sure that they return the same."""
    found = Table("rows", "columns", "what", "ours, ms", "pandas, ms", "ratio", show_edge=False)
    for rows, width in _SIZES:
        columns = [f"c{number}" for number in range(width)]
        parts = [_answer(rows, columns), _answer(rows, columns, rows // 3), _answer(max(rows // 2, 1), columns)]
        tables = [part.add_suffix(f"_{number}").rename(columns=_is_key) for number, part in enumerate(parts)]
        for what, ours, theirs in (
            ("sum", partial(sum_tables, parts, columns), partial(_sum, parts, columns)),
            ("join", partial(join_tables, tables), partial(_join, tables)),
        ):
            pd.testing.assert_frame_equal(ours(), theirs())
            times = _milliseconds(ours), _milliseconds(theirs)
            found.add_row(f"{rows:,}", str(width), what, *(f"{ms:.2f}" for ms in times), f"{times[1] / times[0]:.2f}")
    out.print(found)


def _is_key(column: str) -> str:
    return "key" if column.startswith("key_") else column


def _answer(rows: int, columns: Sequence[str], first: int = 0) -> pd.DataFrame:
    """Return a table as the database answers it: keys from `first`, the last of them null, and counts."""
    counts = np.random.default_rng(rows).integers(0, 1000, (rows, len(columns))).tolist()
    keys = [*range(first, first + rows - 1), None]
    return pd.DataFrame.from_records(
        [(key, *row) for key, row in zip(keys, counts, strict=True)], columns=["key", *columns]
    )


def _sum(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    return _with_key(pd.concat([_by_key(part[["key", *columns]]) for part in parts]).groupby(level=0).sum())


def _join(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return _with_key(pd.concat(map(_by_key, tables), axis=1, sort=True).fillna(0).astype("int64"))


def _by_key(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table's counts by its key as an integer."""
    found = table.drop(columns="key").fillna(0).astype("int64")
    return found.set_index(pd.Index(table["key"].fillna(NONE).astype("int64")))


def _with_key(found: pd.DataFrame) -> pd.DataFrame:
    """Return counts by integer key as a table with a key that may be null, which comes last."""
    found = pd.concat([found.drop(index=NONE), found.loc[[NONE]]])
    key = pd.Series(found.index).astype("Int64").mask(found.index.to_numpy() == NONE)
    found = found.reset_index(drop=True)
    found.insert(0, "key", key)
    return found


def _milliseconds(make: Callable[[], pd.DataFrame]) -> float:
    """Return the lower quartile of this thread's own time: what other programs take is not counted."""
    times = []
    for _ in range(60):
        began = time.thread_time()
        make()
        times.append(time.thread_time() - began)
    return 1000 * sorted(times)[len(times) // 4]
