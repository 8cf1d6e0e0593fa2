"""Connections to the report database: their settings, their limits of time, what begins a question on one, and what its
errors mean.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, ExceptionContext, TextClause, create_engine, event, text
from sqlalchemy.exc import DBAPIError, NotSupportedError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from queries.engine.errors import DatabaseAway, Kind, NoAnswer, NotAReportDatabase, kind_of
from queries.engine.scope import Scope
from queries.engine.signature import NoKey, Session


@dataclass(frozen=True)
class Patience:
    """How many seconds to wait for an answer, for a poll, and for a connection to each host of the URL; and for how
    many seconds an answer is remembered: pages move on with every minute, so nobody who looks at now asks for older.
    """

    answer: int = 15
    poll: int = 4
    connect: int = 3
    remember: float = 120


PATIENCE = Patience()

# Set on the connection, so that no query can forget them. force_custom_plan lets the planner see that a filter is empty
# and drop it; the role can only read. With less memory, a word index's bitmap becomes lossy for frequent words: it
# holds pages instead of reports, and every report on them is read. A second process helps a query; a third does not on
# two cores.
_SETTINGS = {
    "role": "report_reader",
    "default_transaction_read_only": "on",
    "plan_cache_mode": "force_custom_plan",
    "work_mem": "16MB",
    "timezone": "UTC",
    "jit": "off",
    "max_parallel_workers_per_gather": "1",
}

# The kernel closes a connection whose peer is gone, even if a firewall dropped it silently.
_ON_THE_WIRE = {"keepalives_idle": 30, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 10_000}

# They find their rows by a key, so one plan suits every key, and a connection keeps it: planning took longer than
# answering.
PLANNED_ONCE = frozenset({"case_rows", "map_case", "nearby", "report", "report_deadlines", "report_events"})

# A connection asks for the database's clock again after this many seconds: clocks drift, and signatures depend on it.
_SECONDS_OF_A_SESSION = 600


def new_engine(url: str, seconds: int, *, to_connect: int, pool_size: int, max_overflow: int) -> Engine:
    """Return connections to a database on which an answer may take so many seconds, and connecting so many."""
    options = " ".join(
        f"-c {name}={value}" for name, value in (_SETTINGS | {"statement_timeout": f"{seconds}s"}).items()
    )
    engine = create_engine(
        "postgresql+psycopg://",
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=seconds,
        isolation_level="AUTOCOMMIT",  # each question begins its transaction itself
        connect_args={
            "options": options,
            "connect_timeout": to_connect,
            "application_name": "dashboard",
            "prepare_threshold": 1,  # a statement is prepared when it is first repeated on a connection
            **_ON_THE_WIRE,
        },
    )

    @event.listens_for(engine, "do_connect")
    def to_the_url(_dialect: object, _record: object, place: list[Any], _settings: object) -> None:
        """Connect to the URL as it is, through libpq: SQLAlchemy's parser does not support lists of hosts."""
        place[:] = [url]

    @event.listens_for(engine, "handle_error")
    def changed_tables(context: ExceptionContext) -> None:
        """Reconnect all if a prepared statement would now return other columns."""
        if returns_other_columns(context.original_exception):
            context.is_disconnect = True

    event.listen(engine, "connect", lambda _connection, record: record.info.update(seconds=seconds))
    return engine


def returns_other_columns(error: BaseException | None) -> bool:
    """Whether a prepared statement no longer fits the tables: recognised by the server's source function, because the
    code (0A000) has many meanings and the message is translated.
    """
    return isinstance(error, psycopg.NotSupportedError) and error.diag.source_function == "RevalidateCachedQuery"


def session_of(connection: Connection) -> Session:
    """Return a connection's session as the database knows it, asked at first use and every ten minutes."""
    known: Session | None = connection.info.get("session")
    if known is None or time.monotonic() - known.learned_at > _SECONDS_OF_A_SESSION:
        asked_at = time.monotonic()
        name, clock = connection.exec_driver_sql(
            "select scope_session(), cast(extract(epoch from clock_timestamp()) as double precision)"
        ).one()
        known = connection.info["session"] = Session(name, clock, asked_at)
    return known


