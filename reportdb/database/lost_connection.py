"""Run work on the database that survives a restart of its server."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

from reportdb.database.supervisor import why_away
from safe_text import log_text

_Result = TypeVar("_Result")

_LOG = logging.getLogger(__name__)
_ENDED_BY_THE_SERVER = frozenset({"57P01", "57P02", "57P03"})  # admin_shutdown, crash_shutdown, cannot_connect_now
_SECONDS_TO_COME_BACK = 60.0
_TRIES = 3


def was_lost(error: BaseException) -> bool:
    """Whether a database error means a lost connection instead of wrong work."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    return error.sqlstate in _ENDED_BY_THE_SERVER or error.sqlstate is None


def carried_through(
    connect: Callable[[], psycopg.Connection], work: Callable[[psycopg.Connection], _Result]
) -> _Result:
    """Run idempotent work on its own connection; run it again if the connection was lost.

    The server has a minute to come back, unless its disk is full. Raises the last attempt's error.
    """
    connection = connect()
    for left in reversed(range(_TRIES)):
        try:
            with connection:
                return work(connection)
        except psycopg.OperationalError as error:
            if not was_lost(error) or not left:
                raise
            _LOG.warning("The connection to the database was lost; trying again. %s", log_text(error))
            connection = _come_back(connect)
    raise AssertionError("the last try returns or raises")


def _come_back(connect: Callable[[], psycopg.Connection]) -> psycopg.Connection:
    """Return a new connection as soon as the server accepts one. Raises the last attempt's error."""
    until = time.monotonic() + _SECONDS_TO_COME_BACK
    while True:
        try:
            return connect()
        except Exception:  # the last error is raised
            if why_away() == "disk_full" or time.monotonic() > until:
                raise
            time.sleep(0.5)
