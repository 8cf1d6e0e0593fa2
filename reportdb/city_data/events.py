"""Events: the steps of reports by their ids: transfers, escalations, extensions, reopenings and the others."""

from collections.abc import Mapping as Words
from dataclasses import dataclass
from datetime import datetime

import psycopg

from reportdb.city_data.step_rows import StepRow, StepRows
from reportdb.data_file.account import Account
from reportdb.data_file.importing import PassedOver, RefuseRow
from reportdb.data_file.keys import DataFile, Keys
from reportdb.data_file.terms import KnownTerms
from reportdb.data_file.values import Values, city_zone
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.moments import Moment
from reportdb.mapping.ratings import RATINGS
from reportdb.mapping.words import SEVERITIES
from reportdb.rows.row import Fields, Rejected
from reportdb.source_file.raw_row import RawRow

KINDS = (
    "routed", "received", "transferred", "extended", "recategorised", "paused", "resumed", "answered", "informed",
    "refused", "resolved", "reopened", "rated", "escalated", "returned",
)  # fmt: skip
_NONE = "none"
_SENT = {"routed", "transferred"}  # what these steps do without a unit that receives cannot be told


@dataclass(frozen=True)
class _Columns:
    id: str
    kind: str | None
    from_unit: str | None
    to_unit: str | None
    note: tuple[str, ...]
    minutes: str | None
    hours: str | None
    order: str | None
    category: str | None
    severity: str | None
    category_before: str | None
    severity_before: str | None
    rating: str | None


@dataclass(frozen=True)
class _Times:
    at: Moment
    due: Moment | None
    due_before: Moment | None
    changed: Moment | None


