"""Parse a row of the city's file into our terms, or say why it is rejected."""

import re
from datetime import datetime

from reportdb.mapping.mapping import Mapping
from reportdb.mapping.words import Term
from reportdb.rows.points import read_point, read_published_area, written_point
from reportdb.rows.row import Fields, Rejected, ReportRow, shown
from reportdb.rows.times import TimeReader
from reportdb.rows.words import read_meaning, read_term
from reportdb.source_file.raw_row import RawRow

_LONGEST_ID = 200  # characters
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE]\+\d+")  # what a spreadsheet makes of a long number


class RowReader:
    """Parses rows of one file by its mapping, and collects the channels, categories and units by code."""

    def __init__(self, mapping: Mapping, header: list[str]) -> None:
        self._mapping = mapping
        self._fields = Fields(mapping, {column: place for place, column in enumerate(header)})
        self._times = TimeReader(mapping, self._fields)
        self.channels: dict[str, Term] = {}
        self.categories: dict[str, Term] = {}
        self.units: dict[str, Term] = {}
        self.source_ref: str | None = None  # of the last row, rejected or not, once its id was read

    def read(self, row: RawRow) -> ReportRow:
        """Parse a row. Raises Rejected with the reason, or ImportFailure for a misused column."""
        self.source_ref = None
        if row.reason:
            raise Rejected(row.reason, "broken row")
        mapping, fields = self._mapping, self._fields
        fields.load(row.fields)
        identity = fields.value(mapping.id)
        if identity is None:
            raise Rejected(f"{mapping.id} is blank: a report needs an id", "no id")
        if len(identity) > _LONGEST_ID:
            raise Rejected(f"{mapping.id} is longer than {_LONGEST_ID} characters", "id is too long")
        if _SCIENTIFIC.fullmatch(identity):
            raise Rejected(f"{mapping.id} {shown(identity)} is in scientific notation", "id in scientific notation")
        self.source_ref = source_ref = f"{mapping.source}:{identity}"
        channel = read_term(fields, mapping.channel, mapping.channels, self.channels)
        category = read_term(fields, mapping.category, mapping.categories, self.categories)
        if channel is None or category is None:
            column = mapping.channel if channel is None else mapping.category
            raise Rejected(f"{column} is blank", f"{column} is blank")
        unit = read_term(fields, mapping.unit, mapping.units, self.units)
        submitted, received, due, ended = self._times.read()
        status_word = fields.value(mapping.status)
        status = read_meaning(mapping.statuses, mapping.status, status_word)
        changed, closed, ended_known = self._times.changed(), status in {"resolved", "refused"}, True
        if ended and not closed:
            fields.note("open, yet with a closing time", mapping.ended.columns[0])
            ended = None
        elif closed and ended is None:
            ended, ended_known = max(submitted, changed or submitted), False
        lon, lat = read_point(fields, mapping.location)
        return ReportRow(
            line=row.line,
            raw=row.text,
            source_ref=source_ref,
            public_code=f"{mapping.code_prefix}{identity}",
            channel=channel.code,
            category=category.code,
            severity=self._severity(),
            unit=unit.code if unit else None,
            officer=fields.value(mapping.officer),
            lon=lon,
            lat=lat,
            address=fields.joined(mapping.address, ", "),
            title=fields.joined(mapping.title, " · ") or category.name_vi,
            text=fields.joined(mapping.text, " · "),
            submitted_at=submitted,
            received_at=received,
            due_at=due,
            ended_at=ended,
            status=status,
            published_late=self._late(),
            published_district=read_published_area(fields, mapping.district),
            published_ward=read_published_area(fields, mapping.ward),
            published_status=str(status_word),
            notes=fields.notes(),
            changed_at=changed,
            ended_known=ended_known,
        )

    def changed_at(self) -> datetime | None:
        """Return when the source last changed the last row read, rejected or not, in UTC; None if it does not say."""
        return self._times.changed()

    def words(self, columns: tuple[str, ...]) -> str | None:
        """Return the words of the last row in some columns, in one line, or None."""
        return self._fields.joined(columns, " ")

    def written_point(self) -> tuple[float, float] | None:
        """Return the two numbers of the last row's point as the mapping reads them, degrees or not; None if they are
        not two numbers.
        """
        return written_point(self._fields, self._mapping.location)

    def _severity(self) -> str:
        column = self._mapping.severity
        words = self._fields.value(column)
        return read_meaning(self._mapping.severities, str(column), words) if words else "normal"

    def _late(self) -> bool | None:
        column = self._mapping.late
        words = self._fields.value(column)
        return read_meaning(self._mapping.late_words, str(column), words) if words else None
