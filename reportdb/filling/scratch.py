"""A schema for what an import or the demo works with: tables without a log, that several processes may read and write.

PostgreSQL reads a temporary table in one process only, and no other session can write it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from reportdb.database.parallel import read_in_parallel

SCRATCH = "report_filling"
_LOCK = 4_107_317  # advisory lock: one user of the schema at a time


@contextmanager
def scratch(connection: psycopg.Connection) -> Iterator[None]:
    """Make the empty schema SCRATCH, which only the database's owner may read, and drop it after the block.

    `connection` must be in autocommit mode and in no transaction. Whoever comes second waits. What a killed process
    left there is dropped.
    """
    name = sql.Identifier(SCRATCH)
    connection.execute("select pg_advisory_lock(%s)", [_LOCK])
    try:
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
        connection.execute(sql.SQL("create schema {}").format(name))
        yield
    finally:
        if not connection.closed:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
            connection.execute("select pg_advisory_unlock(%s)", [_LOCK])


def use_scratch(connection: psycopg.Connection) -> None:
    """Find the tables of SCRATCH by their names, and read with all processors, until the transaction ends."""
    (path,) = connection.execute("show search_path").fetchone() or ("public",)
    connection.execute(sql.SQL("set local search_path = {}, {}").format(sql.SQL(path), sql.Identifier(SCRATCH)))
    read_in_parallel(connection)