class Events:
    """The events of a file. docs/import-others.md describes the keys. Raises ImportFailure for a wrong mapping."""

    private = False

    def __init__(self, mapping: str) -> None:
        keys = Keys(mapping)
        self._refers_to, self._prefix = keys.refers_to(), keys.prefix()
        self._columns = _Columns(
            id=keys.column("id"),
            kind=keys.optional("kind"),
            from_unit=keys.optional("from"),
            to_unit=keys.optional("to"),
            note=keys.several("note"),
            minutes=keys.optional("minutes"),
            hours=keys.optional("hours"),
            order=keys.optional("order"),
            category=keys.optional("category"),
            severity=keys.optional("severity"),
            category_before=keys.optional("category_before"),
            severity_before=keys.optional("severity_before"),
            rating=keys.optional("rating"),
        )
        self._times = _Times(
            at=keys.moment("at"),
            due=keys.optional_moment("due"),
            due_before=keys.optional_moment("due_before"),
            changed=keys.optional_moment("changed"),
        )
        self._only = keys.source.choice("kind", KINDS) if "kind" in keys.source else None
        if (self._only is None) == (self._columns.kind is None):
            raise keys.refuse("kind", "is missing; name it, or give source.kind if all rows are of one kind, not both")
        self._kinds = keys.meanings("kinds", (*KINDS, _NONE))
        self._units, self._categories = keys.vocabulary("units"), keys.vocabulary("categories")
        self._adds = keys.adds("units")
        self._severities = keys.meanings("severities", SEVERITIES)
        self._ratings = keys.meanings("ratings", RATINGS)
        self._early = keys.early_is_submission()
        self._whole = bool(keys.source.flag("whole_history"))
        self.file: DataFile = keys.file()

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Read the city's units and categories. Raises ImportFailure without a city or reports."""
        zone = city_zone(connection)
        if zone is None:
            raise ImportFailure("The database holds no reports yet. Import the city's reports first.")
        self._fields, self._values, self._at = fields, Values(fields, zone), at
        self._rows = StepRows(connection)
        self._known_units = KnownTerms(connection, "unit", self._units, adds=self._adds)
        self._known_categories = KnownTerms(connection, "category", self._categories)

    def take(self, row: RawRow) -> None:
        """Read one event. Raises Rejected, or PassedOver."""
        columns, values = self._columns, self._values
        kind = self._only or self._kind()
        if kind == _NONE:
            raise PassedOver
        at = values.moment(self._times.at)
        if at is None:
            raise Rejected("no time of the step", "no time of the step")
        to_unit = self._known_units.find(self._fields, columns.to_unit)
        if kind in _SENT and to_unit is None:
            raise Rejected(f"{kind}, and no unit that receives", f"{kind} to no unit")
        from_unit = self._or_note(self._known_units, columns.from_unit)
        told = StepRow(
            line=row.line,
            raw=row.text,
            reference=self._prefix + values.required(columns.id),
            at=at,
            kind=kind,
            from_unit_id=from_unit if isinstance(from_unit, int) else None,
            to_unit_id=to_unit if isinstance(to_unit, int) else None,
            from_code=from_unit if isinstance(from_unit, str) else None,
            to_code=to_unit if isinstance(to_unit, str) else None,
            place=values.count(columns.order) if columns.order and values.words(columns.order) else None,
            note=self._fields.joined(columns.note, " · "),
            due_at=values.moment_or_note(self._times.due),
            due_before=values.moment_or_note(self._times.due_before),
            minutes=self._minutes() if kind == "extended" else None,
            changed_at=values.moment_or_note(self._times.changed),
        )
        self._rows.add(self._with_words(told))

    def write(self, account: Account, refuse: RefuseRow) -> None:
        """Write the events, and retell their reports."""
        kinds = {self._only} if self._only else set(self._kinds.values()) - {_NONE}
        self._rows.write(
            account,
            refuse,
            refers_to=self._refers_to,
            at=self._at,
            early_is_submission=self._early,
            add_units=self._known_units.add,
            whole_history=sorted(kind for kind in kinds if kind) if self._whole else (),
        )

    def _kind(self) -> str:
        column = self._columns.kind
        kind = self._values.meaning(self._kinds, column)
        if kind is None:
            raise Rejected(f"{column} is blank", f"{column} is blank")
        return kind

    def _with_words(self, told: StepRow) -> StepRow:
        """Return an event with its category and severity, or its rating."""
        columns, values = self._columns, self._values
        if told.kind == "rated":
            return told._replace(rating=_rating(values, self._ratings, columns.rating))
        if told.kind != "recategorised":
            return told
        category, before = (
            self._or_note(self._known_categories, column) for column in (columns.category, columns.category_before)
        )
        severity = values.meaning(self._severities, columns.severity)
        if not isinstance(category, int) and severity is None:
            raise Rejected("recategorised, and no new category or severity", "recategorised to nothing known")
        return told._replace(
            category_id=category if isinstance(category, int) else None,
            category_before_id=before if isinstance(before, int) else None,
            severity=severity,
            severity_before=values.meaning(self._severities, columns.severity_before),
        )

    def _or_note(self, known: KnownTerms, column: str | None) -> int | str | None:
        """Return what a column names; an unknown word counts as unknown and is noted."""
        try:
            return known.find(self._fields, column)
        except Rejected as reason:
            self._fields.note(reason.kind, str(column))
            return None

    def _minutes(self) -> int | None:
        """Return how many minutes an extension adds, or None; a number that cannot be read is noted."""
        for column, factor in ((self._columns.minutes, 1), (self._columns.hours, 60)):
            words = self._values.words(column)
            if words is None:
                continue
            try:
                minutes = round(float(words.replace(",", ".")) * factor)
            except (ValueError, OverflowError):
                minutes = 0
            if 0 < minutes < 10_000_000:
                return minutes
            self._fields.note(f"{column} is no length of an extension", str(column))
        return None


def _rating(values: Values, ratings: Words[str, str], column: str | None) -> str:
    rating = values.meaning(ratings, column)
    if rating is None:
        raise Rejected(f"{column} is blank: a rating needs its word", "no rating")
    return rating
