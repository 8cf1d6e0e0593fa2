"""Accounts of the app, by area and day."""

from datetime import datetime

import psycopg

from reportdb.data_file.account import Account
from reportdb.data_file.importing import RefuseRow
from reportdb.data_file.keys import Keys
from reportdb.data_file.table_rows import TableRows
from reportdb.data_file.terms import KnownAreas
from reportdb.data_file.values import Values, city_zone
from reportdb.mapping.failure import ImportFailure
from reportdb.rows.row import Fields, Rejected
from reportdb.source_file.raw_row import RawRow


class Accounts:
    """The accounts of a file: an area, a day, how many citizens and officials. Raises ImportFailure."""

    private = False

    def __init__(self, mapping: str) -> None:
        keys = Keys(mapping)
        self._area, self._citizens, self._officials = (
            keys.column("area"),
            keys.column("citizens"),
            keys.optional("officials"),
        )
        self._day, self._changed = keys.moment("day"), keys.optional_moment("changed")
        self.file = keys.file()

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Read the city's areas. Raises ImportFailure without a city."""
        zone = city_zone(connection)
        if zone is None:
            raise ImportFailure("The database holds no city yet. Import the city's reports first.")
        self._fields, self._values = fields, Values(fields, zone)
        self._today = at.astimezone(zone).date()
        self._areas = KnownAreas(connection)
        self._rows = TableRows(
            connection,
            "app_account",
            {"area_id": "integer", "day": "date"},
            {"citizens": "integer", "officials": "integer"},
        )

    def take(self, row: RawRow) -> None:
        """Read one count. Raises Rejected."""
        area, day = self._areas.find(self._fields, self._area), self._values.day(self._day)
        if area is None:
            raise Rejected(f"{self._area} is blank", f"{self._area} is blank")
        if day is None:
            raise Rejected("no day", "no day")
        if day > self._today:
            raise Rejected(f"{day} has not come", "in the future")
        self._rows.add(
            row.line,
            row.text,
            area,
            day,
            self._values.count(self._citizens),
            self._values.count(self._officials) if self._officials else 0,
            changed_at=self._values.moment_or_note(self._changed),
        )

    def write(self, account: Account, refuse: RefuseRow) -> None:
        """Write the counts."""
        self._rows.leave_one_of_each(account, refuse)
        self._rows.merge(account)
