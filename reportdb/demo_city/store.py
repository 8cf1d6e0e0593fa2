"""Write many rows at once: text COPY from whole columns, and tables without indexes while they are filled."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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


@contextmanager
def without_indexes(connection: psycopg.Connection, tables: list[str], *, silent: list[str]) -> Iterator[None]:
    """Drop the tables' secondary indexes and foreign keys while the block runs, and recreate them after it.

    The triggers of the `silent` ones do not fire meanwhile. The definitions are read from the catalogue. Call it inside
    a transaction.
    """
    foreign_keys = connection.execute(
        """select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
           from pg_constraint where contype = 'f' and conrelid = any(%s::regclass[])""",
        [tables],
    ).fetchall()
    indexes = connection.execute(
        """select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
           where indrelid = any(%s::regclass[])
               and not exists (select 1 from pg_constraint where conindid = indexrelid)""",
        [tables],
    ).fetchall()
    # The statements come from the catalogue, already quoted; psycopg must not look for parameters in them.
    for table, name, _ in foreign_keys:
        connection.execute(f"alter table {table} drop constraint {name}".encode())
    for name, _ in indexes:
        connection.execute(f"drop index {name}".encode())
    for table in silent:
        connection.execute(sql.SQL("alter table {} disable trigger user").format(sql.Identifier(table)))
    yield
    # Deferred constraints are checked now: PostgreSQL alters no table with pending trigger events.
    connection.execute("set constraints all immediate")
    for table in silent:
        connection.execute(sql.SQL("alter table {} enable trigger user").format(sql.Identifier(table)))
    for _, definition in indexes:
        connection.execute(definition.encode())
    for table, name, definition in foreign_keys:
        connection.execute(f"alter table {table} add constraint {name} {definition}".encode())
