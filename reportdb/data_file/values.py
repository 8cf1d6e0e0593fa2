"""The values of a row: times, days, whole numbers, words."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import psycopg

from reportdb.mapping.moments import Moment
from reportdb.rows.moments import MomentReader
from reportdb.rows.row import Fields, Rejected, shown
from reportdb.spelling import one_spelling

_LONGEST_WORD = 200  # characters of an id, a code or a name
_LARGEST = 2_000_000_000  # of a whole number
_WHOLE = re.compile(r"\d+|\d{1,3}(?:([ .,\u00a0\u202f])\d{3})(?:\1\d{3})*", re.ASCII)


class Values:
    """Reads the values of the row that `fields` holds; times without a zone are the city's own.

    Every method raises Rejected for a value that it cannot read.
    """

    def __init__(self, fields: Fields, zone: ZoneInfo) -> None:
        self.fields, self._zone = fields, zone
        self._moments: dict[Moment, MomentReader] = {}

    def words(self, column: str | None) -> str | None:
        """Return the words in a column, or None."""
        return self.fields.value(column)

    def name(self, column: str | None) -> str | None:
        """Return the words in a column in one line, at most 200 characters, or None."""
        words = self.fields.value(column)
        if words is not None and len(words) > _LONGEST_WORD:
            raise Rejected(f"{column} is longer than {_LONGEST_WORD} characters", f"{column} is too long")
        return " ".join(words.split()) if words else None

    def required(self, column: str) -> str:
        """Return the words in a column that must not be blank."""
        words = self.name(column)
        if words is None:
            raise Rejected(f"{column} is blank", f"{column} is blank")
        return words

    def moment(self, moment: Moment | None) -> datetime | None:
        """Return a time in UTC, or None if it is blank or not mapped."""
        if moment is None:
            return None
        words = self.fields.joined(moment.columns, " ")
        if words is None:
            return None
        if moment not in self._moments:
            self._moments[moment] = MomentReader(moment, self._zone)
        reading = self._moments[moment].read(words)
        if reading.reason:
            raise Rejected(f"{moment.name} {shown(words)} {reading.reason}", f"{moment.name} {reading.reason}")
        return reading.instant

    def moment_or_note(self, moment: Moment | None) -> datetime | None:
        """Return a time that may be unknown: one that cannot be read is noted."""
        try:
            return self.moment(moment)
        except Rejected as reason:
            self.fields.note(reason.kind, moment.columns[0] if moment else "")
            return None

    def day(self, moment: Moment | None) -> date | None:
        """Return a day in the city's own time, or None."""
        at = self.moment(moment)
        return at.astimezone(self._zone).date() if at else None

    def count(self, column: str) -> int:
        """Return a whole number that is not negative; thousands may be grouped: "57,584"."""
        words = self.required(column)
        digits = re.sub(r"\D", "", words)
        if not _WHOLE.fullmatch(words) or int(digits) > _LARGEST:
            raise Rejected(f"{column} {shown(words)} is no whole number", f"{column} is no whole number")
        return int(digits)

    def meaning(self, meanings: Mapping[str, str], column: str | None, blank: str | None = None) -> str | None:
        """Return what a word means; `blank` for an empty value."""
        words = self.fields.value(column)
        if words is None:
            return blank
        meaning = meanings.get(one_spelling(words))
        if meaning is None:
            raise Rejected(f"{column} {shown(words)} is not in the mapping", f"unknown word in {column}")
        return meaning


def city_zone(connection: psycopg.Connection) -> ZoneInfo | None:
    """Return the city's time zone; None if the database has no city yet."""
    row = connection.execute("select time_zone from city").fetchone()
    return ZoneInfo(row[0]) if row else None
