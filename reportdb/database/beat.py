"""The heartbeat row: the primary's clock, by which a standby knows its own age. Also deletes old change marks.

Written by whoever feeds the database: the simulation, a dashboard with the embedded server, or `python -m reportdb
beat` beside a city's own feed.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from reportdb.database.connection import DatabaseUnreachable, connect
from safe_text import log_text

SECONDS_BETWEEN_BEATS = 2.0
_SECONDS_BETWEEN_CLEANINGS = 60.0
_LOG = logging.getLogger(__name__)


def write_beat(connection: psycopg.Connection) -> None:
    """Write the database's current time; not synced to disk, because the next heartbeat comes in seconds."""
    with connection.transaction():
        connection.execute("set local synchronous_commit = off")
        connection.execute(
            """insert into primary_beat (at) values (clock_timestamp())
               on conflict (only_one) do update set at = excluded.at"""
        )


def forget_marks(connection: psycopg.Connection) -> None:
    """Delete the change marks that every watcher has long seen.

    A mark is kept while a transaction older than its own may still run. A mark whose id this server has not assigned
    yet came with a dump from another server.
    """
    connection.execute(
        """delete from change_mark
           where xid in (
               select xid from change_mark
               where xid < pg_snapshot_xmin(pg_current_snapshot()) and at < clock_timestamp() - interval '10 minutes'
                   or xid >= pg_snapshot_xmax(pg_current_snapshot())
               for update skip locked)"""  # never waits for another transaction that deletes them
    )


def write_beats(url: str, stop: threading.Event) -> None:
    """Write the heartbeat every two seconds until told to stop; reconnect after a lost connection.

    Raises DatabaseUnreachable or psycopg.Error if the first heartbeat cannot be written.
    """
    began = False
    while not stop.is_set():
        try:
            with connect(url) as connection:
                cleaned_at = 0.0
                while True:
                    write_beat(connection)
                    began = True
                    if time.monotonic() - cleaned_at >= _SECONDS_BETWEEN_CLEANINGS:
                        forget_marks(connection)
                        cleaned_at = time.monotonic()
                    if stop.wait(SECONDS_BETWEEN_BEATS):
                        return
        except (DatabaseUnreachable, psycopg.Error) as error:
            if not began:
                raise
            _LOG.warning("The heartbeat could not be written; trying again. %s", log_text(error))
            stop.wait(SECONDS_BETWEEN_BEATS)


@contextmanager
def beating(url: str) -> Iterator[None]:
    """Write the heartbeat in a thread of its own while the block runs."""
    stop = threading.Event()

    def go_on() -> None:
        """Write it, and log if that fails."""
        try:
            write_beats(url, stop)
        except (DatabaseUnreachable, psycopg.Error) as error:
            _LOG.warning("The heartbeat cannot be written: %s", log_text(error))

    thread = threading.Thread(target=go_on, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
