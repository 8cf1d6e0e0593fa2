"""The mapping file: how one city's file is read. docs/import.md describes it."""

import re
from collections.abc import Mapping as Words
from dataclasses import dataclass
from datetime import date, time

from reportdb.areas import Level

STATUSES = ("waiting", "in_progress", "resolved", "refused")
LEVELS = ("district", "ward", "district_unit", "commune_unit")
SEVERITIES = ("urgent", "complex", "normal")


@dataclass(frozen=True)
class City:
    """The city for the only row of `city`. None: the country's default."""

    code: str
    name_vi: str
    name_en: str
    time_zone: str
    country: str
    subdivision: str | None
    attribution: str | None
    languages: tuple[str, ...] | None  # the languages viewers may choose, its own first
    swapped_days: bool | None  # whether notices swap working days, so that one is needed each year


@dataclass(frozen=True)
class LevelName:
    """The city's name for a level of areas, or for the units responsible for one; in lower case."""

    level: str
    one_vi: str
    many_vi: str
    one_en: str
    many_en: str


@dataclass(frozen=True)
class WorkingHours:
    """The office hours on a working day, from a day on, and their source."""

    valid_from: date
    spans: tuple[tuple[time, time], ...]  # opens, closes; in order, without overlap
    source: str
    confirmed: bool


@dataclass(frozen=True)
class Moment:
    """Where a time is written: in which columns, joined by a space, and in which format."""

    columns: tuple[str, ...]
    format: str  # "iso", or a format of strptime
    of_day: time | None  # the time of day used if only a date is written


@dataclass(frozen=True)
class Term:
    """One channel, category or unit."""

    code: str
    name_vi: str
    name_en: str


@dataclass(frozen=True)
class Vocabulary:
    """The source's words in one column, compared ignoring case and spaces, with their meanings."""

    known: Words[str, Term]
    nothing: frozenset[str]  # words that mean "none"
    blank: Term | None  # the meaning of an empty value
    add_unlisted: bool


@dataclass(frozen=True)
class PublishedArea:
    """The source's own district or ward: how its spellings are normalised, and which of our levels it belongs to."""

    column: str
    nothing: frozenset[str]
    pattern: re.Pattern[str] | None
    written: str
    compare: Level | None
    also: Words[str, tuple[str, ...]]  # the source's word -> names or codes of our areas that match it
    named_vi: str  # the pattern of a name if a word becomes an area: "Khu vực {}"
    named_en: str


@dataclass(frozen=True)
class Layer:
    """A boundary file of the city, loaded if the database has no boundaries of that level."""

    level: Level
    file: str
    code: str
    name: str
    named_vi: str
    named_en: str
    no_areas: tuple[str, ...]
    attribution: str | None


@dataclass(frozen=True)
class Mapping:
    """How to read one city's file."""

    city: City
    level_names: tuple[LevelName, ...]
    working_hours: WorkingHours | None
    source: str
    code_prefix: str
    encoding: str
    delimiter: str
    nothing: frozenset[str]
    id: str
    title: tuple[str, ...]
    text: tuple[str, ...]
    address: tuple[str, ...]
    officer: str | None
    lon: str
    lat: str
    nowhere: tuple[tuple[float, float], ...]  # points (longitude, latitude) that mean "not located"
    tolerance: float  # degrees around those points
    submitted: Moment
    received: Moment | None
    due: Moment | None
    ended: Moment
    ignore_offset: bool
    early_end_is_submission: bool
    status: str
    statuses: Words[str, str]
    severity: str | None
    severities: Words[str, str]
    channel: str | None  # None: every report came through channels.blank
    channels: Vocabulary
    category: str
    categories: Vocabulary
    unit: str | None
    units: Vocabulary
    late: str | None
    late_words: Words[str, bool]
    district: PublishedArea | None
    ward: PublishedArea | None
    layers: tuple[Layer, ...]

    def columns(self) -> list[str]:
        """Return every column that the mapping reads, once, in the order of use."""
        moments = [moment for moment in (self.submitted, self.received, self.due, self.ended) if moment]
        single = [self.id, self.status, self.severity, self.channel, self.category, self.unit, self.officer]
        single += [self.lon, self.lat, self.late, *(area.column for area in (self.district, self.ward) if area)]
        several = [column for columns in (self.title, self.text, self.address) for column in columns]
        read = [*single, *several, *(column for moment in moments for column in moment.columns)]
        return list(dict.fromkeys(column for column in read if column is not None))

    def unread(self) -> frozenset[str]:
        """Return the columns of `report` that the mapping does not read: an import does not change them in known
        reports.
        """
        no_words = {
            "officer": self.officer is None,
            "received_at": self.received is None,
            "due_at": self.due is None,
            "severity": self.severity is None,
            "unit_id": self.unit is None and self.units.blank is None,
            "address": not self.address,
            "text": not self.text,
        }
        return frozenset(column for column, none in no_words.items() if none)
