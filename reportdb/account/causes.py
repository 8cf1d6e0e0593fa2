"""Why a file is refused as a whole: too many rows were rejected, or nearly all points lie outside the city."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import numpy as np
import psycopg

from reportdb.areas import Locator
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping
from reportdb.rows.identity import SCIENTIFIC
from reportdb.rows.moments import MomentReader
from reportdb.rows.row import ReportRow
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RawRow
from reportdb.time_formats.likely import likely_format

HANDFUL = 5  # so few rows refuse no file, whatever their share
_SAMPLE = 10_000  # rows or points that are looked at again
_EXAMPLES = 3
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass
class Sample:
    """The beginning of a file as it is written, kept to find out why its rows are rejected."""

    times: list[str] = field(default_factory=list)  # of submission
    broken: list[str] = field(default_factory=list)  # rows that could not be taken apart
    points: list[tuple[float, float]] = field(default_factory=list)  # longitude and latitude of rows without a point
    examples: list[str] = field(default_factory=list)

    def add(self, row: RawRow, reader: RowReader, mapping: Mapping, report: ReportRow | None) -> None:
        """Look at a row that was just read, and at its report if it was accepted."""
        if row.reason:
            if len(self.broken) < _SAMPLE:
                self.broken.append(row.text)
            return
        if len(self.times) < _SAMPLE and (words := reader.words(mapping.submitted.columns)):
            self.times.append(words)
        if report and report.place == "not degrees" and report.written_point and len(self.points) < _SAMPLE:
            self.points.append(report.written_point)

    def reject(self, line: int, reason: str) -> None:
        """Keep the first rejected rows as examples."""
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"line {line}: {reason}")


def refuse_many_rejected(
    mapping: Mapping, width: int, sample: Sample, *, rows: int, rejected: int, kinds: Counter[str]
) -> None:
    """Raise ImportFailure if more of the `rows` were rejected than the mapping allows; the message says why.

    `width` is the number of the header's columns; `rows` are those that do not repeat others letter for letter.
    """
    spoiled = kinds[SCIENTIFIC]
    if spoiled > HANDFUL or (spoiled and spoiled == rejected > mapping.acceptance.most_rejected * rows):
        raise ImportFailure(
            f"{spoiled:,} of {rows:,} ids are in scientific notation ({'; '.join(sample.examples)}): the file went "
            "through a spreadsheet, which lost their digits. Fetch the original. Nothing was imported."
        )
    if rejected <= HANDFUL or rejected <= mapping.acceptance.most_rejected * rows:
        return
    reasons = ", ".join(f"{count:,} {kind}" for kind, count in (+kinds).most_common(4))
    causes = "".join(f" {cause}" for cause in _causes(mapping, width, sample, kinds))
    raise ImportFailure(
        f"{rejected:,} of {rows:,} rows would be rejected ({reasons}), more than source.most_rejected of the mapping "
        f"allows ({mapping.acceptance.most_rejected:g}).{causes} For example {'; '.join(sample.examples)}. "
        "Mend the mapping, or raise most_rejected if these rows are worth nothing. Nothing was imported."
    )


def _causes(mapping: Mapping, width: int, sample: Sample, kinds: Counter[str]) -> Iterator[str]:
    if kinds["broken row"] > HANDFUL:
        for delimiter, name in _DELIMITERS.items():
            fitting = sum(row.count(delimiter) + 1 == width for row in sample.broken)
            if delimiter != mapping.file_format.delimiter and 2 * fitting > len(sample.broken):
                yield (
                    f"Is the delimiter right? With {name} {fitting:,} of {len(sample.broken):,} broken rows would have "
                    "the header's columns."
                )
                return
    written, read = _best_format(mapping, sample.times)
    if written:
        every = f"all {read:,}" if read == len(sample.times) else f"{read:,} of {len(sample.times):,}"
        yield (
            f"Are the times written otherwise, such as day and month exchanged? With {written} {every} would be read."
        )


def _best_format(mapping: Mapping, times: list[str]) -> tuple[str, int]:
    """Return the format that reads clearly more of the times than the mapping's, and how many; or "" and 0."""
    exchanged = [name.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m") for name in mapping.submitted.formats]
    likely = likely_format(times)
    tried = dict.fromkeys([*exchanged, likely] if likely else exchanged)
    counts = {name: _readable(mapping, times, (name,)) for name in tried}
    best = max(counts, key=lambda name: counts[name])
    if counts[best] > 1.05 * _readable(mapping, times, mapping.submitted.formats):
        return best, counts[best]
    return "", 0


def _readable(mapping: Mapping, times: list[str], formats: tuple[str, ...]) -> int:
    reader = MomentReader(replace(mapping.submitted, formats=formats), ZoneInfo(mapping.city.time_zone))
    return sum(reader.read(words).instant is not None for words in times)


def _refuse_only_exchanged(connection: psycopg.Connection, sample: Sample) -> None:
    """Raise ImportFailure if most points of the file are on the earth only with longitude and latitude exchanged."""
    exchanged = sum(abs(lon) <= 90 < abs(lat) <= 180 for lon, lat in sample.points)
    (located,) = connection.execute("select count(*) from staged where lon is not null").fetchone() or (0,)
    if exchanged > max(HANDFUL, located):
        raise ImportFailure(
            f"{exchanged:,} points are on the earth only with longitude and latitude exchanged, {located:,} as they "
            "are. Exchange columns.lon and columns.lat of the mapping. Nothing was imported."
        )


def exchanged_points(connection: psycopg.Connection, sample: Sample) -> tuple[int, int]:
    """Return how many points in no area would lie in the city with longitude and latitude exchanged, and of how many.

    Looks at the points of `staged`, and at what was written where there is none; at most 10,000 of each. Raises
    ImportFailure if these are most of the file's points: then the mapping exchanges them.
    """
    placed = connection.execute(
        """select lon, lat from staged
           where lon is not null and (district_id is null or district_from_source)
               and (ward_id is null or ward_from_source) limit %s""",
        [_SAMPLE],
    ).fetchall()
    lat, lon = np.array([*placed, *sample.points], dtype=np.float64).reshape(-1, 2).T
    degrees = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if not degrees.any():
        return 0, 0
    districts, wards = Locator(connection).locate(lon[degrees], lat[degrees])
    inside, looked_at = int(((districts > 0) | (wards > 0)).sum()), len(lon)
    (in_areas,) = connection.execute(
        """select count(*) from staged
           where lon is not null and (district_id is not null and not district_from_source
               or ward_id is not null and not ward_from_source)"""
    ).fetchone() or (0,)
    if inside > max(HANDFUL, in_areas) and 2 * inside > looked_at:
        raise ImportFailure(
            f"Only {in_areas:,} points lie in the city. With longitude and latitude exchanged {inside:,} of "
            f"{looked_at:,} others would. Exchange columns.lon and columns.lat of the mapping. Nothing was imported."
        )
    _refuse_only_exchanged(connection, sample)
    return (inside, looked_at) if inside > HANDFUL else (0, 0)
