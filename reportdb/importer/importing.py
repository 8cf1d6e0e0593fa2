"""One import: the city, its boundaries, the rows, the calendar; all or nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from rich.progress import Progress, TaskID

from reportdb.areas import locate_reports, store_boundaries
from reportdb.boundary_file import AreasError, read_boundaries
from reportdb.deadlines.calendars import fill_calendar, swaps_days, write_hours
from reportdb.deadlines.working_time import CalendarError
from reportdb.importer.merging import Merged, add_terms, days_spoken_of, merge, repeated_rows
from reportdb.importer.named_areas import name_areas
from reportdb.importer.staging import stage
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.mapping_file import read_mapping
from reportdb.rows.row import Rejected, ReportRow
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RowSource
from reportdb.source_file.reading import city_file
from reportdb.source_file.rejects import Rejects, rejects_file
from reportdb.summary import summarise

_ROWS_BETWEEN_SIGNS = 1000


@dataclass(frozen=True)
class Counts:
    """What happened to a file's rows. Raises ImportFailure if the numbers do not add up."""

    read: int
    new: int
    updated: int
    unchanged: int
    rejected: int
    not_located: int  # of the reports imported: neither a district nor a ward was found
    district_disagrees: int  # of the reports imported: the source names another district or ward than the coordinates
    by_source: int = 0  # of the reports imported: an area comes from the source's name, because no point gave it

    def __post_init__(self) -> None:
        if self.read != self.new + self.updated + self.unchanged + self.rejected:
            raise ImportFailure(f"The rows do not add up, so nothing was imported: {self._equation()}. Tell us.")

    def sentence(self) -> str:
        """Return a summary of the import in words."""
        taken = self.read - self.rejected
        return (
            f"{self._equation()}. Of the {taken:,} reports {self.not_located:,} are in no known area, and of "
            f"{self.district_disagrees:,} the source names another area than their coordinates. "
            f"{self.by_source:,} have an area only by the source's name."
        )

    def _equation(self) -> str:
        return (
            f"{self.read:,} rows read = {self.new:,} new + {self.updated:,} updated + {self.unchanged:,} unchanged "
            f"+ {self.rejected:,} rejected"
        )


def import_reports(
    connection: psycopg.Connection,
    file: Path,
    *,
    mapping: str,
    rejects: Path,
    boundaries: Path,
    progress: Progress | None = None,
    at: datetime | None = None,
) -> Counts:
    """Import a city's CSV file (also .gz) through a mapping, as the database's owner.

    `mapping` is the path of a TOML file or the name of a shipped one, `rejects` the file for rejected rows,
    `boundaries` the folder of the mapping's boundary files, `at` the time of the import (default: now). Importing again
    updates reports by the source's id. All in one transaction: on failure ImportFailure (or psycopg.Error) is raised,
    and the database and the rejects file are unchanged.
    """
    read = read_mapping(mapping)
    with city_file(file, read) as opened:
        return import_rows(
            connection,
            opened,
            read,
            rejects=rejects,
            boundaries=boundaries,
            progress=progress,
            at=at or datetime.now(UTC),
        )


def import_rows(
    connection: psycopg.Connection,
    source: RowSource,
    mapping: Mapping,
    *,
    rejects: Path,
    boundaries: Path,
    at: datetime,
    progress: Progress | None = None,
) -> Counts:
    """Import the rows of any source through a mapping; like `import_reports`."""
    try:
        with rejects_file(rejects, mapping.file_format.encoding) as refused:
            with connection.transaction():
                counts = _import(connection, source, mapping, refused, boundaries, progress, at)
                summarise(connection, now=at)
            refused.put_in_place()
    except psycopg.errors.DiskFull as error:
        raise ImportFailure("The database's disk is full. Make room and try again. Nothing was imported.") from error
    return counts


def _import(
    connection: psycopg.Connection,
    source: RowSource,
    mapping: Mapping,
    rejects: Rejects,
    boundaries: Path,
    progress: Progress | None,
    at: datetime,
) -> Counts:
    # Two imports at once would give the same numbers to different reports; readers are not blocked.
    connection.execute("lock table report in share row exclusive mode")
    _claim_city(connection, mapping)
    _load_layers(connection, mapping, boundaries, at)
    reader = RowReader(mapping, source.header, max(at, datetime.now(UTC)))
    rows = _Rows(source, reader, rejects, progress)
    stage(connection, rows, mapping)
    for line, first, raw in repeated_rows(connection):
        rejects.add(line, f"repeats the id of line {first}", raw)
    if not rows.read:
        raise ImportFailure("The file holds a header and not a single row. Nothing was imported.")
    add_terms(connection, "channel", reader.channels.values())
    add_terms(connection, "category", reader.categories.values())
    add_terms(connection, "unit", reader.units.values())
    _fill_calendar(connection, mapping)
    name_areas(connection, mapping)
    merged = merge(connection, at, mapping.unread())
    connection.execute("analyze report, report_event, report_source")
    rejects.finish()
    return _counts(rows.read, rejects.count, merged)


