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
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
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

# On the connection, so that no query can forget them. force_custom_plan lets the planner see that a filter is empty
# and drop it; the role can read and nothing else. With less memory an index of words tells pages instead of reports
# where many begin with a word, and all on them are read. A second process helps with a question; a third does not, on
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

# The kernel gives up a connection whose other end is gone, also where a firewall forgot it silently.
_ON_THE_WIRE = {"keepalives_idle": 30, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 10_000}

# They find their rows by a key, so one plan is right whatever the key, and a connection keeps it: planning these took
# longer than answering them.
PLANNED_ONCE = frozenset({"case_rows", "map_case", "nearby", "report", "report_deadlines", "report_events"})

# A connection asks the database's clock again after so many seconds: clocks drift, and signatures rest on it.
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
            "prepare_threshold": 1,  # what is asked twice on a connection is prepared
            **_ON_THE_WIRE,
        },
    )

    @event.listens_for(engine, "do_connect")
    def to_the_url(_dialect: object, _record: object, place: list[Any], _settings: object) -> None:
        """Connect to the URL as it is, for PostgreSQL's own library: SQLAlchemy's reading knows no lists of hosts."""
        place[:] = [url]

    @event.listens_for(engine, "handle_error")
    def changed_tables(context: ExceptionContext) -> None:
        """Open all connections anew where what one had prepared would return other columns than it did."""
        if returns_other_columns(context.original_exception):
            context.is_disconnect = True

    event.listen(engine, "connect", lambda _connection, record: record.info.update(seconds=seconds))
    return engine


def returns_other_columns(error: BaseException | None) -> bool:
    """Whether what a connection has prepared no longer fits the tables: told by where the server found out, because
    its code (0A000) has many meanings, and its words a language.
    """
    return isinstance(error, psycopg.NotSupportedError) and error.diag.source_function == "RevalidateCachedQuery"


def session_of(connection: Connection) -> Session:
    """Return a connection as the database knows it, asked once for it and every ten minutes after that."""
    known: Session | None = connection.info.get("session")
    if known is None or time.monotonic() - known.learned_at > _SECONDS_OF_A_SESSION:
        asked_at = time.monotonic()
        name, clock = connection.exec_driver_sql(
            "select scope_session(), cast(extract(epoch from clock_timestamp()) as double precision)"
        ).one()
        known = connection.info["session"] = Session(name, clock, asked_at)
    return known


def own_key(url: str, to_connect: int) -> str | None:
    """Return the key that scopes are signed with, where the login of the URL owns it; None where it may not read it.

    Raises psycopg.OperationalError where the database does not answer.
    """
    with psycopg.connect(url, connect_timeout=to_connect, autocommit=True) as connection:
        try:
            row = connection.execute("select encode(key, 'hex') from scope_key").fetchone()
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
            return None
    return str(row[0]) if row else None


def beginning(question: str, scope: Scope, signed: str | None, *, on_record: bool) -> str:
    """Return what begins a transaction that is within a signed scope (None: who counts needs none), and leaves the
    connection as it came: one message, so that a scope costs no waiting of its own.
    """
    begin = ["begin read write" if on_record else "begin"]
    if signed is not None:
        begin += [f"set local role {scope.role}", f"set local report.scope = '{signed}'"]
    if question in PLANNED_ONCE:
        begin += ["set local plan_cache_mode = force_generic_plan"]
    return "; ".join(begin)


def longest_wait(connection: Connection) -> float:
    """Return how many seconds to wait for an answer that the server itself would have given up by then."""
    return float(connection.info["seconds"]) + 1


def hang_up(connection: psycopg.Connection) -> None:
    """Close a connection's socket under whoever waits for it."""
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
    """The connection was lost while nobody used it, or the tables were changed after it had prepared the question."""


class GivenUpByACopy(Exception):
    """A copy ended our question, because it held up what came from the primary."""


class NotSigned(Exception):
    """The database did not believe the scope: its signature was too old, or made with another key."""


class NothingCameBack(Exception):
    """We hung up, because nothing came back for longer than the server may take."""


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
