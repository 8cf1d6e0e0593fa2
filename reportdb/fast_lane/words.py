"""The columns of a block: what each value means is asked once, however often it stands there."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from reportdb.fast_lane.blocks import Block, CleanRows, quotes_enclose, with_odd_rows
from reportdb.source_file.encodings import composed

Places = NDArray[np.int64]
Meaning = TypeVar("Meaning")


@dataclass(frozen=True)
class Column:
    """The different words of a column, and for each row the place of its own among them."""

    words: list[str]
    places: Places


@dataclass(frozen=True)
class Meanings(Generic[Meaning]):
    """What the different words of some columns mean, and for each row the place of its own meaning."""

    each: list[Meaning]
    places: Places

    def of_rows(self, say: Callable[[Meaning], Any], kind: pa.DataType) -> pa.Array:
        """Return something of each row's meaning."""
        return pa.array([say(meaning) for meaning in self.each], kind).take(pa.array(self.places))

    def where(self, say: Callable[[Meaning], bool]) -> NDArray[np.bool_]:
        """Return for each row whether something holds of its meaning."""
        found: NDArray[np.bool_] = np.array([say(meaning) for meaning in self.each], dtype=bool)[self.places]
        return found


def read_columns(
    block: Block, rows: CleanRows, header: Sequence[str], wanted: Sequence[str], delimiter: str
) -> tuple[CleanRows, dict[str, Column]] | None:
    """Return the rows, now with the odd ones marked, and some columns of the others; None if the block is not clean."""
    if not quotes_enclose(block.data, delimiter):
        return None
    table = None
    with suppress(pa.ArrowInvalid):  # a row has more or fewer columns
        table = _table(block.data, header, wanted, delimiter)
    if table is None or table.num_rows != len(rows.begins):
        marked = with_odd_rows(block, rows, delimiter, len(header))
        if marked is None:
            return None
        rows, whole = marked, ~marked.odd
        places = zip(rows.begins[whole].tolist(), rows.ends[whole].tolist(), strict=True)
        data = b"".join(block.data[begin:end] for begin, end in places)
        table = (
            _table(data, header, wanted, delimiter)
            if data
            else pa.table({name: [] for name in wanted}, _schema(wanted))
        )
        if table.num_rows != whole.sum():
            return None
    return rows, {column: _column(table.column(column)) for column in wanted}


def _schema(names: Sequence[str]) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in names])


def _table(data: bytes, header: Sequence[str], wanted: Sequence[str], delimiter: str) -> pa.Table:
    """Parse rows. Raises pa.ArrowInvalid for one with another number of columns."""
    return csv.read_csv(
        pa.py_buffer(data),
        read_options=csv.ReadOptions(column_names=list(header), block_size=len(data) + 1, use_threads=False),
        parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            include_columns=list(wanted), column_types=_schema(header), strings_can_be_null=False
        ),
    )


def _column(values: pa.ChunkedArray) -> Column:
    encoded = values.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    return Column(composed(encoded.dictionary.to_pylist()), encoded.indices.to_numpy().astype(np.int64))


def meanings(
    columns: dict[str, Column], names: Sequence[str], rows: int, read: Callable[[list[str]], Meaning]
) -> Meanings[Meaning]:
    """Return what the words in some columns mean together; `read` is asked once for equal words."""
    if not names:
        return Meanings([read([])], np.zeros(rows, dtype=np.int64))
    first = columns[names[0]]
    if len(names) == 1:
        return Meanings([read([words]) for words in first.words], first.places)
    key = first.places
    for name in names[1:]:
        key = key * len(columns[name].words) + columns[name].places
        _, rows_of, key = np.unique(key, return_index=True, return_inverse=True)
    words = [[columns[name].words[place] for place in columns[name].places[rows_of].tolist()] for name in names]
    return Meanings([read(list(one)) for one in zip(*words, strict=True)], key)
