"""Ratings and answers: what citizens said of the work on their reports, and what they were told."""

from datetime import datetime

import psycopg

from reportdb.city_data.step_rows import StepRow, StepRows
from reportdb.data_file.account import Account
from reportdb.data_file.importing import RefuseRow
from reportdb.data_file.keys import Keys
from reportdb.data_file.values import Values, city_zone
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.ratings import RATINGS
from reportdb.rows.row import Fields, Rejected
from reportdb.source_file.raw_row import RawRow


class _Words:
    """What ratings and answers share: a row a report, with a time, or the time at which the report ended."""

    private = False

    def __init__(self, mapping: str, time: str) -> None:
        self._keys = Keys(mapping)
        self._refers_to, self._prefix = self._keys.refers_to(), self._keys.prefix()
        self._id = self._keys.column("id")
        self._time, self._changed = self._keys.optional_moment(time), self._keys.optional_moment("changed")
        self._early = self._keys.early_is_submission()

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Begin a file. Raises ImportFailure without a city or reports."""
        zone = city_zone(connection)
        if zone is None:
            raise ImportFailure("The database holds no reports yet. Import the city's reports first.")
        self._fields, self._values, self._at = fields, Values(fields, zone), at
        self._rows = StepRows(connection)

    def write(self, account: Account, refuse: RefuseRow) -> None:
        """Write what was read, and retell its reports."""
        self._rows.write(account, refuse, refers_to=self._refers_to, at=self._at, early_is_submission=self._early)

    def _row(self, row: RawRow, kind: str) -> StepRow:
        values = self._values
        return StepRow(
            line=row.line,
            raw=row.text,
            reference=self._prefix + values.required(self._id),
            at=values.moment(self._time),
            kind=kind,
            changed_at=values.moment_or_note(self._changed),
        )


class Ratings(_Words):
    """The ratings of a file: the report's id, a word, a time. Raises ImportFailure for a wrong mapping."""

    def __init__(self, mapping: str) -> None:
        super().__init__(mapping, "rated")
        self._rating = self._keys.column("rating")
        self._ratings = self._keys.meanings("ratings", RATINGS)
        self.file = self._keys.file()

    def take(self, row: RawRow) -> None:
        """Read one rating. Raises Rejected."""
        rating = self._values.meaning(self._ratings, self._rating)
        if rating is None:
            raise Rejected(f"{self._rating} is blank: a rating needs its word", "no rating")
        self._rows.add(self._row(row, "rated")._replace(rating=rating))


class Answers(_Words):
    """The answers of a file: the report's id, the text, a time. Raises ImportFailure for a wrong mapping."""

    def __init__(self, mapping: str) -> None:
        super().__init__(mapping, "answered")
        self._answer = self._keys.several("answer")
        if not self._answer:
            raise self._keys.refuse("answer", "is missing: the columns that hold the text")
        self.file = self._keys.file()

    def take(self, row: RawRow) -> None:
        """Read one answer. Raises Rejected."""
        words = "\n".join(part for column in self._answer if (part := self._fields.value(column)))
        if not words:
            raise Rejected(f"{' and '.join(self._answer)}: no text", "no text of an answer")
        self._rows.add(self._row(row, "answered")._replace(note=words))
