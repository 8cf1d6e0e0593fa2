"""Columns of rows as the text that COPY reads."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"


def copy_text(columns: Sequence[pa.Array], taken: pa.Array) -> bytes:
    """Return the rows of columns that are taken, for a COPY of these columns in the same order.

    Times have no zone: the session that reads them has to be in UTC.
    """
    texts = [_texts(column.filter(taken)) for column in columns]
    *others, last = texts
    last = pc.binary_join_element_wise(last, "", "\n", null_handling="replace", null_replacement=_NULL)
    joined = pc.binary_join_element_wise(*others, last, "\t", null_handling="replace", null_replacement=_NULL)
    if isinstance(joined, pa.ChunkedArray):
        joined = joined.combine_chunks()
    return b"" if not len(joined) else bytes(pa.concat_arrays([joined]).buffers()[2])[: _size(joined)]


def _size(texts: pa.Array) -> int:
    return int(pc.sum(pc.binary_length(texts)).as_py() or 0)


def _texts(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    peculiar = pc.any(pc.match_substring_regex(column, r"[\\\t\n\r]")).as_py()
    if not peculiar:
        return column
    return pa.array([text and text.translate(_ESCAPED) for text in column.to_pylist()], pa.string())
