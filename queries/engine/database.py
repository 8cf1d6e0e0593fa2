"""The only access to the report database: read-only, parameterised, with a shared answer cache."""

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from typing import Any, TypeVar

import pandas as pd
import psycopg
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.exc import DBAPIError, NotSupportedError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from queries.engine.answer_cache import AnswerCache
from queries.engine.errors import DatabaseAway, Kind, NoAnswer, NotAReportDatabase, kind_of
from queries.engine.scope import AGGREGATES_ONLY, Scope
from queries.engine.signature import NoKey, Session, Signer
from queries.engine.statements import sql
from queries.engine.timing import Timings

__all__ = ["DatabaseAway", "NotAReportDatabase", "ReportDatabase"]

_SECONDS_FOR_AN_ANSWER = 15
_SECONDS_FOR_A_LOOK = 4
_SECONDS_TO_CONNECT = 3  # to each host of the URL
_BYTES_OF_ANSWERS = 256 * 1024 * 1024
_SECONDS_TO_REMEMBER = 120  # pages move on every minute; nobody at the current moment asks for older answers

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

# serialization_failure and deadlock_detected: a single read-only query gets them only from a standby's replay.
_GIVEN_UP_BY_A_COPY = frozenset({"40001", "40P01"})

# They find their rows by a key, so one plan suits every key, and a connection keeps it: planning took longer than
# answering.
_PLANNED_ONCE = frozenset({"case_rows", "map_case", "nearby", "report", "report_deadlines", "report_events"})

# A connection asks for the database's clock again after this many seconds: clocks drift, and signatures depend on it.
_SECONDS_OF_A_SESSION = 600

_Kept = TypeVar("_Kept")


