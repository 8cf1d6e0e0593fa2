"""The rows of a clean block in our terms, column by column.

The same functions interpret words here and in reportdb/rows, so that both lanes say the same. Only rows of which
nothing needs saying are taken; the others are odd, and the row reader reads them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reportdb.fast_lane.row_times import BlockTimes, TimeBlockReader
from reportdb.fast_lane.words import Column, Meanings, meanings
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.places import PublishedArea
from reportdb.mapping.states import BY_TIMES
from reportdb.mapping.words import UNKNOWN, Term
from reportdb.rows.identity import read_identity
from reportdb.rows.points import read_point, read_published_area
from reportdb.rows.row import Fields, Rejected, ReportRow
from reportdb.rows.states import StateReader, read_count
from reportdb.rows.words import MeaningReader, TermReader

Meaning = TypeVar("Meaning")
Rows = NDArray[np.bool_]

ODD: Final = None
"""What words mean that only the row reader can tell of."""

_CLOSED = ("resolved", "refused")
_TEXT = pa.string()
_READ = frozenset(
    (
        "line", "raw", "source_ref", "public_code", "channel", "category", "severity", "unit", "officer", "lon", "lat",
        "address", "title", "text", "submitted_at", "received_at", "due_at", "ended_at", "status", "published_late",
        "published_district", "published_ward", "published_status", "notes", "ended_known", "changed_at",
        "reopen_count", "place", "written_point", "rating", "rated_at", "answer",
    )
)  # fmt: skip


def reads_all(mapping: Mapping) -> bool:
    """Whether this module reads all that a mapping does: not ratings and answers, nor a column it does not know."""
    return {each.name for each in fields(ReportRow)} <= _READ and not mapping.rated.columns()


@dataclass
class TakenRows:
    """The rows of a block that were taken: their columns in `staged` for every row, and the terms they name."""

    columns: dict[str, pa.Array]
    taken: Rows
    terms: dict[str, list[Term]]
    areas: dict[str, Meanings[str | None]]  # the source's own, by level


class RowBlockReader:
    """Reads the clean blocks of one file. `at` is the time of the import."""

    def __init__(self, mapping: Mapping, at: datetime) -> None:
        self.mapping = mapping
        self.times = TimeBlockReader(mapping, at)
        self.terms = {
            "channel": (mapping.channel, TermReader(mapping.channel, mapping.channels)),
            "category": (mapping.category, TermReader(mapping.category, mapping.categories)),
            "unit": (mapping.unit, TermReader(mapping.unit, mapping.units)),
        }
        self.severity: MeaningReader[str] = MeaningReader(mapping.severity, mapping.severities)
        self.late: MeaningReader[bool] = MeaningReader(mapping.late, mapping.late_words)

    def read(self, columns: dict[str, Column], rows: int) -> TakenRows:
        """Return the rows that can be taken of so many."""
        return _Rows(self, columns, rows).read()


class _Rows:
    def __init__(self, reader: RowBlockReader, columns: dict[str, Column], rows: int) -> None:
        self._reader, self._mapping, self._columns, self._count = reader, reader.mapping, columns, rows
        self._taken = np.ones(rows, dtype=bool)

    def read(self) -> TakenRows:
        """Interpret every column, and return the rows in which nothing is odd."""
        mapping, reader = self._mapping, self._reader
        identity = self._ask(mapping.id.columns, lambda row: read_identity(row, mapping.id))
        terms = {name: self._ask(_some(column), each.read) for name, (column, each) in reader.terms.items()}
        times = reader.times.read(self._columns, self._count)
        self._taken &= times.taken
        point = self._ask(
            _some(mapping.location.lon, mapping.location.lat, mapping.location.column),
            lambda row: read_point(row, mapping.location),
        )
        self._taken &= point.where(lambda read: read is not ODD and read.place in {"located", "no point"})
        title = self._ask(mapping.title, lambda row: row.joined(mapping.title, " · "))
        self._taken &= title.where(bool)
        district, ward = self._area(mapping.district), self._area(mapping.ward)
        columns = {
            "source_ref": identity.of_rows(lambda words: words and f"{mapping.source}:{words}", _TEXT),
            "public_code": identity.of_rows(lambda words: words and f"{mapping.code_prefix}{words}", _TEXT),
            "channel": terms["channel"].of_rows(lambda term: (term or UNKNOWN).code, _TEXT),
            "category": terms["category"].of_rows(lambda term: (term or UNKNOWN).code, _TEXT),
            "unit": terms["unit"].of_rows(lambda term: term and term.code, _TEXT),
            "severity": self._texts(_some(mapping.severity), lambda row: reader.severity.read(row) or "normal"),
            "officer": self._texts(_some(mapping.officer), lambda row: row.value(mapping.officer)),
            "lon": point.of_rows(lambda read: read and read.lon, pa.float64()),
            "lat": point.of_rows(lambda read: read and read.lat, pa.float64()),
            "place": point.of_rows(lambda read: read and read.place, _TEXT),
            "address": self._texts(mapping.address, lambda row: row.joined(mapping.address, ", ")),
            "title": title.of_rows(lambda words: words, _TEXT),
            "text": self._texts(mapping.text, lambda row: row.joined(mapping.text, " · ")),
            "published_late": self._ask(_some(mapping.late), reader.late.read).of_rows(lambda late: late, pa.bool_()),
            "published_district": district.of_rows(lambda words: words, _TEXT),
            "published_ward": ward.of_rows(lambda words: words, _TEXT),
            "reopen_count": self._ask(
                _some(mapping.reopen_count), lambda row: read_count(row, mapping.reopen_count)
            ).of_rows(lambda count: count, pa.int16()),
            **times.columns(),
            **self._state(times),
        }
        used = {
            name: [each.each[place] or UNKNOWN for place in np.unique(each.places[self._taken]).tolist()]
            if name != "unit"
            else [term for place in np.unique(each.places[self._taken]).tolist() if (term := each.each[place])]
            for name, each in terms.items()
        }
        return TakenRows(columns, self._taken, used, {"district": district, "ward": ward})

    def _ask(self, names: Sequence[str], read: Callable[[Fields], Meaning | None]) -> Meanings[Meaning | None]:
        """Return what rows' words in some columns mean; leave out the rows of which there is something to say."""
        names = list(dict.fromkeys(names))
        row = Fields(self._mapping, {name: place for place, name in enumerate(names)})
        odd: list[bool] = []

        def one(words: list[str]) -> Meaning | None:
            """Interpret the words of one row, and note whether they are odd."""
            row.load(words)
            try:
                meaning = read(row)
            except Rejected:
                odd.append(True)
                return ODD
            odd.append(bool(row.notes()))
            return meaning

        found = meanings(self._columns, names, self._count, one)
        self._taken &= ~np.array(odd, dtype=bool)[found.places]
        return found

    def _texts(self, names: Sequence[str], read: Callable[[Fields], str | None]) -> pa.Array:
        return self._ask(names, read).of_rows(lambda words: words, _TEXT)

    def _area(self, area: PublishedArea | None) -> Meanings[str | None]:
        return self._ask(_some(area.column) if area else (), lambda row: read_published_area(row, area))

    def _state(self, times: BlockTimes) -> dict[str, pa.Array]:
        """Return the columns of the state: what the words say, weighed against the times as StateReader.settle does."""
        mapping, columns = self._mapping, self._mapping.status

        def said(row: Fields) -> tuple[str, str]:
            """Return what a row's status words mean, and the words themselves."""
            first = row.value(columns[0]) if columns else None
            word = row.joined(columns, " ") if len(columns) > 1 else first
            return StateReader(mapping, row).meaning(word, first) if columns else BY_TIMES, word or ""

        found = self._ask(columns, said)
        names = np.array([each[0] if each else "" for each in found.each], dtype=object)
        status = names[found.places]
        by_times = np.where(times.has_ended, "resolved", np.where(times.has_received, "in_progress", "waiting"))
        status = np.where(status == BY_TIMES, by_times, status)
        closed = np.isin(status, _CLOSED)
        # An open report with a closing time is noted, or closed by it.
        self._taken &= closed | ~times.has_ended
        ended = times.ended_where(closed)
        known = ~closed | times.has_ended | (times.has_changed & mapping.state.end_is_change)
        return {
            "status": pa.array(status.tolist(), _TEXT),
            "published_status": found.of_rows(lambda each: each and each[1], _TEXT),
            "ended_at": ended,
            "ended_known": pa.array(known),
        }


def _some(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name is not None)
