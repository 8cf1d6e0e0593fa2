"""A mapping as a whole, and which columns it reads."""

from collections.abc import Mapping as Words
from dataclasses import dataclass, field

from reportdb.mapping.acceptance import Acceptance
from reportdb.mapping.city import City, LevelName, WorkingHours
from reportdb.mapping.file_format import FileFormat
from reportdb.mapping.identity import Identity
from reportdb.mapping.moments import Moment
from reportdb.mapping.places import Layer, Location, PublishedArea
from reportdb.mapping.ratings import UNRATED, Rated
from reportdb.mapping.states import StateRules
from reportdb.mapping.words import Vocabulary


@dataclass(frozen=True)
class Mapping:
    """How to read one city's file."""

    city: City
    level_names: tuple[LevelName, ...]
    working_hours: WorkingHours | None
    source: str
    code_prefix: str
    file_format: FileFormat
    nothing: frozenset[str]  # words that mean no value, in one spelling
    id: Identity
    title: tuple[str, ...]
    text: tuple[str, ...]
    address: tuple[str, ...]
    officer: str | None
    location: Location
    submitted: Moment
    received: Moment | None
    due: Moment | None
    ended: tuple[Moment, ...]  # the first filled one counts
    early_end_is_submission: bool
    status: tuple[str, ...]  # columns, joined by a space; none: the times tell the status
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
    changed: Moment | None = None  # when the source last changed the row
    reopen_count: str | None = None
    state: StateRules = field(default_factory=StateRules)
    acceptance: Acceptance = field(default_factory=Acceptance)
    rated: Rated = UNRATED

    def columns(self) -> list[str]:
        """Return every column that the mapping reads, once, in the order of use."""
        moments = [moment for moment in (self.submitted, self.received, self.due, *self.ended, self.changed) if moment]
        single = [*self.id.columns, *self.status, self.severity, self.channel, self.category, self.unit, self.officer]
        single += [
            *self.location.columns(),
            self.late,
            self.reopen_count,
            *(area.column for area in (self.district, self.ward) if area),
        ]
        several = [column for columns in (self.title, self.text, self.address) for column in columns]
        read = [*single, *several, *(column for moment in moments for column in moment.columns)]
        read += self.rated.columns()
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
