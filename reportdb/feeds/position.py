"""How far a source has been read, and the age of its channels on screens."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg


@dataclass(frozen=True)
class Position:
    """How far a source has been read. All times are UTC.

    `position` is by the source's clock: every change before it has been read. `delivered_at` is by ours: what the
    source held then is in the database. The rest belongs to a source that is read in rounds (0048_live_sources.sql).
    """

    position: datetime
    delivered_at: datetime
    expected_every: timedelta
    oldest: datetime | None = None
    round_begun_at: datetime | None = None
    round_down_to: datetime | None = None


def read_position(connection: psycopg.Connection, name: str) -> Position | None:
    """Return how far a source has been read, or None before its first batch."""
    row = connection.execute(
        """select position, delivered_at, expected_every, oldest, round_begun_at, round_down_to
           from live_source where name = %s""",
        [name],
    ).fetchone()
    return Position(*row) if row else None


def write_position(connection: psycopg.Connection, name: str, position: Position) -> None:
    """Write how far a source has been read; the caller's transaction also writes what was read."""
    connection.execute(
        """insert into live_source (name, position, delivered_at, expected_every, oldest, round_begun_at, round_down_to)
           values (%(name)s, %(position)s, %(delivered_at)s, %(expected_every)s, %(oldest)s, %(round_begun_at)s,
                   %(round_down_to)s)
           on conflict (name) do update
               set position = excluded.position, delivered_at = excluded.delivered_at,
                   expected_every = excluded.expected_every, oldest = excluded.oldest,
                   round_begun_at = excluded.round_begun_at, round_down_to = excluded.round_down_to""",
        vars(position) | {"name": name},
    )


def note_channels(connection: psycopg.Connection, name: str, at: datetime) -> None:
    """Note the channels of the reports that an import at `at` wrote as channels of a source."""
    connection.execute(
        """insert into live_source_channel (name, channel_id)
           select distinct cast(%s as text), channel_id from report where updated_at = %s
           on conflict do nothing""",
        [name, at],
    )


def mark_delivered(connection: psycopg.Connection, name: str) -> None:
    """Write the age of a source's channels into `feed`, where screens read it.

    A channel that several sources deliver is as old as the oldest of them.
    """
    connection.execute(
        """insert into feed (channel_id, last_delivery_at, expected_every)
           select channel_id, min(delivered_at), max(expected_every)
           from live_source join live_source_channel using (name)
           where channel_id in (select channel_id from live_source_channel where name = %s)
           group by channel_id
           on conflict (channel_id) do update
               set last_delivery_at = excluded.last_delivery_at, expected_every = excluded.expected_every""",
        [name],
    )
