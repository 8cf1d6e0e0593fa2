"""The beat: the primary's clock in one row, from which a copy tells its own age; and old change marks, deleted.

Whoever feeds the database writes it: the simulation, a dashboard that runs the embedded server, or `python -m reportdb
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
    """Write the time of the database's own clock; no disk is waited for, because the next beat comes in seconds."""
    with connection.transaction():
        connection.execute("set local synchronous_commit = off")
        connection.execute(
            """insert into primary_beat (at) values (clock_timestamp())
               on conflict (only_one) do update set at = excluded.at"""
        )


def forget_marks(connection: psycopg.Connection) -> None:
    """Delete the marks of changes that every watcher has long seen.

    Of a transaction that may be newer than one that still runs the mark stays. A mark with an id that this server has
    not given out yet came with a dump from another one.
    """
    connection.execute(
        """delete from change_mark
           where xid in (
               select xid from change_mark
               where xid < pg_snapshot_xmin(pg_current_snapshot()) and at < clock_timestamp() - interval '10 minutes'
                   or xid >= pg_snapshot_xmax(pg_current_snapshot())
               for update skip locked)"""  # whoever else deletes them, perhaps in a long transaction, is not waited for
    )


def write_beats(url: str, stop: threading.Event) -> None:
    """Write the beat every two seconds until told to stop; a lost connection is opened again.

    Raises DatabaseUnreachable or psycopg.Error where even the first beat cannot be written.
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
            _LOG.warning("The beat could not be written; trying again. %s", log_text(error))
            stop.wait(SECONDS_BETWEEN_BEATS)


@contextmanager
def beating(url: str) -> Iterator[None]:
    """Write the beat in a thread of its own while the block runs."""
    stop = threading.Event()

    def go_on() -> None:
        """Write it, and say in the log where that cannot be done."""
        try:
            write_beats(url, stop)
        except (DatabaseUnreachable, psycopg.Error) as error:
            _LOG.warning("The beat cannot be written: %s", log_text(error))

    thread = threading.Thread(target=go_on, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
