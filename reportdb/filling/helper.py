"""A second session that works out, with all processors, what the first one writes.

One session writes all that an import or the demo writes, so that it is all or nothing; a statement that writes runs in
one process. The helper's tables are in a schema of their own, without a log, and are dropped when it ends.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

SCRATCH = "report_filling"
_BYTES_AT_ONCE = 1_000_000


@contextmanager
def helper(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Yield a second session to the same database, with an empty schema SCRATCH first in its search path.

    The database's owner alone may read the schema. What a helper that was killed left there is dropped.
    """
    place = psycopg.conninfo.make_conninfo(connection.info.dsn, password=connection.info.password or None)
    with psycopg.connect(place, autocommit=True, application_name="reportdb") as opened:
        (path,) = connection.execute("show search_path").fetchone() or ("public",)
        scratch = sql.Identifier(SCRATCH)
        try:
            opened.execute(sql.SQL("drop schema if exists {} cascade").format(scratch))
            opened.execute(sql.SQL("create schema {}").format(scratch))
            opened.execute(sql.SQL("set search_path = {}, {}").format(scratch, sql.SQL(path)))
            for setting, value in _SETTINGS.items():
                opened.execute(f"set {setting} = {value}".encode())
            yield opened
        finally:
            if not opened.broken:
                opened.execute(sql.SQL("drop schema if exists {} cascade").format(scratch))


# Of two processors, the session that leads and one that helps it; more workers only wait.
_SETTINGS = {
    "max_parallel_workers_per_gather": "2",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
    "work_mem": "'128MB'",
    "client_min_messages": "warning",
}


def share(connection: psycopg.Connection, with_helper: psycopg.Connection, tables: Iterable[str]) -> None:
    """Give the helper copies of small tables as our own transaction has them, under the same names."""
    for table in tables:
        name = sql.Identifier(table)
        columns = [
            column
            for (column,) in connection.execute(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
                [table],
            )
        ]
        with_helper.execute(
            sql.SQL("create unlogged table {}.{} (like {})").format(sql.Identifier(SCRATCH), name, name)
        )
        pass_on(
            connection,
            sql.SQL("select {} from {}").format(sql.SQL(", ").join(map(sql.Identifier, columns)), name),
            with_helper,
            table,
            columns,
        )
        with_helper.execute(sql.SQL("analyze {}").format(name))


def pass_on(
    source: psycopg.Connection,
    question: sql.Composable,
    target: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    *,
    frozen: bool = False,
) -> int:
    """Write one session's answer into another session's table, and return the number of rows.

    `frozen`: the table was emptied in the same transaction, and vacuum need not write its rows again.
    """
    types: dict[str, str] = dict(
        target.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = %s::regclass",
            [table],
        ).fetchall()
    )
    asked = sql.SQL("copy (select {} from ({}) as answer) to stdout (format binary)").format(
        sql.SQL(", ").join(
            sql.SQL("cast({} as {})").format(sql.Identifier(column), sql.SQL(types[column])) for column in columns
        ),
        question,
    )
    written = sql.SQL("copy {} ({}) from stdin (format binary, freeze {})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), frozen
    )
    with source.cursor() as asking, target.cursor() as writing:
        with asking.copy(asked) as rows, writing.copy(written) as copy:
            batch, size = [], 0
            for row in rows:
                batch.append(row)
                size += len(row)
                if size > _BYTES_AT_ONCE:
                    copy.write(b"".join(batch))
                    batch, size = [], 0
            copy.write(b"".join(batch))
        return writing.rowcount
