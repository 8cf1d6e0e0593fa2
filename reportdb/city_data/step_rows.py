"""Steps read from any file, on their way into the database: shared by events, ratings and answers."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg import sql

from reportdb.data_file.account import Account
from reportdb.data_file.importing import RefuseRow
from reportdb.mapping.failure import ImportFailure
from reportdb.steps.merging import merge_steps, stage_steps

_ROWS_AT_A_TIME = 10_000


class StepRow(NamedTuple):
    """A row of the temporary table told_step. Times are in UTC; units that are not in the database have a code."""

    line: int
    raw: str
    reference: str
    at: datetime | None
    kind: str
    from_unit_id: int | None = None
    to_unit_id: int | None = None
    from_code: str | None = None
    to_code: str | None = None
    place: int | None = None
    note: str | None = None
    minutes: int | None = None
    due_at: datetime | None = None
    due_before: datetime | None = None
    category_id: int | None = None
    severity: str | None = None
    category_before_id: int | None = None
    severity_before: str | None = None
    rating: str | None = None
    changed_at: datetime | None = None


class StepRows:
    """Collects steps and writes them, ten thousand at a time, to told_step."""

    def __init__(self, connection: psycopg.Connection) -> None:
        if connection.execute("select 1 from report limit 1").fetchone() is None:
            raise ImportFailure("The database holds no reports yet. Import the city's reports first.")
        self._connection, self._rows = connection, list[StepRow]()
        stage_steps(connection)

    def add(self, row: StepRow) -> None:
        """Take one step."""
        self._rows.append(row)
        if len(self._rows) >= _ROWS_AT_A_TIME:
            self._flush()

    def write(
        self,
        account: Account,
        refuse: RefuseRow,
        *,
        refers_to: str,
        at: datetime,
        early_is_submission: bool,
        add_units: Callable[[list[str]], Mapping[str, int]] | None = None,
        whole_history: Collection[str] = (),
    ) -> None:
        """Merge all steps into the database, and count what became of them."""
        self._flush()
        merged = merge_steps(
            self._connection,
            refers_to=refers_to,
            at=at,
            early_is_submission=early_is_submission,
            refuse=refuse,
            add_units=add_units,
            whole_history=whole_history,
        )
        account.new, account.updated, account.unchanged = merged.new, merged.updated, merged.unchanged
        account.repeated, account.removed, account.reports = merged.repeated, merged.removed, merged.reports
        account.notes.update({f"steps that do not fit: {reason}": count for reason, count in merged.left_out.items()})

    def _flush(self) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, StepRow._fields))
        statement = sql.SQL("copy told_step ({}) from stdin").format(names)
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in self._rows:
                copy.write_row(row)
        self._rows.clear()