def own_key(url: str, to_connect: int) -> str | None:
    """Return the key that signs scopes, if the URL's login owns it; None if it may not read it.

    Raises psycopg.OperationalError if the database does not answer.
    """
    with psycopg.connect(url, connect_timeout=to_connect, autocommit=True) as connection:
        try:
            row = connection.execute("select encode(key, 'hex') from scope_key").fetchone()
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
            return None
    return str(row[0]) if row else None


def beginning(question: str, scope: Scope, signed: str | None, *, on_record: bool) -> str:
    """Return the statements that begin a transaction within a signed scope (None: counting needs none) and leave
    nothing behind on the connection. They are sent as one message, so that a scope costs no extra round trip.
    """
    begin = ["begin read write" if on_record else "begin"]
    if signed is not None:
        begin += [f"set local role {scope.role}", f"set local report.scope = '{signed}'"]
    if question in PLANNED_ONCE:
        begin += ["set local plan_cache_mode = force_generic_plan"]
    return "; ".join(begin)


def longest_wait(connection: Connection) -> float:
    """Return how many seconds to wait for an answer: longer than the server's own limit."""
    return float(connection.info["seconds"]) + 1


def hang_up(connection: psycopg.Connection) -> None:
    """Close a connection's socket while another thread waits for it."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


@contextmanager
def waited_for(
    connection: psycopg.Connection, seconds: float, running: set[psycopg.Connection]
) -> Iterator[threading.Event]:
    """Hang up where nothing came back in time: the server's own limit is no help when the network is gone.

    While the block runs, the connection is one of those `running`. The event that is yielded is set by hanging up.
    """
    given_up = threading.Event()

    def give_up() -> None:
        """Hang up, and say so to whoever waits."""
        given_up.set()
        hang_up(connection)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    running.add(connection)
    timer.start()
    try:
        yield given_up
    finally:
        timer.cancel()
        running.discard(connection)


class ConnectionWasOld(Exception):
    """The connection was lost while idle, or the tables changed after it had prepared the statement."""


class GivenUpByACopy(Exception):
    """A standby cancelled our query because it conflicted with replay."""


class NotSigned(Exception):
    """The database rejected the scope: its signature was too old, or made with another key."""


class NothingCameBack(Exception):
    """We closed the connection because nothing came back for longer than the server's own limit."""


def words_of(error: Exception) -> str:
    """Return the first line of what the database or its library said."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0]


_MEANS: dict[type[Exception], tuple[str, Kind]] = {
    ConnectionWasOld: ("the connection was lost twice", "unreachable"),  # the new one as well
    GivenUpByACopy: ("the copy gave the question up twice", "slow"),
    NothingCameBack: ("no answer came back in time", "silent"),
}


def no_answer(error: Exception, *, on_record: bool) -> NoAnswer | None:
    """Return what an error in asking means to whoever asked; None for a fault of our own.

    `on_record`: a line was to be written into the access log.
    """
    if isinstance(error, DBAPIError):
        return _refusal(error, on_record=on_record)
    if isinstance(error, psycopg.OperationalError):  # while the key was looked for
        return DatabaseAway(words_of(error), kind_of(error))
    if isinstance(error, NoKey | NotSigned):
        return NotAReportDatabase(words_of(error), "unsigned")
    if isinstance(error, PoolTimeout):  # all our connections are busy with slow questions
        return DatabaseAway(words_of(error), "slow")
    if said := _MEANS.get(type(error)):
        return DatabaseAway(*said)
    return None


def _refusal(error: DBAPIError, *, on_record: bool) -> NoAnswer | None:
    kind = kind_of(error.orig)
    if on_record and kind == "read_only":
        return DatabaseAway(words_of(error), kind)
    if isinstance(error, NotSupportedError | ProgrammingError):
        return NotAReportDatabase(words_of(error), "refused" if kind == "refused" else "unprepared")
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return DatabaseAway(words_of(error), kind)
    return None


@lru_cache(maxsize=512)
def prepared(statement: str) -> tuple[TextClause, frozenset[str]]:
    """Return a statement as SQLAlchemy reads it, and the names of its parameters."""
    clause = text(statement)
    return clause, frozenset(clause.compile().params)
