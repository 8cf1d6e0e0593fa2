"""Parse a row of the city's file into our terms, or say why it is rejected."""

from reportdb.mapping.mapping import Mapping
from reportdb.mapping.words import Term
from reportdb.rows.points import read_point, read_published_area
from reportdb.rows.ratings import read_rating
from reportdb.rows.row import Fields, Rejected, ReportRow
from reportdb.rows.times import TimeReader
from reportdb.rows.words import read_meaning, read_term
from reportdb.source_file.raw_row import RawRow

_LONGEST_ID = 200  # characters


class RowReader:
    """Parses rows of one file by its mapping, and collects the channels, categories and units by code."""

    def __init__(self, mapping: Mapping, header: list[str]) -> None:
        self._mapping = mapping
        self._fields = Fields(mapping, {column: place for place, column in enumerate(header)})
        self._times = TimeReader(mapping, self._fields)
        self.channels: dict[str, Term] = {}
        self.categories: dict[str, Term] = {}
        self.units: dict[str, Term] = {}

    def read(self, row: RawRow) -> ReportRow:
        """Parse a row. Raises Rejected with the reason, or ImportFailure for a misused column."""
        if row.reason:
            raise Rejected(row.reason, "broken row")
        mapping, fields = self._mapping, self._fields
        fields.load(row.fields)
        identity = fields.value(mapping.id)
        if identity is None:
            raise Rejected(f"{mapping.id} is blank: a report needs an id", "no id")
        if len(identity) > _LONGEST_ID:
            raise Rejected(f"{mapping.id} is longer than {_LONGEST_ID} characters", "id is too long")
        channel = read_term(fields, mapping.channel, mapping.channels, self.channels)
        category = read_term(fields, mapping.category, mapping.categories, self.categories)
        if channel is None or category is None:
            column = mapping.channel if channel is None else mapping.category
            raise Rejected(f"{column} is blank", f"{column} is blank")
        unit = read_term(fields, mapping.unit, mapping.units, self.units)
        submitted, received, due, ended = self._times.read()
        status_word = fields.value(mapping.status)
        status = read_meaning(mapping.statuses, mapping.status, status_word)
        if (status in {"resolved", "refused"}) != (ended is not None):
            there = "no" if ended is None else "a"
            raise Rejected(
                f"{mapping.status} is {status_word!r}, yet there is {there} time of closing",
                "status and closing time differ",
            )
        rating, rated_at = read_rating(fields, mapping.rated, self._times)
        lon, lat = read_point(fields, mapping.location)
        return ReportRow(
            line=row.line,
            raw=row.text,
            source_ref=f"{mapping.source}:{identity}",
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
            rating=rating,
            rated_at=rated_at,
            answer=fields.joined(mapping.rated.answer, " · "),
            notes=fields.notes(),
        )

    def _severity(self) -> str:
        column = self._mapping.severity
        words = self._fields.value(column)
        return read_meaning(self._mapping.severities, str(column), words) if words else "normal"

    def _late(self) -> bool | None:
        column = self._mapping.late
        words = self._fields.value(column)
        return read_meaning(self._mapping.late_words, str(column), words) if words else None
