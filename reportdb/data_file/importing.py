"""One import of any kind of data: the rows, the rejects, the account; all or nothing."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

import psycopg
from rich.progress import Progress

from reportdb.data_file.account import Account
from reportdb.data_file.keys import DataFile
from reportdb.mapping.failure import ImportFailure
from reportdb.rows.row import Fields, Rejected
from reportdb.source_file.raw_row import RawRow, RowSource
from reportdb.source_file.reading import city_file
from reportdb.source_file.rejects import Rejects
from reportdb.summary import summarise

_ROWS_BETWEEN_SIGNS = 1000


class PassedOver(Exception):
    """A row that the mapping says is none of this kind."""


class Kind(Protocol):
    """One kind of data: how its rows are read and written."""

    file: DataFile
    private: bool  # its rows must not be kept among the rejects

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Read from the database what rows refer to. Raises ImportFailure."""

    def take(self, row: RawRow) -> None:
        """Read the row that the fields hold. Raises Rejected, or PassedOver."""

    def write(self, account: Account, refuse: "RefuseRow") -> None:
        """Write what was read, and count it; refuse what does not fit the database. Raises ImportFailure."""


class RefuseRow(Protocol):
    """Takes a row that cannot be used: its line, the reason in words, what it is counted by, and its text."""

    def __call__(self, line: int, reason: str, counted_by: str, raw: str, /) -> None: ...


def import_data(
    connection: psycopg.Connection,
    file: Path,
    kind: Kind,
    *,
    rejects: Path,
    at: datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Account:
    """Import a file of one kind of data at a time, as the database's owner, and return what happened to its rows.

    All in one transaction: on failure ImportFailure (or psycopg.Error) is raised, and the database and the rejects file
    are unchanged. A dry run does everything and undoes it.
    """
    try:
        with city_file(file, kind.file) as source, Rejects(rejects, source.encoding) as refused:
            with connection.transaction(force_rollback=dry_run):
                account = _import(connection, source, kind, refused, at, progress)
                connection.execute("set constraints all immediate")
                summarise(connection, now=at)
                refused.finish()
            if not dry_run:
                refused.put_in_place()
    except psycopg.errors.DiskFull as error:
        raise ImportFailure("The database's disk is full. Make room and try again. Nothing was imported.") from error
    return account


def _import(
    connection: psycopg.Connection,
    source: RowSource,
    kind: Kind,
    rejects: Rejects,
    at: datetime,
    progress: Progress | None,
) -> Account:
    # As an import of reports does: two at once would overwrite each other's reports; readers are not blocked.
    connection.execute("lock table report in share row exclusive mode")
    _refuse_the_demo(connection)
    account = Account()
    fields = Fields(kind.file, {column: place for place, column in enumerate(source.header)})
    kind.begin(connection, fields, at)

    def refuse(line: int, reason: str, counted_by: str, raw: str) -> None:
        """Reject a row; rows of private kinds are not kept."""
        rejects.add(line, reason, "" if kind.private else raw)
        account.rejected[counted_by] += 1

    for row in _rows(source, account, progress):
        try:
            if row.reason:
                raise Rejected(row.reason, "broken row")
            fields.load(row.fields)
            kind.take(row)
        except Rejected as rejected:
            refuse(row.line, str(rejected), rejected.kind, row.text)
        except PassedOver:
            account.passed_over += 1
        else:
            account.notes.update(note.reason for note in fields.notes())
    if not account.read:
        raise ImportFailure("The file holds a header and not a single row. Nothing was imported.")
    kind.write(account, refuse)
    account.check()
    return account


def _rows(source: RowSource, account: Account, progress: Progress | None) -> Iterator[RawRow]:
    task = progress.add_task("Reading (kB)", total=source.size() // 1000) if progress else None
    for row in source.rows():
        account.read += 1
        if progress and task is not None and account.read % _ROWS_BETWEEN_SIGNS == 0:
            progress.update(task, completed=source.position() // 1000)
        yield row
    if progress and task is not None:
        progress.update(task, completed=source.position() // 1000)


def _refuse_the_demo(connection: psycopg.Connection) -> None:
    if connection.execute("select 1 from city where demo").fetchone():
        raise ImportFailure(
            "This database holds the demo city. Name another database with --data or --database. Nothing was imported."
        )
