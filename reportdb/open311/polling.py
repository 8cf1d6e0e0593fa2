"""Bring a city's requests up to date from its GeoReport server.

A server that takes `updated_after` is asked for what changed since the position, with an overlap. Any other is asked
for the newest requests, and read again in rounds, from the newest to the oldest, to find what changed in known ones.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg

from reportdb.feeds.delivery import Delivered, Delivery
from reportdb.feeds.failures import FeedAway, FeedRefused
from reportdb.feeds.position import Position, read_position
from reportdb.feeds.records import Record
from reportdb.open311.abilities import Abilities, find_abilities
from reportdb.open311.client import Client
from reportdb.open311.requests import Service, request_id, services_of, with_meanings
from reportdb.open311.windows import LONGEST, Windows

BEFORE_THE_FIRST = timedelta(days=90)
"""How far back the first poll looks unless told."""

_FIRST_LENGTH, _SHORTEST = timedelta(days=1), timedelta(minutes=30)
_FEW, _MANY = 1000, 4000  # requests of a span: with fewer the next one is longer, with more shorter
_SECONDS_BETWEEN_LISTS = 3600.0
_MOST_ASKED_IN_A_ROUND = 100  # requests to the server in one poll, for reading again
_LONGEST_WITHOUT_ID = timedelta(days=1)
_AHEAD = timedelta(days=1)  # how far the newest span reaches beyond now: clocks are set, and stamps run ahead


@dataclass
class Polling:
    """Polls one server. `interval` is the time between polls, `overlap` how far each poll reads back before the
    position, because servers show changes late; `since` where the first poll begins (default: 90 days ago).

    Times of the server are by its own clock, as its answers tell it.
    """

    client: Client
    delivery: Delivery
    interval: timedelta
    overlap: timedelta
    since: datetime | None = None
    page_size: int = 500
    clock: Callable[[], float] = time.monotonic
    _services: dict[str, Service] = field(default_factory=dict, init=False)
    _listed_at: float = field(default=-1e9, init=False)
    _abilities: Abilities | None = field(default=None, init=False)
    _windows: Windows | None = field(default=None, init=False)
    _length: timedelta = field(default=_FIRST_LENGTH, init=False)

    def poll(self, connection: psycopg.Connection) -> Delivered:
        """Read and write everything new since the last poll. Raises FeedAway, FeedRefused, psycopg.Error.

        Each span of time is written with the position in one transaction, so a poll may be killed at any moment.
        """
        brought, started = Delivered(), datetime.now(UTC)
        self._list_services()
        windows = self._prepared()
        now = self.client.now() or started
        known = self._start(connection, now)
        is_first = known.position == known.oldest
        begin = known.position if is_first else known.position - self.overlap
        knows_changes = windows.by == "updated" or is_first
        known = self._catch_up(connection, windows, known, begin, (now, started), brought, knows_changes=knows_changes)
        if windows.by == "requested":
            self._read_again(connection, windows, known, (now, started), brought)
        return brought

    def _start(self, connection: psycopg.Connection, now: datetime) -> Position:
        """Return where this poll begins: at the last position, or where the first poll, or `since`, begins."""
        known, since = read_position(connection, self.delivery.name), self.since
        self.since = None
        if known is None:
            begin = min(since or now - BEFORE_THE_FIRST, now)
            return Position(begin, begin, self.interval, oldest=begin)
        if since is not None and since < known.position:  # everything since then is read once more
            self.delivery.forget()
            return replace(known, position=since, oldest=since)
        return known

    def _list_services(self) -> None:
        """Read the service list, once an hour. If that fails, the one before it stays."""
        if self.clock() - self._listed_at > _SECONDS_BETWEEN_LISTS:
            with suppress(FeedRefused, FeedAway):
                self._services = services_of(self.client.ask("services", {}))
            self._listed_at = self.clock()

    def _ask(self, parameters: Mapping[str, str]) -> list[Record]:
        return self.client.ask("requests", parameters)

    def _prepared(self) -> Windows:
        """Return how spans of time are read, found out once, or until the server holds a request to try it on."""
        if self._windows is None or self._abilities is None or not self._abilities.certain:
            zone = ZoneInfo(self.delivery.mapping.city.time_zone)
            found = find_abilities(self._ask, self.client.now() or datetime.now(UTC), zone)
            if found != self._abilities or self._windows is None:
                self._abilities = found
                self._windows = Windows(
                    self._ask, found.by, self.page_size, zone, lambda: self._services, found.bounded, found.extras
                )
        return self._windows

    def _catch_up(
        self,
        connection: psycopg.Connection,
        windows: Windows,
        known: Position,
        begin: datetime,
        clocks: tuple[datetime, datetime],
        brought: Delivered,
        *,
        knows_changes: bool,
    ) -> Position:
        """Read from `begin` to now, a span at a time, and return the position reached.

        `clocks` are the same moment by the server's clock and by ours. `knows_changes`: whether these spans hold every
        change until now, so that the feed is as young as this poll.
        """
        now, started = clocks
        while True:
            end = min(begin + self._length, now) if windows.bounded else now
            is_last = end >= now
            found = windows.read(begin, now + _AHEAD if is_last else end, again=end - begin > 2 * self.overlap)
            now = max(now, self.client.now() or now)
            seen = self._newest(windows, found.values(), known.position, now)
            reached = seen if is_last else max(known.position, min(end, now - self.overlap))
            known = replace(
                known,
                position=self._before_those_without_id(windows, found.values(), reached, now),
                delivered_at=(started if is_last else started - (now - end)) if knows_changes else known.delivered_at,
                expected_every=max(self.interval, known.expected_every) if not knows_changes else self.interval,
            )
            self._deliver(connection, found.values(), known, brought)
            self._adapt(len(found))
            if is_last:
                return known
            begin = end

    @staticmethod
    def _newest(windows: Windows, found: Iterable[Record], before: datetime, now: datetime) -> datetime:
        """Return the newest time that was seen, not later than now: a server whose stamps lag behind its clock shows
        changes with times before now later on.
        """
        times = [moment for one in found if (moment := windows.time_of(one)) and moment <= now]
        return max([before, *times])

    @staticmethod
    def _before_those_without_id(
        windows: Windows, found: Iterable[Record], position: datetime, now: datetime
    ) -> datetime:
        """Return a position that does not pass requests still without an id, for a day at most."""
        times = [moment for one in found if not request_id(one) and (moment := windows.time_of(one))]
        return min([position, max(min(times), now - _LONGEST_WITHOUT_ID)]) if times else position

    def _read_again(
        self,
        connection: psycopg.Connection,
        windows: Windows,
        known: Position,
        clocks: tuple[datetime, datetime],
        brought: Delivered,
    ) -> None:
        """Continue the round of reading everything again, for a part of the interval. `clocks` as in `_catch_up`."""
        now, started = clocks
        oldest = known.oldest or known.position
        asked, until = self.client.asked, self.clock() + self.interval.total_seconds() / 2
        begun, down_to = known.round_begun_at or started, known.round_down_to or now
        while True:
            begin = max(oldest, down_to - self._length) if windows.bounded else oldest
            found = windows.read(begin, down_to)
            down_to = begin
            is_done = down_to <= oldest
            if is_done:
                took = datetime.now(UTC) - begun
                known = replace(
                    known,
                    delivered_at=begun,
                    expected_every=max(self.interval, took),
                    round_begun_at=None,
                    round_down_to=None,
                )
            else:
                known = replace(known, round_begun_at=begun, round_down_to=down_to)
            self._deliver(connection, found.values(), known, brought)
            self._adapt(len(found))
            if is_done or self.client.asked - asked >= _MOST_ASKED_IN_A_ROUND or self.clock() > until:
                return

    def _deliver(
        self, connection: psycopg.Connection, found: Iterable[Record], known: Position, brought: Delivered
    ) -> None:
        """Write what was found and the position. Requests that have no id yet come again later."""
        mapping = self.delivery.mapping
        records = [with_meanings(one, mapping, self._services) for one in found if request_id(one)]
        self.delivery.deliver(connection, records, known, brought)

    def _adapt(self, found: int) -> None:
        """Make the next span longer or shorter by the number of requests in the last one."""
        if found < _FEW:
            self._length = min(LONGEST, self._length * 2)
        elif found > _MANY:
            self._length = max(_SHORTEST, self._length / 2)