def _counts(read: int, rejected: int, merged: Merged) -> Counts:
    return Counts(
        read=read,
        new=merged.new,
        updated=merged.updated,
        unchanged=merged.unchanged,
        rejected=rejected,
        not_located=merged.not_located,
        district_disagrees=merged.disagree,
        by_source=merged.by_source,
    )


class _Rows:
    """The accepted rows, counted while they are read; the others go to the rejects."""

    def __init__(self, source: RowSource, reader: RowReader, rejects: Rejects, progress: Progress | None) -> None:
        self.read = 0
        self._source, self._reader, self._rejects, self._progress = source, reader, rejects, progress

    def __iter__(self) -> Iterator[ReportRow]:
        task = self._progress.add_task("Reading (kB)", total=self._source.size() // 1000) if self._progress else None
        for row in self._source.rows():
            self.read += 1
            if self.read % _ROWS_BETWEEN_SIGNS == 0:
                self._sign(task)
            try:
                yield self._reader.read(row)
            except Rejected as reason:
                self._rejects.add(row.line, str(reason), row.text)
        self._sign(task)

    def _sign(self, task: TaskID | None) -> None:
        if self._progress and task is not None:
            self._progress.update(task, completed=self._source.position() // 1000)


def _claim_city(connection: psycopg.Connection, mapping: Mapping) -> None:
    """Set the database's city to the mapping's, or refuse if it holds another; update what the mapping says of it."""
    city = mapping.city
    row = connection.execute("select code, name_en, demo from city").fetchone()
    code, name, demo = row or (city.code, city.name_en, False)
    if demo or code != city.code:
        raise ImportFailure(
            f"This database holds {'the demo city' if demo else name}, and the file is of {city.name_en}. "
            "Name another database with --data or --database. Nothing was imported."
        )
    if row is None:
        usual = {
            "languages": city.languages or (("vi", "en") if city.country == "VN" else ("en", "vi")),
            "swapped_days": swaps_days(city.country) if city.swapped_days is None else city.swapped_days,
        }
        connection.execute(
            """insert into city (code, name_vi, name_en, time_zone, country, subdivision, attribution, languages,
                   swapped_days)
               values (%(code)s, %(name_vi)s, %(name_en)s, %(time_zone)s, %(country)s, %(subdivision)s,
                       %(attribution)s, %(languages)s, %(swapped_days)s)""",
            vars(city) | {word: list(value) if isinstance(value, tuple) else value for word, value in usual.items()},
        )
    else:
        connection.execute(
            """update city set languages = coalesce(%s, languages), swapped_days = coalesce(%s, swapped_days)""",
            [list(city.languages) if city.languages else None, city.swapped_days],
        )
    for names in mapping.level_names:
        connection.execute(
            """insert into level_name (level, one_vi, many_vi, one_en, many_en)
               values (%(level)s, %(one_vi)s, %(many_vi)s, %(one_en)s, %(many_en)s)
               on conflict (level) do update
                   set one_vi = excluded.one_vi, many_vi = excluded.many_vi, one_en = excluded.one_en,
                       many_en = excluded.many_en""",
            vars(names),
        )


def _load_layers(connection: psycopg.Connection, mapping: Mapping, folder: Path, at: datetime) -> None:
    """Load the mapping's boundaries for levels without any; other boundaries are kept."""
    drawn = {level for (level,) in connection.execute("select level from area where geometry is not null")}
    for layer in mapping.layers:
        if layer.level in drawn:
            continue
        try:
            areas = read_boundaries(
                folder / layer.file,
                code=layer.code,
                name=layer.name,
                named_vi=layer.named_vi,
                named_en=layer.named_en,
                no_areas=layer.no_areas,
            )
        except AreasError as error:
            raise ImportFailure(
                f"The mapping's boundaries cannot be used: {error} Name their folder with --boundaries. "
                "Nothing was imported."
            ) from error
        store_boundaries(connection, areas, level=layer.level, attribution=layer.attribution)
        locate_reports(connection, level=layer.level, at=at)


def _fill_calendar(connection: psycopg.Connection, mapping: Mapping) -> None:
    """Write the mapping's working hours, and fill the calendar for every day that the rows' deadlines need."""
    city, hours = mapping.city, mapping.working_hours
    if hours:
        write_hours(connection, hours.valid_from, hours.spans, source=hours.source, confirmed=hours.confirmed)
    if days := days_spoken_of(connection):
        try:
            fill_calendar(connection, country=city.country, subdivision=city.subdivision, first=days[0], last=days[1])
        except CalendarError as error:
            raise ImportFailure(f"The calendar cannot be filled: {error} Nothing was imported.") from error
