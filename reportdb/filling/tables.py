"""Tables that are emptied and filled in one transaction, without indexes and triggers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def emptied(
    connection: psycopg.Connection, tables: Sequence[str], *, silent: Sequence[str], keys: Sequence[str] = ()
) -> Iterator[list[str]]:
    """Empty tables, and drop their secondary indexes and foreign keys while the block runs; recreate them after it.

    The triggers of the `silent` ones do not fire meanwhile. `keys` are tables that are emptied with the others by
    triggers; they are filled without their primary key, too.
    Yields the statements that make the indexes: the block may take some out, and make these later. The definitions are
    read from the catalogue. Call it inside a transaction: rows that it writes need no log, and may be frozen.
    """
    connection.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
    constraints = connection.execute(
        """select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
           from pg_constraint
           where conrelid = any(%s::regclass[]) and contype = 'f'
               or conrelid = any(%s::regclass[]) and contype = 'p'""",
        [[*tables, *keys], list(keys)],
    ).fetchall()
    indexes = connection.execute(
        """select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
           where indrelid = any(%s::regclass[])
               and not exists (select 1 from pg_constraint where conindid = indexrelid)""",
        [[*tables, *keys]],
    ).fetchall()
    # The statements come from the catalogue, already quoted; psycopg must not look for parameters in them.
    for table, name, _ in constraints:
        connection.execute(f"alter table {table} drop constraint {name}".encode())
    for name, _ in indexes:
        connection.execute(f"drop index {name}".encode())
    for table in silent:
        connection.execute(sql.SQL("alter table {} disable trigger user").format(sql.Identifier(table)))
    definitions = [definition for _, definition in indexes]
    yield definitions
    # Deferred constraints are checked now: PostgreSQL alters no table with pending trigger events.
    connection.execute("set constraints all immediate")
    for table in silent:
        connection.execute(sql.SQL("alter table {} enable trigger user").format(sql.Identifier(table)))
    for definition in definitions:
        connection.execute(definition.encode())
    for table, name, definition in constraints:
        connection.execute(f"alter table {table} add constraint {name} {definition}".encode())
