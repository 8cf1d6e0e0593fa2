"""One import: the city, its boundaries, the rows, the calendar; all or nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from rich.progress import Progress

from reportdb.account.account import Account, Counts
from reportdb.account.causes import exchanged_points
from reportdb.filling.first_load import is_empty
from reportdb.importer.city import claim_city, fill_city_calendar, load_layers
from reportdb.importer.lane import Lane
from reportdb.importer.merging import add_terms, merge, merge_first
from reportdb.importer.named_areas import name_areas
from reportdb.importer.rated_rows import rate_and_answer
from reportdb.importer.read_rows import ReadRows
from reportdb.importer.snapshots import Closed, close_missing, date_rows, snapshot_time
from reportdb.importer.staging import Vocabulary, respell_staged, stage, staged_codes, staged_facts
from reportdb.importer.versions import REPEATS, count_stale, keep_newest, leave_out_older, mark_stale, note_rejected
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.mapping_file import read_mapping
from reportdb.mapping.words import Term
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RowSource
from reportdb.source_file.reading import city_file
from reportdb.source_file.rejects import Notes, Rejects
from reportdb.summary import summarise


def import_reports(
    connection: psycopg.Connection,
    file: Path,
    *,
    mapping: str,
    rejects: Path,
    boundaries: Path,
    notes: Path | None = None,
    progress: Progress | None = None,
    at: datetime | None = None,
    snapshot_at: datetime | None = None,
    dry_run: bool = False,
) -> Counts:
    """Import a city's CSV file (also .gz) through a mapping, as the database's owner.

    `mapping` is the path of a TOML file or the name of a shipped one, `boundaries` the folder of the mapping's boundary
    files, `at` the time of the import (default: now); for the others see `import_rows`. Importing again updates reports
    by the source's id. All in one transaction: on failure ImportFailure (or psycopg.Error) is raised, and the database
    and the files of rejects and notes are unchanged.
    """
    read = read_mapping(mapping)
    with city_file(file, read) as opened:
        return import_rows(
            connection,
            opened,
            read,
            rejects=rejects,
            notes=notes,
            boundaries=boundaries,
            progress=progress,
            at=at or datetime.now(UTC),
            encoding=opened.encoding,
            snapshot_at=snapshot_at,
            dry_run=dry_run,
        )


def import_rows(
    connection: psycopg.Connection,
    source: RowSource,
    mapping: Mapping,
    *,
    rejects: Path,
    boundaries: Path,
    at: datetime,
    notes: Path | None = None,
    progress: Progress | None = None,
    snapshot_at: datetime | None = None,
    dry_run: bool = False,
    encoding: str = "utf-8",
    lane: Lane | None = None,
) -> Counts:
    """Import the rows of any source through a mapping; like `import_reports`.

    `rejects` is the file for rejected rows, `notes` the one for values that could not be read (default: beside it, see
    `notes_beside`). `snapshot_at` is when the file was taken, where the mapping says that missing reports are closed
    (default: its newest submission or change). A `dry_run` does everything and undoes it; its two files get the ending
    `.dry-run`. `encoding` is that of the rejects file; `lane` reads most rows beside the importer (reportdb/fast_lane).
    """
    places = [rejects, notes or notes_beside(rejects)]
    if dry_run:
        places = [place.with_name(f"{place.name}.dry-run") for place in places]
    try:
        with Rejects(places[0], encoding) as refused, Notes(places[1], encoding) as noted:
            with connection.transaction(force_rollback=dry_run):
                counts = _Import(connection, source, mapping, refused, noted, at, snapshot_at, lane).run(
                    boundaries, progress
                )
                if not dry_run:
                    summarise(connection, now=at)
            refused.put_in_place()
            noted.put_in_place()
    except psycopg.errors.DiskFull as error:
        raise ImportFailure("The database's disk is full. Make room and try again. Nothing was imported.") from error
    return replace(counts, account=replace(counts.account, dry_run=dry_run))


def notes_beside(rejects: Path) -> Path:
    """Return the place of the notes file beside the rejects file: notes-FILE.csv beside rejects-FILE.csv."""
    return rejects.with_name(f"notes-{rejects.name.removeprefix('rejects-')}")


class _Import:
    """One import, step by step, within a transaction."""

    def __init__(
        self,
        connection: psycopg.Connection,
        source: RowSource,
        mapping: Mapping,
        rejects: Rejects,
        notes: Notes,
        at: datetime,
        snapshot_at: datetime | None,
        lane: Lane | None,
    ) -> None:
        self._connection, self._source, self._mapping, self._at = connection, source, mapping, at
        self._rejects, self._notes, self._snapshot_at, self._lane = rejects, notes, snapshot_at, lane

    def run(self, boundaries: Path, progress: Progress | None) -> Counts:
        """Do it all. Raises ImportFailure."""
        connection, mapping, at = self._connection, self._mapping, self._at
        # Two imports at once would give the same numbers to different reports; readers are not blocked.
        connection.execute("lock table report in share row exclusive mode")
        claim_city(connection, mapping)
        load_layers(connection, mapping, boundaries, at)
        latest = max(at, datetime.now(UTC))
        reader = RowReader(mapping, self._source.header, latest)
        source = self._lane.take(reader, latest) if self._lane else self._source
        rows = ReadRows(source, reader, mapping, self._rejects, self._notes, progress)
        stage(connection, rows, mapping, into_lasting=self._lane is not None)
        if self._lane:
            rows.read += self._lane.finish()
        if not rows.read:
            raise ImportFailure("The file holds a header and not a single row. Nothing was imported.")
        kept = keep_newest(connection, self._rejects)
        rows.kinds[REPEATS] += kept.rejected
        rows.refuse_if_too_many(kept.repeated)
        note_rejected(connection, rows.rejected)
        taken_at = self._date_snapshot()
        dated = mapping.changed is not None or taken_at is not None
        older, known_from = leave_out_older(connection) if dated else (0, None)
        self._add_terms(reader)
        fill_city_calendar(connection, mapping)
        name_areas(connection, mapping)
        exchanged = exchanged_points(connection, rows.sample)
        first = self._lane and is_empty(connection)
        merged = merge_first(connection, at) if first else merge(connection, at, mapping.unread())
        rate_and_answer(connection, at)
        made_stale = mark_stale(connection, at, dated=dated)
        closed = close_missing(connection, mapping, taken_at, at) if taken_at else Closed(0, 0)
        connection.execute("set constraints all immediate")  # a dry run ends here
        connection.execute("analyze report, report_event, report_source")
        account = Account(
            rejects=+rows.kinds,
            notes=rows.notes,
            rejects_file=self._rejects.place,
            notes_file=self._notes.place,
            older_versions=kept.older,
            older_than_known=older,
            known_from=known_from,
            exchanged=exchanged,
            changes=merged.changes,
            closed_as_missing=closed.reports,
            closed_at_unknown_time=closed.at_unknown_time,
            snapshot_at=taken_at,
            made_stale=made_stale,
            stale=count_stale(connection, mapping.source),
            **staged_facts(connection, at),
        )
        self._rejects.finish()
        self._notes.finish()
        return Counts(
            read=rows.read,
            new=merged.new,
            updated=merged.updated,
            unchanged=merged.unchanged,
            rejected=self._rejects.count,
            not_located=merged.not_located,
            district_disagrees=merged.disagree,
            by_source=merged.by_source,
            older=kept.older + older,
            repeated=kept.repeated,
            account=account,
        )

    def _date_snapshot(self) -> datetime | None:
        """Return when the snapshot was taken, and date its rows so; None if the file is none."""
        if not self._mapping.acceptance.missing_is_closed:
            return None
        taken_at = self._snapshot_at or snapshot_time(self._connection, self._at)
        date_rows(self._connection, taken_at)
        return taken_at

    def _add_terms(self, reader: RowReader) -> None:
        """Add the channels, categories and units of the rows that count; none of a row that was left out."""
        met: dict[Vocabulary, dict[str, Term]] = {
            "channel": reader.channels,
            "category": reader.categories,
            "unit": reader.units,
        }
        used = staged_codes(self._connection)
        for table, terms in met.items():
            respelled = add_terms(
                self._connection, table, [term for code, term in terms.items() if code in used[table]]
            )
            respell_staged(self._connection, table, respelled)
