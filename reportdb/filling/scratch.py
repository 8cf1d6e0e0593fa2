"""A schema for what an import or the demo works with: tables without a log, that several processes may read and write.

PostgreSQL reads a temporary table in one process only, and no other session can write it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

SCRATCH = "report_filling"
_LOCK = 4_107_317  # advisory lock: one user of the schema at a time

# Of two processors: the session itself and one that helps it, and another where one waits for the disk. Everything here
# reads whole tables, which is worth a worker however small they are.
_SETTINGS = {
    "max_parallel_workers_per_gather": "2",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
    "work_mem": "'128MB'",
    "synchronize_seqscans": "off",
    "enable_memoize": "off",  # it would copy the whole working line for each report
}


@contextmanager
def scratch(connection: psycopg.Connection) -> Iterator[None]:
    """Make the empty schema SCRATCH, which only the database's owner may read, and drop it after the block.

    `connection` must be in autocommit mode and in no transaction. Whoever comes second waits. What a killed process left
    there is dropped.
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
    for setting, value in _SETTINGS.items():
        connection.execute(f"set local {setting} = {value}".encode())
