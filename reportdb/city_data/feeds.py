"""Feeds: when a channel last delivered, and how long its silence may be."""

from datetime import datetime, timedelta

import psycopg

from reportdb.data_file.account import Account
from reportdb.data_file.importing import RefuseRow
from reportdb.data_file.keys import Keys
from reportdb.data_file.table_rows import TableRows
from reportdb.data_file.terms import KnownTerms
from reportdb.data_file.values import Values, city_zone
from reportdb.mapping.failure import ImportFailure
from reportdb.rows.row import Fields, Rejected, shown
from reportdb.source_file.raw_row import RawRow
from reportdb.steps.merging import CLOCKS_MAY_DIFFER


class Feeds:
    """The deliveries of a file: a channel and a time; of each channel the last one counts. Raises ImportFailure."""

    private = False

    def __init__(self, mapping: str) -> None:
        keys = Keys(mapping)
        self._channel, self._delivered = keys.column("channel"), keys.moment("delivered")
        self._channels = keys.vocabulary("channels")
        self._hours = keys.optional("expected_hours")
        usual = keys.table("expected")
        self._usual = {word: usual.number(word) for word in usual}
        self.file = keys.file()

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Read the city's channels. Raises ImportFailure without a city."""
        zone = city_zone(connection)
        if zone is None:
            raise ImportFailure("The database holds no city yet. Import the city's reports first.")
        self._connection, self._fields, self._values, self._at = connection, fields, Values(fields, zone), at
        self._known = KnownTerms(connection, "channel", self._channels)
        rows = connection.execute("select id, code from channel").fetchall()
        self._codes: dict[int, str] = dict(rows)
        self._every: dict[int, timedelta] = dict(
            connection.execute("select channel_id, expected_every from feed").fetchall()
        )
        self._last: dict[int, tuple[datetime, timedelta, int, str]] = {}
        self._earlier = 0
        self._rows = TableRows(
            connection,
            "feed",
            {"channel_id": "smallint"},
            {"last_delivery_at": "timestamptz", "expected_every": "interval"},
        )

    def take(self, row: RawRow) -> None:
        """Read one delivery. Raises Rejected."""
        channel, at = self._known.known(self._fields, self._channel), self._values.moment(self._delivered)
        if at is None:
            raise Rejected("no time of delivery", "no time of delivery")
        if at > self._at + CLOCKS_MAY_DIFFER:
            raise Rejected(f"delivered at {at:%Y-%m-%d %H:%M} UTC, in the future", "in the future")
        told = (at, self._expected(channel), row.line, row.text)
        if channel in self._last:
            self._earlier += 1
            told = max(told, self._last[channel])
        self._last[channel] = told

    def write(self, account: Account, refuse: RefuseRow) -> None:
        """Write each channel's last delivery; one that the database knows to be later stays."""
        known: dict[int, datetime | None] = dict(
            self._connection.execute("select channel_id, last_delivery_at from feed").fetchall()
        )
        for channel, (at, every, line, raw) in self._last.items():
            self._rows.add(line, raw, channel, max(at, known.get(channel) or at), every)
        account.repeated += self._earlier
        self._rows.leave_one_of_each(account, refuse)
        self._rows.merge(account)

    def _expected(self, channel: int) -> timedelta:
        """Return how long a channel may be silent: by the row, the mapping, or what the database has."""
        words = self._values.words(self._hours)
        try:
            hours = (
                float(words.replace(",", "."))
                if words
                else self._usual.get(self._codes[channel], self._usual.get("all"))
            )
        except ValueError:
            hours = -1.0
        if hours is None and channel in self._every:
            return self._every[channel]
        if hours is None or not 0 < hours < 100_000:
            told = (
                f"{self._hours} {shown(words)} is no number of hours" if words else "nothing says how often it delivers"
            )
            raise Rejected(told, "no expected hours")
        return timedelta(hours=hours)
