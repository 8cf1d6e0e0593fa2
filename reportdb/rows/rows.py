"""Parse a row of the city's file into our terms, or say why it is rejected."""

from collections.abc import Iterable
from collections.abc import Mapping as Words
from datetime import datetime

from reportdb.mapping.mapping import Mapping
from reportdb.mapping.words import UNKNOWN, Term
from reportdb.rows.identity import read_identity
from reportdb.rows.points import read_point, read_published_area
from reportdb.rows.ratings import read_rating
from reportdb.rows.row import Fields, Rejected, ReportRow
from reportdb.rows.states import StateReader, read_count
from reportdb.rows.times import TimeReader
from reportdb.rows.words import MeaningReader, TermReader
from reportdb.source_file.raw_row import RawRow


class RowReader:
    """Parses rows of one file by its mapping, and collects the channels, categories and units of accepted rows by code.

    Only an unreadable id, status or time of submission rejects a row; another value that cannot be read is noted and
    counts as unknown.

    `at` is the time of the import: a report is not received or closed long after it.
    """

    def __init__(self, mapping: Mapping, header: list[str], at: datetime | None = None) -> None:
        self._mapping = mapping
        self._fields = Fields(mapping, {column: place for place, column in enumerate(header)})
        self._times = TimeReader(mapping, self._fields, at)
        self._states = StateReader(mapping, self._fields)
        self._channel = TermReader(mapping.channel, mapping.channels)
        self._category = TermReader(mapping.category, mapping.categories)
        self._unit = TermReader(mapping.unit, mapping.units)
        self._severity: MeaningReader[str] = MeaningReader(mapping.severity, mapping.severities)
        self._late: MeaningReader[bool] = MeaningReader(mapping.late, mapping.late_words)
        vi = (mapping.city.languages or ("vi" if mapping.city.country == "VN" else "en",))[0] == "vi"
        self._untitled = "name_vi" if vi else "name_en"
        self.source_ref: str | None = None  # of the last row, rejected or not, once its id was read

    @property
    def channels(self) -> dict[str, Term]:
        """Return the channels of the rows accepted so far, by code."""
        return self._channel.met

    @property
    def categories(self) -> dict[str, Term]:
        """Return the categories of the rows accepted so far, by code."""
        return self._category.met

    @property
    def units(self) -> dict[str, Term]:
        """Return the units of the rows accepted so far, by code."""
        return self._unit.met

    def accept(self, terms: Words[str, Iterable[Term]]) -> None:
        """Collect the terms ("channel", "category", "unit") of rows that another reader took. Raises ImportFailure."""
        for name, reader in (("channel", self._channel), ("category", self._category), ("unit", self._unit)):
            for term in terms.get(name, ()):
                reader.accept(term)

    def read(self, row: RawRow) -> ReportRow:
        """Parse a row. Raises Rejected with the reason, or ImportFailure for a misused column."""
        self.source_ref = None
        if row.reason:
            raise Rejected(row.reason, "broken row")
        mapping, fields = self._mapping, self._fields
        fields.load(row.fields)
        identity = read_identity(fields, mapping.id)
        self.source_ref = source_ref = f"{mapping.source}:{identity}"
        times = self._times.read()
        state = self._states.read(times)
        channel = self._channel.read(fields) or UNKNOWN
        category = self._category.read(fields) or UNKNOWN
        unit = self._unit.read(fields)
        rating, rated_at = read_rating(fields, mapping.rated, self._times)
        point = read_point(fields, mapping.location)
        report = ReportRow(
            line=row.line,
            raw=row.text,
            source_ref=source_ref,
            public_code=f"{mapping.code_prefix}{identity}",
            channel=channel.code,
            category=category.code,
            severity=self._severity.read(fields) or "normal",
            unit=unit.code if unit else None,
            officer=fields.value(mapping.officer),
            lon=point.lon,
            lat=point.lat,
            address=fields.joined(mapping.address, ", "),
            title=fields.joined(mapping.title, " · ") or str(getattr(category, self._untitled)),
            text=fields.joined(mapping.text, " · "),
            submitted_at=times.submitted,
            received_at=times.received,
            due_at=times.due,
            ended_at=state.ended,
            status=state.status,
            published_late=self._late.read(fields),
            published_district=read_published_area(fields, mapping.district),
            published_ward=read_published_area(fields, mapping.ward),
            published_status=state.word,
            changed_at=times.changed,
            ended_known=state.ended_known,
            reopen_count=read_count(fields, mapping.reopen_count),
            rating=rating,
            rated_at=rated_at,
            answer=fields.joined(mapping.rated.answer, " · "),
            notes=fields.notes(),
            place=point.place,
            written_point=point.written,
        )
        # Only now, so that a rejected row makes no term.
        self._channel.accept(channel)
        self._category.accept(category)
        self._unit.accept(unit)
        return report

    def changed_at(self) -> datetime | None:
        """Return when the source last changed the last row read, rejected or not, in UTC; None if it does not say."""
        return self._times.changed()

    def words(self, columns: tuple[str, ...]) -> str | None:
        """Return the words of the last row in some columns, in one line, or None."""
        return self._fields.joined(columns, " ")
