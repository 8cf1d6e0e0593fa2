"""Rows of one table on their way into it: each key once, and only what differs is written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from reportdb.data_file.account import Account
from reportdb.data_file.importing import RefuseRow

_ROWS_AT_A_TIME = 10_000


class TableRows:
    """Collects rows in the temporary table `told`, and merges them into a table by its key.

    `key` and `values` are columns with their SQL types. Of rows with one key the newest counts by `changed_at`, else
    the first; another one that differs is refused.
    """

    def __init__(
        self, connection: psycopg.Connection, table: str, key: Mapping[str, str], values: Mapping[str, str]
    ) -> None:
        self._connection, self._table = connection, sql.Identifier(table)
        self._key, self._values = list(key), list(values)
        self._rows: list[tuple[Any, ...]] = []
        columns = {"line": "bigint", "raw": "text", **key, **values, "changed_at": "timestamptz"}
        connection.execute(
            sql.SQL("create temporary table told ({}) on commit drop").format(
                sql.SQL(", ").join(
                    sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()
                )
            )
        )

    def add(self, line: int, raw: str, *values: object, changed_at: datetime | None = None) -> None:
        """Take one row: its key, then its values."""
        self._rows.append((line, raw, *values, changed_at))
        if len(self._rows) >= _ROWS_AT_A_TIME:
            self.flush()

    def flush(self) -> None:
        """Write the rows taken so far to `told`."""
        names = ["line", "raw", *self._key, *self._values, "changed_at"]
        statement = sql.SQL("copy told ({}) from stdin").format(_names(names))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in self._rows:
                copy.write_row(row)
        self._rows.clear()

    def leave_one_of_each(self, account: Account, refuse: RefuseRow) -> None:
        """Flush, and leave one row of each key in `told`."""
        self.flush()
        rows = self._connection.execute(
            sql.SQL(
                """
                with numbered as (
                    select ctid, line, raw, {values}, changed_at, row_number() over own as n,
                        first_value(line) over own as first, first_value(changed_at) over own as newest,
                        first_value(row ({values})) over own as kept
                    from told window own as (partition by {key} order by changed_at desc nulls last, line)
                ),
                gone as (delete from told using numbered where told.ctid = numbered.ctid and numbered.n > 1)
                select line, first, raw, row ({values}) is distinct from kept
                    and not coalesce(changed_at < newest, newest is not null)
                from numbered where n > 1 order by line"""
            ).format(key=_names(self._key), values=_names(self._values))
        ).fetchall()
        for line, first, raw, differs in rows:
            if differs:
                refuse(line, f"repeats line {first}", "repeats another row otherwise", raw)
            else:
                account.repeated += 1

    def merge(self, account: Account, *, keep: Sequence[str] = ()) -> None:
        """Merge `told` into the table; a null in the columns `keep` keeps what is there."""
        values = [
            sql.SQL("coalesce(told.{0}, own.{0})" if name in keep else "told.{0}").format(sql.Identifier(name))
            for name in self._values
        ]
        names = {
            "table": self._table,
            "key": _names(self._key),
            "values": _names(self._values),
            "own": sql.SQL(", ").join(sql.Identifier("own", name) for name in self._values),
            "told": sql.SQL(", ").join(values),
            "same": sql.SQL(" and ").join(
                sql.SQL("own.{0} = told.{0}").format(sql.Identifier(name)) for name in self._key
            ),
        }
        (rows,) = self._connection.execute("select count(*) from told").fetchone() or (0,)
        account.updated += self._connection.execute(
            sql.SQL(
                """update {table} as own set ({values}) = row ({told}) from told
                   where {same} and row ({own}) is distinct from row ({told})"""
            ).format(**names)
        ).rowcount
        account.new += self._connection.execute(
            sql.SQL(
                """insert into {table} ({key}, {values}) select {key}, {values} from told
                   where not exists (select 1 from {table} as own where {same})"""
            ).format(**names)
        ).rowcount
        account.unchanged += rows - account.new - account.updated


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
