"""A report as one row gives it, and the fields it is read from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reportdb.mapping.file_format import FileMapping
from reportdb.spelling import composed, one_spelling

Place = Literal["located", "no point", "nowhere", "not degrees"]
"""Whether a row gives a point; if not: no readable one is written, it means none, or it lies beyond the earth."""


class Rejected(Exception):
    """A rejected row; the message is the reason for the rejects file, `kind` what the account counts it by."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Note:
    """A value that could not be read and counts as unknown, while its row is kept."""

    reason: str  # what the account counts it by: "due is no time as the mapping writes it"
    column: str
    words: str | None


@dataclass(slots=True)
class ReportRow:
    """A report as given by a row. Times are UTC, coordinates degrees in WGS 84; terms are codes."""

    line: int
    raw: str
    source_ref: str
    public_code: str
    channel: str
    category: str
    severity: str
    unit: str | None
    officer: str | None
    lon: float | None
    lat: float | None
    address: str | None
    title: str
    text: str | None
    submitted_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    status: str
    published_late: bool | None
    published_district: str | None
    published_ward: str | None
    published_status: str
    notes: tuple[Note, ...] = ()
    place: Place = "no point"
    written_point: tuple[float, float] | None = None  # as the row writes it, in the order of longitude and latitude
    ended_known: bool = True  # False: closed, and nobody wrote when; ended_at is then the best there is
    changed_at: datetime | None = None  # when the source last changed the row
    reopen_count: int | None = None
    rating: str | None = None
    rated_at: datetime | None = None
    answer: str | None = None


def said(words: str, nothing: frozenset[str]) -> str | None:
    """Return a field's words composed (NFC), without spaces at their ends, or None if they mean no value.

    `nothing` are the words, in one spelling, that mean none.
    """
    words = composed(words)
    return None if not words or (nothing and one_spelling(words) in nothing) else words


class Fields:
    """The fields of one row by the names of their columns."""

    def __init__(self, mapping: FileMapping, places: dict[str, int]) -> None:
        self._nothing, self._places = mapping.nothing, places
        # Longer words mean something; they are not compared.
        self._longest = 4 * max(map(len, mapping.nothing), default=0)
        self._fields: list[str] = []
        self._notes: list[Note] = []

    def load(self, fields: list[str]) -> None:
        """Take the next row's fields, in the order of the header."""
        self._fields = fields
        self._notes = []

    def note(self, reason: str, column: str) -> None:
        """Note that a value of the row counts as unknown."""
        self._notes.append(Note(reason, column, self.value(column)))

    def notes(self) -> tuple[Note, ...]:
        """Return what was noted of the row."""
        return tuple(self._notes)

    def value(self, column: str | None) -> str | None:
        """Return the words in a column, composed (NFC), or None if there are none or no such column is mapped."""
        if column is None:
            return None
        words = self._fields[self._places[column]].strip()
        if not words or (len(words) > self._longest and words.isascii()):
            return words or None
        return said(words, self._nothing)

    def joined(self, columns: tuple[str, ...], between: str) -> str | None:
        """Return the words of several columns in one line, or None."""
        parts = (self.value(column) for column in columns)
        return between.join(" ".join(part.split()) for part in parts if part) or None


def shown(words: str | None) -> str:
    """Return words in quotes for a message, shortened if long."""
    return repr(words if words is None or len(words) <= 60 else f"{words[:57]}...")
