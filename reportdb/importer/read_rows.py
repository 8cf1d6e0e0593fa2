"""A source's rows, read one after the other: accepted, noted or rejected, and counted by reason."""

from collections import Counter
from collections.abc import Iterator

from rich.progress import Progress, TaskID

from reportdb.account.causes import Sample, refuse_many_rejected
from reportdb.importer.versions import RejectedRow
from reportdb.mapping.mapping import Mapping
from reportdb.rows.row import Rejected, ReportRow
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RawRow, RowSource
from reportdb.source_file.rejects import Notes, Rejects

_ROWS_BETWEEN_SIGNS = 1000
_REJECTED_AT_A_TIME = 1_000_000  # so many fit into memory; a file of more is judged by its beginning


class ReadRows:
    """The accepted rows, counted while they are read.

    The others go to the rejects, values that could not be read to the notes.
    """

    def __init__(
        self,
        source: RowSource,
        reader: RowReader,
        mapping: Mapping,
        rejects: Rejects,
        notes: Notes,
        progress: Progress | None,
    ) -> None:
        self.read = 0
        self.kinds: Counter[str] = Counter()  # rejected rows by reason
        self.notes: Counter[str] = Counter()  # values by reason
        self.rejected: list[RejectedRow] = []
        self.sample = Sample()
        self._source, self._reader, self._mapping = source, reader, mapping
        self._rejects, self._notes, self._progress = rejects, notes, progress

    def __iter__(self) -> Iterator[ReportRow]:
        """Yield the accepted rows. Raises ImportFailure for a misused column."""
        task = self._progress.add_task("Reading (kB)", total=self._source.size() // 1000) if self._progress else None
        for row in self._source.rows():
            self.read += 1
            if self.read % _ROWS_BETWEEN_SIGNS == 0:
                self._sign(task)
            try:
                report = self._reader.read(row)
            except Rejected as reason:
                self._reject(row, reason)
                continue
            self.sample.add(row, self._reader, self._mapping, report)
            for note in report.notes:
                self.notes[note.reason] += 1
                self._notes.add(row.line, note.column, note.reason, note.words)
            yield report
        self._sign(task)

    def _reject(self, row: RawRow, reason: Rejected) -> None:
        self._rejects.add(row.line, str(reason), row.text)
        self.kinds[reason.kind] += 1
        self.sample.add(row, self._reader, self._mapping, None)
        self.sample.reject(row.line, str(reason))
        if self._reader.source_ref is not None:
            changed_at = self._reader.changed_at()
            self.rejected.append(RejectedRow(self._reader.source_ref, row.line, reason.kind, changed_at))
        if self._rejects.count % _REJECTED_AT_A_TIME == 0:
            self.refuse_if_too_many()

    def refuse_if_too_many(self, repeated: int = 0) -> None:
        """Raise ImportFailure if too many of the rows read so far are rejected; `repeated` repeat others and do not
        count.
        """
        refuse_many_rejected(
            self._mapping,
            len(self._source.header),
            self.sample,
            rows=self.read - repeated,
            rejected=self._rejects.count,
            kinds=self.kinds,
        )

    def _sign(self, task: TaskID | None) -> None:
        if self._progress and task is not None:
            self._progress.update(task, completed=self._source.position() // 1000)
