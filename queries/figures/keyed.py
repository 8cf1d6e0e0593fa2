"""Joins and sums of counts by key.

Each new moment makes some fifty such tables. Plain pandas with integer keys takes longer at the sizes that pages have
(`python -m bench keyed`): 1.5 to 2.7 times as long for up to 500 rows (3 ms in place of 1.5), 1.1 to 1.3 times for
20,000 squares of a map. It would be faster only from about 20,000 rows of twenty columns on.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from queries.engine.filters import NONE


def keys_of(table: pd.DataFrame) -> NDArray[np.int64]:
    """Return a table's column "key"; null becomes NONE."""
    keys = table["key"].to_numpy("float64", na_value=np.nan)
    return np.where(np.isnan(keys), NONE, keys).astype("int64")


def counts_of(table: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.int64]:
    """Return columns of a table as an array; null becomes 0."""
    return table[list(columns)].to_numpy("float64", na_value=0).astype("int64")


def keyed(keys: NDArray[np.int64], counts: NDArray[np.int64], columns: Sequence[str]) -> pd.DataFrame:
    """Return a table of a key (Int64; NONE becomes null) and counts (int64)."""
    table = pd.DataFrame(counts, columns=pd.Index(list(columns)))
    table.insert(0, "key", pd.Series(pd.arrays.IntegerArray(keys, keys == NONE)))
    return table


def sum_tables(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Sum columns of several tables by key; ordered by key, null last."""
    keys = np.concatenate([keys_of(part) for part in parts])
    known, places = _in_order(keys)
    sums = np.zeros((len(known), len(columns)), "int64")
    np.add.at(sums, places, np.concatenate([counts_of(part, columns) for part in parts]))
    return keyed(known, sums, columns)


def join_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join tables of one row a key by key; missing counts are 0.

    Ordered by key, null last.
    """
    known, _places = _in_order(np.concatenate([keys_of(table) for table in tables]))
    columns, counts = [], []
    for table in tables:
        own = [str(column) for column in table.columns if column != "key"]
        nothing = np.zeros((1, len(own)), "int64")
        places = pd.Index(keys_of(table)).get_indexer(pd.Index(known))  # -1 for an unknown key: the last row
        counts.append(np.concatenate([counts_of(table, own), nothing])[places])
        columns += own
    return keyed(known, np.concatenate(counts, axis=1), columns)


def lookup(keys: NDArray[np.int64], known: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a table for some keys of its index; null where there is none."""
    return known[list(columns)].reindex(pd.Index(keys)).reset_index(drop=True)


def _in_order(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct keys in order, NONE last, and each given key's position among them."""
    known, places = np.unique(keys, return_inverse=True)
    if len(known) and known[0] == NONE:
        known, places = np.roll(known, -1), (places - 1) % len(known)
    return known, places
