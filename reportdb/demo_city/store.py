"""Write many rows at once: text COPY from whole columns."""

from collections.abc import Mapping

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

_NULL = "\\N"


def copy_columns(
    connection: psycopg.Connection, table: str, columns: Mapping[str, NDArray[np.generic]], *, frozen: bool = False
) -> None:
    """Append rows to a table, given as columns of one length.

    NaT, NaN, None and masked values become null. Texts must not hold tabs, backslashes or line breaks: ours do not.
    Rows of a table emptied in the same transaction may be written `frozen`, so that vacuum need not rewrite them.
    """
    lines = "\n".join(map("\t".join, zip(*map(_texts, columns.values()), strict=True)))
    if not lines:
        return
    statement = sql.SQL("copy {} ({}) from stdin (freeze {})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), frozen
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(lines + "\n")


def _texts(column: NDArray[np.generic]) -> list[str]:
    values = np.ma.getdata(column)
    if values.dtype.kind == "M":
        texts = np.datetime_as_string(values, unit="us", timezone="UTC").astype(object)
        absent = np.isnat(values)
    elif values.dtype.kind == "f":
        texts, absent = np.array(list(map(str, values.tolist())), dtype=object), np.isnan(values)
    elif values.dtype.kind == "O":
        texts, absent = values.copy(), np.array([value is None for value in values], dtype=bool)
    else:
        texts, absent = np.array(list(map(str, values.tolist())), dtype=object), np.zeros(len(values), dtype=bool)
    texts[absent | np.ma.getmaskarray(column)] = _NULL
    return list(texts)
