"""Parse a row of the city's file into our terms, or say why it is rejected."""

import math
from collections.abc import Mapping as Words
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from reportdb.source_file.failure import ImportFailure
from reportdb.source_file.mapping import Mapping, Moment, PublishedArea, Term, Vocabulary
from reportdb.source_file.reading import RawRow
from reportdb.spelling import one_spelling

_LONGEST_NAME = 200  # characters of an id, or of a word for a channel, category or unit
_MOST_WORDS = 1000  # in one column; one with more does not hold categories
_YEARS = range(1900, 2200)  # other programs cannot represent times beyond these years

Meaning = TypeVar("Meaning", str, bool)


class Rejected(Exception):
    """A rejected row; the message is the reason for the rejects file."""


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


class RowReader:
    """Parses rows of one file by its mapping, and collects the channels, categories and units by code."""

    def __init__(self, mapping: Mapping, header: list[str]) -> None:
        self._mapping = mapping
        self._place = {column: place for place, column in enumerate(header)}
        self._zone = ZoneInfo(mapping.city.time_zone)
        self.channels: dict[str, Term] = {}
        self.categories: dict[str, Term] = {}
        self.units: dict[str, Term] = {}

    def read(self, row: RawRow) -> ReportRow:
        """Parse a row. Raises Rejected with the reason, or ImportFailure for a misused column."""
        if row.reason:
            raise Rejected(row.reason)
        mapping, fields = self._mapping, row.fields
        identity = self._value(fields, mapping.id)
        if identity is None:
            raise Rejected(f"{mapping.id} is blank: a report needs an id")
        if len(identity) > _LONGEST_NAME:
            raise Rejected(f"{mapping.id} is longer than {_LONGEST_NAME} characters")
        channel = self._term(fields, mapping.channel, mapping.channels, self.channels)
        category = self._term(fields, mapping.category, mapping.categories, self.categories)
        if channel is None or category is None:
            raise Rejected(f"{mapping.channel if channel is None else mapping.category} is blank")
        unit = self._term(fields, mapping.unit, mapping.units, self.units)
        submitted, received, due, ended = self._times(fields)
        status_word = self._value(fields, mapping.status)
        status = _meaning(mapping.statuses, mapping.status, status_word)
        if (status in {"resolved", "refused"}) != (ended is not None):
            there = "no" if ended is None else "a"
            raise Rejected(f"{mapping.status} is {status_word!r}, yet there is {there} time of closing")
        lon, lat = self._point(fields)
        return ReportRow(
            line=row.line,
            raw=row.text,
            source_ref=f"{mapping.source}:{identity}",
            public_code=f"{mapping.code_prefix}{identity}",
            channel=channel.code,
            category=category.code,
            severity=self._severity(fields),
            unit=unit.code if unit else None,
            officer=self._value(fields, mapping.officer) if mapping.officer else None,
            lon=lon,
            lat=lat,
            address=self._joined(fields, mapping.address, ", "),
            title=self._joined(fields, mapping.title, " · ") or category.name_vi,
            text=self._joined(fields, mapping.text, " · "),
            submitted_at=submitted,
            received_at=received,
            due_at=due,
            ended_at=ended,
            status=status,
            published_late=self._late(fields),
            published_district=self._published(fields, mapping.district),
            published_ward=self._published(fields, mapping.ward),
            published_status=str(status_word),
        )

    def _value(self, fields: list[str], column: str) -> str | None:
        words = fields[self._place[column]].strip()
        return None if words in self._mapping.nothing else words

    def _joined(self, fields: list[str], columns: tuple[str, ...], between: str) -> str | None:
        parts = (self._value(fields, column) for column in columns)
        return between.join(" ".join(part.split()) for part in parts if part) or None

    def _severity(self, fields: list[str]) -> str:
        column = self._mapping.severity
        words = self._value(fields, column) if column else None
        return _meaning(self._mapping.severities, str(column), words) if words else "normal"

    def _late(self, fields: list[str]) -> bool | None:
        column = self._mapping.late
        words = self._value(fields, column) if column else None
        return _meaning(self._mapping.late_words, str(column), words) if words else None

    def _term(self, fields: list[str], column: str | None, vocabulary: Vocabulary, met: dict[str, Term]) -> Term | None:
        words = self._value(fields, column) if column else None
        key = one_spelling(words or "")
        if not key or key in vocabulary.nothing:
            term = vocabulary.blank
            if term is None:
                return None
        elif key in vocabulary.known:
            term = vocabulary.known[key]
        elif not vocabulary.add_unlisted:
            raise Rejected(f"{column} {_shown(words)} is not in the mapping")
        elif len(key) > _LONGEST_NAME:
            raise Rejected(f"{column} is longer than {_LONGEST_NAME} characters")
        else:
            name = " ".join(str(words).split())
            # Of several capitalisations the first in order is the name, independent of the order of rows.
            name = min(name, met[key].name_en) if key in met else name
            term = Term(key, name, name)
        met[term.code] = term
        if len(met) > _MOST_WORDS:
            raise ImportFailure(
                f"The column {column} holds more than {_MOST_WORDS} different words. Is it the right column? "
                "Nothing was imported."
            )
        return term

    def _times(self, fields: list[str]) -> tuple[datetime, datetime | None, datetime | None, datetime | None]:
        """Return when the report was submitted, received, is due, and ended."""
        mapping = self._mapping
        submitted = self._written(fields, mapping.submitted)
        if submitted is None:
            raise Rejected(f"{' and '.join(mapping.submitted.columns)}: no time of submission")
        start = self._instant(submitted)
        later = []
        for moment, event in ((mapping.received, "received"), (mapping.ended, "closed")):
            written = self._written(fields, moment) if moment else None
            instant = self._instant(written) if written else None
            if written and instant and instant < start:
                # A time in the hour that summer time skips moves forward, past a later written time.
                in_order = written.tzinfo == submitted.tzinfo and written >= submitted
                if not in_order and not mapping.early_end_is_submission:
                    raise Rejected(f"{event} at {written:%Y-%m-%d %H:%M:%S}, before it was submitted")
                instant = start
            later.append(instant)
        due = self._written(fields, mapping.due) if mapping.due else None
        return start, later[0], self._instant(due) if due else None, later[1]

    def _written(self, fields: list[str], moment: Moment) -> datetime | None:
        """Return a time as written: without a zone if it is the city's local time."""
        parts = [self._value(fields, column) for column in moment.columns]
        present = [part for part in parts if part]
        if not present:
            return None
        words = " ".join(present)
        try:
            if len(present) < len(parts):
                raise ValueError
            if moment.format == "iso":
                written = datetime.fromisoformat(words)
            else:
                written = datetime.strptime(words, moment.format)  # noqa: DTZ007 - the city's own time, see _instant
        except ValueError as error:
            raise Rejected(
                f"{' and '.join(moment.columns)} {_shown(words)} is no time as the mapping writes it"
            ) from error
        if written.year not in _YEARS:
            raise Rejected(f"{' and '.join(moment.columns)} {_shown(words)} is not between 1900 and 2199")
        if moment.of_day:
            written = datetime.combine(written.date(), moment.of_day)
        return written.replace(tzinfo=None) if self._mapping.ignore_offset else written

    def _instant(self, written: datetime) -> datetime:
        """Return a time in UTC: the first one if it occurs twice; moved forward if the clock skips it."""
        return (written if written.tzinfo else written.replace(tzinfo=self._zone)).astimezone(UTC)

    def _point(self, fields: list[str]) -> tuple[float, float] | tuple[None, None]:
        mapping = self._mapping
        degrees = []
        for column in (mapping.lon, mapping.lat):
            words = self._value(fields, column)
            try:
                degrees.append(float(words) if words else math.nan)
            except ValueError as error:
                raise Rejected(f"{column} {_shown(words)} is no number") from error
        lon, lat = degrees
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            return None, None
        if any(abs(lon - x) <= mapping.tolerance and abs(lat - y) <= mapping.tolerance for x, y in mapping.nowhere):
            return None, None
        return lon, lat

    def _published(self, fields: list[str], area: PublishedArea | None) -> str | None:
        words = self._value(fields, area.column) if area else None
        if area is None or words is None or words in area.nothing:
            return None
        match = area.pattern.fullmatch(words) if area.pattern else None
        return match.expand(area.written) if match else words


def _meaning(meanings: Words[str, Meaning], column: str, words: str | None) -> Meaning:
    if words is None:
        raise Rejected(f"{column} is blank")
    meaning = meanings.get(one_spelling(words))
    if meaning is None:
        raise Rejected(f"{column} {_shown(words)} is not in the mapping")
    return meaning


def _shown(words: str | None) -> str:
    """Return words in quotes, shortened if long."""
    return repr(words if words is None or len(words) <= 60 else f"{words[:57]}...")