class ReportDatabase:
    """A report database that answers questions. Thread-safe.

    Once `poll` finds it away, every other question is refused at once and cached answers do not age, until `poll` finds
    it back: the watcher polls on behalf of all.
    """

    def __init__(
        self,
        url: str,
        *,
        write_url: str | None = None,
        scope_key: Callable[[], str | None] | None = None,
        while_waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
        why_away: Callable[[], Kind | None] = lambda: None,
    ) -> None:
        """Prepare to query the database at `url` (any libpq URL, also with several hosts); nothing is connected yet.
        `while_waiting` is entered by a thread that waits for an answer.

        `write_url` leads to the primary if `url` leads to a standby: only the access log is written there. `scope_key`
        returns the key that signs scopes, in hexadecimal digits, or None; if left out, it is read from the database,
        which shows it to its owner only. `why_away` returns why the server is away when a refused connection does not
        say.
        """
        self._signer = Signer(scope_key or (lambda: _own_key(url)))
        self._engine = _engine(url, _SECONDS_FOR_AN_ANSWER, pool_size=4, max_overflow=4)
        self._looking = _engine(url, _SECONDS_FOR_A_LOOK, pool_size=1, max_overflow=0)
        self._recording = _engine(write_url, _SECONDS_FOR_AN_ANSWER, pool_size=1, max_overflow=1) if write_url else None
        self._away: NoAnswer | None = None
        self._closed = False
        self._running: set[psycopg.Connection] = set()
        self._while_waiting = while_waiting
        self._why_away = why_away
        self._memory = AnswerCache(
            seconds=_SECONDS_TO_REMEMBER,
            room=_BYTES_OF_ANSWERS,
            failing=(DatabaseAway, NotAReportDatabase),
            while_waiting=while_waiting,
        )
        self.timings = Timings()

    def ask(
        self,
        question: str,
        *,
        figure: str = "true",
        order: str = "newest",
        scope: Scope = AGGREGATES_ONLY,
        **parameters: Any,
    ) -> pd.DataFrame:
        """Answer `queries/<question>.sql` within a scope; moments are returned in UTC.

        The same question with the same parameters is answered from the cache: the moment is a parameter, so only a
        correction of the past makes an answer stale. `figure` and `order` name the definitions for `{figure}` and
        `{order}`. Raises DatabaseAway, NotAReportDatabase.
        """
        given = tuple(sorted((name, _hashable(value)) for name, value in parameters.items()))
        return self.remember(
            (question, figure, order, scope, given),
            lambda: self.ask_now(question, figure=figure, order=order, scope=scope, **parameters),
        )

    def remember(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """Return the cached value of a key, or make it; for values computed from answers.

        A returned table may be modified: it is a copy. Other values must not be modified.
        """
        return self._memory.remember(key, make)

    def forget(self, moment: datetime) -> None:
        """Drop the answers of a moment that no page shows any more, before they expire."""
        self._memory.forget(moment)

    def ask_now(
        self,
        question: str,
        *,
        figure: str = "true",
        order: str = "newest",
        scope: Scope = AGGREGATES_ONLY,
        **parameters: Any,
    ) -> pd.DataFrame:
        """Answer like `ask`, but never from the cache. Raises DatabaseAway, NotAReportDatabase."""
        if away := self._away:
            raise type(away)(str(away), away.kind)
        statement = sql(question, figure, order)
        named = set(re.findall(r"(?<!:):(\w+)", statement))
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}
        with self._while_waiting():
            return self._ask(self._engine, question, statement, {name: given[name] for name in named}, scope)

    def ask_on_record(self, question: str, *, scope: Scope, **parameters: Any) -> pd.DataFrame:
        """Answer a question that writes a line into the access log: never cached, and committed before it is answered.

        The parameter `who` is the name in that line: the scope is signed for that reader. Asked on the primary if its
        URL was given. Raises DatabaseAway (of the kind read_only if the database is a standby), NotAReportDatabase.
        """
        with self._while_waiting():
            return self._ask(
                self._recording or self._engine,
                question,
                sql(question),
                parameters,
                scope,
                reader=str(parameters["who"]),
                on_record=True,
            )

    @property
    def writes_elsewhere(self) -> bool:
        """Whether the access log has its own URL, the primary's."""
        return self._recording is not None

    def poll(self, question: str, scope: Scope = AGGREGATES_ONLY, **parameters: Any) -> pd.DataFrame:
        """Answer a small question on a connection kept for it, even while the database is away, and set for all who ask
        whether the database is there. Raises DatabaseAway, NotAReportDatabase, within about eight seconds.
        """
        try:
            answer = self._ask(self._looking, question, sql(question), parameters, scope)
        except (DatabaseAway, NotAReportDatabase) as away:
            self._memory.freeze()
            self._away = away.with_traceback(None)
            if away.kind == "silent":  # those who wait on other connections will get no answer either
                for connection in list(self._running):
                    _hang_up(connection)
            raise
        self._away = None
        self._memory.thaw()
        return answer

    def close(self) -> None:
        """Close the connections; one in use is closed when its question ends."""
        self._closed = True
        self._engine.dispose()
        self._looking.dispose()
        if self._recording:
            self._recording.dispose()

    def _ask(
        self,
        engine: Engine,
        question: str,
        statement: str,
        given: Mapping[str, Any],
        scope: Scope,
        *,
        reader: str = "",
        on_record: bool = False,
    ) -> pd.DataFrame:
        began = time.perf_counter()

        def begin(connection: Connection) -> str:
            """Return the statement that begins the question's transaction on a connection."""
            signed = None if scope == AGGREGATES_ONLY else self._signer.signed(scope, reader, _session(connection))
            return _begin(question, scope, signed, on_record=on_record)

        try:
            try:
                answer = self._answer(engine, begin, statement, given)
            except (_ConnectionWasOld, _GivenUpByACopy, _NotSigned):
                # The pool's other connections may be stale too, and it has reopened none; or the standby has caught up
                # by now; or the key or the database's clock was changed.
                answer = self._answer(engine, begin, statement, given)
        except psycopg.OperationalError as error:  # while reading the key
            raise self._noted(question, DatabaseAway(_words(error), kind_of(error))) from error
        except NoKey as error:
            raise self._noted(question, NotAReportDatabase(str(error), "unsigned")) from error
        except _NotSigned as error:
            raise self._noted(question, NotAReportDatabase(_words(error), "unsigned")) from error
        except PoolTimeout as error:  # all our connections are busy with slow queries
            raise self._noted(question, DatabaseAway(_words(error), "slow")) from error
        except DBAPIError as error:
            kind = kind_of(error.orig)
            if on_record and kind == "read_only":
                raise self._noted(question, DatabaseAway(_words(error), kind)) from error
            if isinstance(error, (NotSupportedError, ProgrammingError)):
                raise self._noted(
                    question, NotAReportDatabase(_words(error), "refused" if kind == "refused" else "unprepared")
                ) from error
            if isinstance(error, OperationalError) or error.connection_invalidated:
                raise self._noted(question, DatabaseAway(_words(error), kind)) from error
            raise
        except _ConnectionWasOld as error:  # the new one too
            raise self._noted(question, DatabaseAway("the connection was lost twice", "unreachable")) from error
        except _GivenUpByACopy as error:
            raise self._noted(question, DatabaseAway("the standby cancelled the query twice", "slow")) from error
        except _NothingCameBack as error:
            raise self._noted(question, DatabaseAway("no answer came back in time", "silent")) from error
        self.timings.answered(question, time.perf_counter() - began)
        return answer

    def _answer(
        self, engine: Engine, begin: Callable[[Connection], str], statement: str, given: Mapping[str, Any]
    ) -> pd.DataFrame:
        with engine.connect() as connection:
            wire: psycopg.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
            try:
                with self._waited_for(wire, _patience(connection)) as given_up:
                    connection.exec_driver_sql(begin(connection))
                    answer = connection.execute(text(statement), given)
                    # Plain tuples from the driver: building a table from SQLAlchemy's rows takes ten times as long.
                    found = pd.DataFrame.from_records(answer.cursor.fetchall(), columns=list(answer.keys()))
                    connection.commit()  # commits a line of the access log, if there is one
                    return found
            except DBAPIError as error:
                if given_up.is_set():
                    raise _NothingCameBack from error
                if getattr(error.orig, "sqlstate", None) in _GIVEN_UP_BY_A_COPY:
                    raise _GivenUpByACopy from error
                if kind_of(error.orig) == "unsigned":
                    self._signer.renew()
                    connection.info.pop("session", None)
                    raise _NotSigned(_words(error)) from error
                lost = kind_of(error.orig) in {"unreachable", "restarting"} or _returns_other_columns(error.orig)
                if error.connection_invalidated and lost:
                    raise _ConnectionWasOld from error
                raise
            finally:
                if self._closed:  # its pool is gone: nobody else would close it
                    connection.invalidate()

    @contextmanager
    def _waited_for(self, connection: psycopg.Connection, seconds: float) -> Iterator[threading.Event]:
        """Close the connection if nothing comes back in time: the server's own limit does not help when the network is
        gone.
        """
        given_up = threading.Event()

        def give_up() -> None:
            """Close the connection and tell the waiting thread."""
            given_up.set()
            _hang_up(connection)

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        self._running.add(connection)
        timer.start()
        try:
            yield given_up
        finally:
            timer.cancel()
            self._running.discard(connection)

    def _noted(self, question: str, trouble: NoAnswer) -> NoAnswer:
        if trouble.kind in {"unreachable", "restarting"}:
            trouble.kind = self._why_away() or trouble.kind
        self.timings.failed(question, trouble.kind)
        return trouble


