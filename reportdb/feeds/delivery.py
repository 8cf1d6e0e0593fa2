"""Write a batch of a source's records together with how far the source has been read: both or neither."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from reportdb.account.account import Counts
from reportdb.feeds.failures import FeedRefused
from reportdb.feeds.position import Position, mark_delivered, note_channels, write_position
from reportdb.feeds.records import Record, RecordSource, text_of, value_at
from reportdb.feeds.rejects_log import RejectsLog
from reportdb.importer.importing import import_rows
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping
from reportdb.source_file.raw_row import RowSource

_MOST_REMEMBERED = 500_000  # records; each takes about 200 bytes

Write = Callable[[psycopg.Connection, RowSource, Mapping, Path, datetime], Counts]
"""Writes rows of one kind into the database: the source, its mapping, the file for rejected rows, the time."""


@dataclass
class Delivered:
    """What one reading of a source brought, added up over its batches."""

    read: int = 0
    new: int = 0
    updated: int = 0
    rejected: int = 0

    def add(self, counts: Counts) -> None:
        """Add a batch."""
        self.read += counts.read
        self.new += counts.new
        self.updated += counts.updated
        self.rejected += counts.rejected

    def sentence(self) -> str:
        """Return the sums in words."""
        return (
            f"{self.read:,} records read: {self.new:,} new, {self.updated:,} updated, "
            f"{self.read - self.new - self.updated - self.rejected:,} unchanged, {self.rejected:,} rejected."
        )


@dataclass
class Delivery:
    """Writes one source's batches. `name` is its name in `live_source`.

    Records that were written before and come again unchanged, as they do where readings overlap, are left out.
    """

    name: str
    mapping: Mapping
    boundaries: Path
    rejects: RejectsLog
    write: Write | None = None  # None: reports
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _known: OrderedDict[str, int] = field(default_factory=OrderedDict, init=False)

    def deliver(
        self, connection: psycopg.Connection, records: Sequence[Record], position: Position, brought: Delivered
    ) -> None:
        """Write records and the position in one transaction. Raises FeedRefused, or psycopg.Error."""
        marks = [(self._identity(record), hash(repr(record))) for record in records]
        fresh = [record for record, (key, mark) in zip(records, marks, strict=True) if self._known.get(key) != mark]
        counts, at = None, self.clock()
        with TemporaryDirectory(prefix="reportdb-feed-") as folder:
            rejects = Path(folder) / "rejects.csv"
            try:
                with connection.transaction():
                    if fresh:
                        counts = self._write(connection, fresh, rejects, at)
                    write_position(connection, self.name, position)
                    if counts is not None:
                        note_channels(connection, self.name, at)
                    mark_delivered(connection, self.name)
            except ImportFailure as error:
                raise FeedRefused(str(error)) from error
            if counts is not None:
                brought.add(counts)
                self.rejects.add(Path(folder), at)
        self._remember(marks)

    def forget(self) -> None:
        """Forget which records were written, so that they are written again."""
        self._known.clear()

    def _write(self, connection: psycopg.Connection, fresh: list[Record], rejects: Path, at: datetime) -> Counts:
        source = RecordSource(fresh, self.mapping.columns(), len(fresh))
        if self.write is not None:
            return self.write(connection, source, self.mapping, rejects, at)
        utf8 = replace(self.mapping, file_format=replace(self.mapping.file_format, encoding="utf-8"))
        return import_rows(connection, source, utf8, rejects=rejects, boundaries=self.boundaries, at=at)

    def _identity(self, record: Record) -> str:
        """Return what tells a record from most others: the first column of its id, which comes first of all columns."""
        return text_of(value_at(record, self.mapping.columns()[0]))

    def _remember(self, marks: list[tuple[str, int]]) -> None:
        for key, mark in marks:
            self._known[key] = mark
            self._known.move_to_end(key)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
