"""Bring what changed in another database into ours, up to now."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import TextClause

from reportdb.feeds.delivery import Delivered, Delivery, Write
from reportdb.feeds.failures import FeedRefused
from reportdb.feeds.position import Position, read_position
from reportdb.sync.source import CHANGED, SourceDatabase, query_of

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""Where the first reading begins unless told."""

WRITERS: Mapping[str, Write | None] = {"reports": None}
"""What may be read, and what writes it (None: the importer of reports). Each has its file, such as reports.sql, and its
own position.
"""


@dataclass
class Syncing:
    """Reads one database by its queries, a kind each; `delivery` is the reports'.

    Every reading goes `overlap` back before the position: rows of a transaction that committed late carry an earlier
    time, and several rows may share the last one. `since`: where the first reading begins.
    """

    source: SourceDatabase
    queries: Mapping[str, TextClause]
    delivery: Delivery
    interval: timedelta
    overlap: timedelta
    since: datetime | None = None
    _begun: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        own = self.delivery
        self._deliveries = {kind: replace(own, name=f"{own.name} {kind}", write=WRITERS[kind]) for kind in self.queries}

    def sync(self, connection: psycopg.Connection) -> Delivered:
        """Read and write everything that changed since the last reading. Raises FeedAway, FeedRefused, psycopg.Error.

        Each batch is written with the position in one transaction, so it may be killed at any moment.
        """
        brought = Delivered()
        for kind, query in self.queries.items():
            self._sync_kind(connection, kind, query, brought)
        return brought

    def _sync_kind(self, connection: psycopg.Connection, kind: str, query: TextClause, brought: Delivered) -> None:
        started, now, delivery = datetime.now(UTC), self.source.now(), self._deliveries[kind]
        known, after = self._start(connection, kind)
        with closing(self.source.batches(query, after)) as batches:
            for batch in batches:
                times = [moment for row in batch if (moment := self.source.moment(row[CHANGED]))]
                reached = min(max([known.position, *times]), max(now, known.position))
                known = replace(known, position=reached, delivered_at=min(started, max(reached, known.delivered_at)))
                delivery.deliver(connection, batch, known, brought)
        delivery.deliver(connection, [], replace(known, delivered_at=started), brought)

    def _start(self, connection: psycopg.Connection, kind: str) -> tuple[Position, datetime]:
        """Return the position, and the moment after which this reading asks for changes."""
        known = read_position(connection, self._deliveries[kind].name)
        since = self.since if kind not in self._begun else None
        self._begun.add(kind)
        if known is not None and (since is None or since >= known.position):
            return replace(known, expected_every=self.interval), known.position - self.overlap
        self._deliveries[kind].forget()
        begin = since or EARLIEST
        return Position(begin, begin, self.interval), begin


def read_queries(folder: Path) -> dict[str, TextClause]:
    """Return the queries of a folder by their kind. Raises FeedRefused."""
    try:
        files = sorted(folder.glob("*.sql"))
        words = {file.stem: file.read_text(encoding="utf-8") for file in files}
    except (OSError, UnicodeError) as error:
        raise FeedRefused(f"The queries in {folder} cannot be read: {error}.") from error
    if strange := sorted(words.keys() - {*WRITERS}):
        raise FeedRefused(f"{folder / strange[0]}.sql is none of the queries known: {', '.join(WRITERS)}.")
    if "reports" not in words:
        raise FeedRefused(f"{folder} holds no reports.sql.")
    return {kind: query_of(words[kind], f"{kind}.sql") for kind in WRITERS if kind in words}