class _ConnectionWasOld(Exception):
    """The connection was lost while idle, or the tables changed after it had prepared the statement."""


class _GivenUpByACopy(Exception):
    """A standby cancelled our query because it conflicted with replay."""


class _NotSigned(Exception):
    """The database rejected the scope: its signature was too old, or made with another key."""


class _NothingCameBack(Exception):
    """We closed the connection because nothing came back for longer than the server's own limit."""


def _engine(url: str, seconds: int, *, pool_size: int, max_overflow: int) -> Engine:
    """Return connections to a database with a statement timeout of so many seconds."""
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
            "connect_timeout": _SECONDS_TO_CONNECT,
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
        if _returns_other_columns(context.original_exception):
            context.is_disconnect = True

    event.listen(engine, "connect", lambda _connection, record: record.info.update(seconds=seconds))
    return engine


def _returns_other_columns(error: BaseException | None) -> bool:
    """Whether a prepared statement no longer fits the tables: recognised by the server's source function, because the
    code (0A000) has many meanings and the message is translated.
    """
    return isinstance(error, psycopg.NotSupportedError) and error.diag.source_function == "RevalidateCachedQuery"


def _session(connection: Connection) -> Session:
    """Return a connection's session as the database knows it, asked at first use and every ten minutes."""
    known: Session | None = connection.info.get("session")
    if known is None or time.monotonic() - known.learned_at > _SECONDS_OF_A_SESSION:
        asked_at = time.monotonic()
        name, clock = connection.exec_driver_sql(
            "select scope_session(), cast(extract(epoch from clock_timestamp()) as double precision)"
        ).one()
        known = connection.info["session"] = Session(name, clock, asked_at)
    return known


def _own_key(url: str) -> str | None:
    """Return the key that signs scopes, if the URL's login owns it; None if it may not read it.

    Raises psycopg.OperationalError if the database does not answer.
    """
    with psycopg.connect(url, connect_timeout=_SECONDS_TO_CONNECT, autocommit=True) as connection:
        try:
            row = connection.execute("select encode(key, 'hex') from scope_key").fetchone()
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
            return None
    return str(row[0]) if row else None


def _begin(question: str, scope: Scope, signed: str | None, *, on_record: bool) -> str:
    """Return the statements that begin a transaction within a signed scope (None: counting needs none) and leave
    nothing behind on the connection. They are sent as one message, so that a scope costs no extra round trip.
    """
    begin = ["begin read write" if on_record else "begin"]
    if signed is not None:
        begin += [f"set local role {scope.role}", f"set local report.scope = '{signed}'"]
    if question in _PLANNED_ONCE:
        begin += ["set local plan_cache_mode = force_generic_plan"]
    return "; ".join(begin)


def _patience(connection: Connection) -> float:
    """Return how many seconds to wait for an answer: longer than the server's own limit."""
    return float(connection.info["seconds"]) + 1


def _hang_up(connection: psycopg.Connection) -> None:
    """Close a connection's socket while another thread waits for it."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _words(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0]
