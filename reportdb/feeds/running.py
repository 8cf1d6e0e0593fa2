"""Read a source again and again: the rhythm, the waiting after a failure, and one reader for each source."""

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from reportdb.database.connection import DatabaseUnreachable, connect
from reportdb.feeds.failures import FeedAway, FeedRefused
from safe_text import log_text

_LONGEST_WAIT = 300.0  # seconds between tries, unless the source asks for more
_LONGEST_ASKED_WAIT = 3600.0  # seconds, whatever the source asks for
_SECONDS_FOR_A_LOST_SESSION = 20.0  # a killed reader's session may hold its lock so long
_LOG = logging.getLogger(__name__)


def back_off(failures: int) -> float:
    """Return how many seconds to wait after so many failures in a row: doubling, with jitter, so that many readers of
    one server do not come back at the same moment.
    """
    longest = min(_LONGEST_WAIT, 2.0 ** min(failures, 20))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def keep_reading(
    url: str,
    name: str,
    read: Callable[[psycopg.Connection], None],
    *,
    interval: float,
    once: bool,
    wait: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Call `read` every `interval` seconds with a connection to the report database at `url`, until interrupted.

    A reading that fails is tried again, the sooner the fewer failed before it; nothing is lost, because each reading
    begins where the last commit ended. With `once` a single reading is made, and its failure raised: FeedAway,
    FeedRefused, DatabaseUnreachable or psycopg.Error. Without it FeedRefused is raised if no reading has succeeded yet.
    """
    failures, succeeded, logged = 0, False, ""
    due = clock()
    while True:
        try:
            with connect(url) as connection, _alone(connection, name, wait):
                while True:
                    read(connection)
                    if once:
                        return
                    if failures:
                        _LOG.warning("%s is read again.", name)
                    failures, succeeded, logged = 0, True, ""
                    due = max(due + interval, clock())
                    wait(max(0.0, due - clock()))
        except (FeedAway, FeedRefused, DatabaseUnreachable, psycopg.OperationalError) as error:
            if once or not _may_be_tried_again(error, succeeded):
                raise
            failures += 1
            if str(error) != logged:  # once an outage
                logged = str(error)
                _LOG.warning("%s was not read; trying again. %s", name, log_text(logged))
            asked = min(getattr(error, "retry_after", None) or 0.0, _LONGEST_ASKED_WAIT)
            wait(max(asked, back_off(failures)))
            due = clock()


def _may_be_tried_again(error: Exception, succeeded: bool) -> bool:
    return succeeded or isinstance(error, FeedAway)


@contextmanager
def _alone(connection: psycopg.Connection, name: str, wait: Callable[[float], None]) -> Iterator[None]:
    """Hold a source's lock, so that no second reader of it runs. Raises FeedRefused."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    until = time.monotonic() + _SECONDS_FOR_A_LOST_SESSION
    while connection.execute("select pg_try_advisory_lock(%s)", [key]).fetchone() != (True,):
        if time.monotonic() > until:
            raise FeedRefused(f"{name} is already being read by another process. Stop that one first.")
        wait(0.5)
    try:
        yield
    finally:
        with suppress(psycopg.Error):  # without a connection there is no lock either
            connection.execute("select pg_advisory_unlock(%s)", [key])
