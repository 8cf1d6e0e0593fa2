"""The only door to the report database: read-only, parameterised, one answer shared by all who ask the same."""

import os
import socket
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import pandas as pd
import psycopg
from sqlalchemy import Connection, Engine, ExceptionContext, TextClause, create_engine, event, text
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
_SECONDS_TO_REMEMBER = 120  # pages move on with every minute: what is older nobody asks for who looks at now

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

# serialization_failure and deadlock_detected: nothing else can bring them upon a single question that only reads.
_GIVEN_UP_BY_A_COPY = frozenset({"40001", "40P01"})

# They find their rows by a key, so one plan is right whatever the key, and a connection keeps it: planning these took
# longer than answering them.
_PLANNED_ONCE = frozenset({"case_rows", "map_case", "nearby", "report", "report_deadlines", "report_events"})

# A connection asks the database's clock again after so many seconds: clocks drift, and signatures rest on it.
_SECONDS_OF_A_SESSION = 600

_Kept = TypeVar("_Kept")


class ReportDatabase:
    """A report database that answers questions. Safe to share between threads.

    Once `poll` finds it away, every other question is refused at once, and remembered answers grow no older, until
    `poll` finds it back: who watches asks on behalf of all.
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
        """Prepare to ask the database at `url` (any URL that PostgreSQL's own library reads, several hosts included);
        nothing is connected yet. `while_waiting` is entered by whoever waits for an answer.

        `write_url` leads to the primary where `url` leads to a copy: only the access log is written there. `scope_key`
        returns the key that scopes are signed with, in hexadecimal digits, or None; left out, the database is asked for
        it, which tells it to its owner alone. `why_away` knows what keeps the server away where a refused connection
        does not tell.
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
        """Answer `queries/<question>.sql` with its columns, within a scope; moments come back in UTC.

        The same question with the same parameters is answered from memory for a while: the moment is a parameter, so
        only a correction of the past makes an answer old. `figure` and `order` name the definitions that
        `{figure}` and `{order}` stand for. Raises DatabaseAway, NotAReportDatabase.
        """
        given = tuple(sorted((name, _hashable(value)) for name, value in parameters.items()))
        return self.remember(
            (question, figure, order, scope, given),
            lambda: self.ask_now(question, figure=figure, order=order, scope=scope, **parameters),
        )

    def remember(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """Return what was made under this key a while ago, or make it; for what is worked out from answers.

        A table that is returned may be changed; what is remembered stays as it was made. Anything else must not be.
        """
        return self._memory.remember(key, make)

    def forget(self, moment: datetime) -> None:
        """Let go of the answers of a moment that nobody looks at any more, sooner than they grow old."""
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
        """Answer like `ask`, but from the database, always. Raises DatabaseAway, NotAReportDatabase."""
        if away := self._away:
            raise type(away)(str(away), away.kind)
        statement = sql(question, figure, order)
        named = _prepared(statement)[1]
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}
        with self._while_waiting():
            return self._ask(self._engine, question, statement, {name: given[name] for name in named}, scope)

    def ask_on_record(self, question: str, *, scope: Scope, **parameters: Any) -> pd.DataFrame:
        """Answer a question that leaves a line in the access log: each time anew, and for good before it is answered.

        The parameter `who` is the name that is written: the scope is signed for that reader.
        It is asked of the primary where a URL of that was given. Raises DatabaseAway (of the kind read_only where the
        database is a copy), NotAReportDatabase.
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
        """Whether a URL of the primary was given, for the access log."""
        return self._recording is not None

    def poll(self, question: str, scope: Scope = AGGREGATES_ONLY, **parameters: Any) -> pd.DataFrame:
        """Answer a small question on a connection kept for it, whatever was found before, and tell all who ask whether
        the database is there. Raises DatabaseAway, NotAReportDatabase, within about eight seconds.
        """
        try:
            answer = self._ask(self._looking, question, sql(question), parameters, scope)
        except (DatabaseAway, NotAReportDatabase) as away:
            self._memory.freeze()
            self._away = away.with_traceback(None)
            if away.kind == "silent":  # those who wait on other connections wait in vain as well
                for connection in list(self._running):
                    _hang_up(connection)
            raise
        self._away = None
        self._memory.thaw()
        return answer

    def close(self) -> None:
        """Give back the connections; a question that is still being answered gives its own back at its end."""
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
            """Return what begins the question's transaction on a connection."""
            signed = None if scope == AGGREGATES_ONLY else self._signer.signed(scope, reader, _session(connection))
            return _begin(question, scope, signed, on_record=on_record)

        try:
            try:
                answer = self._answer(engine, begin, statement, given)
            except (_ConnectionWasOld, _GivenUpByACopy, _NotSigned):
                # So are the others of the pool, and it has opened none of them again; or the copy has now caught up; or
                # the key or the database's clock was changed.
                answer = self._answer(engine, begin, statement, given)
        except psycopg.OperationalError as error:  # while the key was looked for
            raise self._noted(question, DatabaseAway(_words(error), kind_of(error))) from error
        except NoKey as error:
            raise self._noted(question, NotAReportDatabase(str(error), "unsigned")) from error
        except _NotSigned as error:
            raise self._noted(question, NotAReportDatabase(_words(error), "unsigned")) from error
        except PoolTimeout as error:  # all our connections are busy with slow questions
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
        except _ConnectionWasOld as error:  # the new one as well
            raise self._noted(question, DatabaseAway("the connection was lost twice", "unreachable")) from error
        except _GivenUpByACopy as error:
            raise self._noted(question, DatabaseAway("the copy gave the question up twice", "slow")) from error
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
                    answer = connection.execute(_prepared(statement)[0], given)
                    # Plain tuples, from the driver: of SQLAlchemy's rows a table is made ten times as slowly.
                    found = pd.DataFrame.from_records(answer.cursor.fetchall(), columns=list(answer.keys()))
                    connection.commit()  # a line in the access log, where there is one
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
                if self._closed:  # its pool was given up: nobody else would close it
                    connection.invalidate()

    @contextmanager
    def _waited_for(self, connection: psycopg.Connection, seconds: float) -> Iterator[threading.Event]:
        """Hang up where nothing came back in time: the server's own limit is no help when the network is gone."""
        given_up = threading.Event()

        def give_up() -> None:
            """Hang up, and say so to whoever waits."""
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
    """The connection was lost while nobody used it, or the tables were changed after it had prepared the question."""


class _GivenUpByACopy(Exception):
    """A copy ended our question, because it held up what came from the primary."""


class _NotSigned(Exception):
    """The database did not believe the scope: its signature was too old, or made with another key."""


class _NothingCameBack(Exception):
    """We hung up, because nothing came back for longer than the server may take."""


def _engine(url: str, seconds: int, *, pool_size: int, max_overflow: int) -> Engine:
    """Return connections to a database on which an answer may take so many seconds."""
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
        if _returns_other_columns(context.original_exception):
            context.is_disconnect = True

    event.listen(engine, "connect", lambda _connection, record: record.info.update(seconds=seconds))
    return engine


@lru_cache(maxsize=512)
def _prepared(statement: str) -> tuple[TextClause, frozenset[str]]:
    """Return a statement as SQLAlchemy reads it, and the names of its parameters."""
    clause = text(statement)
    return clause, frozenset(clause.compile().params)


def _returns_other_columns(error: BaseException | None) -> bool:
    """Whether what a connection has prepared no longer fits the tables: told by where the server found out, because
    its code (0A000) has many meanings, and its words a language.
    """
    return isinstance(error, psycopg.NotSupportedError) and error.diag.source_function == "RevalidateCachedQuery"


def _session(connection: Connection) -> Session:
    """Return a connection as the database knows it, asked once for it and every ten minutes after that."""
    known: Session | None = connection.info.get("session")
    if known is None or time.monotonic() - known.learned_at > _SECONDS_OF_A_SESSION:
        asked_at = time.monotonic()
        name, clock = connection.exec_driver_sql(
            "select scope_session(), cast(extract(epoch from clock_timestamp()) as double precision)"
        ).one()
        known = connection.info["session"] = Session(name, clock, asked_at)
    return known


def _own_key(url: str) -> str | None:
    """Return the key that scopes are signed with, where the login of the URL owns it; None where it may not read it.

    Raises psycopg.OperationalError where the database does not answer.
    """
    with psycopg.connect(url, connect_timeout=_SECONDS_TO_CONNECT, autocommit=True) as connection:
        try:
            row = connection.execute("select encode(key, 'hex') from scope_key").fetchone()
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
            return None
    return str(row[0]) if row else None


def _begin(question: str, scope: Scope, signed: str | None, *, on_record: bool) -> str:
    """Return what begins a transaction that is within a signed scope (None: who counts needs none), and leaves the
    connection as it came: one message, so that a scope costs no waiting of its own.
    """
    begin = ["begin read write" if on_record else "begin"]
    if signed is not None:
        begin += [f"set local role {scope.role}", f"set local report.scope = '{signed}'"]
    if question in _PLANNED_ONCE:
        begin += ["set local plan_cache_mode = force_generic_plan"]
    return "; ".join(begin)


def _patience(connection: Connection) -> float:
    """Return how many seconds to wait for an answer that the server itself would have given up by then."""
    return float(connection.info["seconds"]) + 1


def _hang_up(connection: psycopg.Connection) -> None:
    """Close a connection's socket under whoever waits for it."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _words(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0]
