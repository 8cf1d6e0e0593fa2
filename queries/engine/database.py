"""The only access to the report database: read-only, parameterised, with a shared answer cache."""

import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import pandas as pd
import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from queries.engine.answer_cache import AnswerCache
from queries.engine.connections import (
    PATIENCE,
    ConnectionWasOld,
    GivenUpByACopy,
    NothingCameBack,
    NotSigned,
    Patience,
    beginning,
    hang_up,
    longest_wait,
    new_engine,
    no_answer,
    own_key,
    prepared,
    returns_other_columns,
    session_of,
    waited_for,
    words_of,
)
from queries.engine.errors import DatabaseAway, Kind, NoAnswer, NotAReportDatabase, kind_of
from queries.engine.scope import AGGREGATES_ONLY, Scope
from queries.engine.signature import Signer
from queries.engine.statements import sql
from queries.engine.timing import Timings

__all__ = ["DatabaseAway", "NotAReportDatabase", "ReportDatabase"]

_BYTES_OF_ANSWERS = 256 * 1024 * 1024

# serialization_failure and deadlock_detected: a single read-only query gets them only from a standby's replay.
_GIVEN_UP_BY_A_COPY = frozenset({"40001", "40P01"})

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
        patience: Patience = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to query the database at `url` (any libpq URL, also with several hosts); nothing is connected yet.
        `while_waiting` is entered by a thread that waits for an answer.

        `write_url` leads to the primary if `url` leads to a standby: only the access log is written there. `scope_key`
        returns the key that signs scopes, in hexadecimal digits, or None; if left out, it is read from the database,
        which shows it to its owner only. `why_away` returns why the server is away when a refused connection does not
        say. `patience` says how long to wait, and `clock` counts the seconds that answers and the key are
        kept for.
        """
        self._signer = Signer(scope_key or (lambda: own_key(url, patience.connect)), clock)
        opened = partial(new_engine, to_connect=patience.connect)
        self._engine = opened(url, patience.answer, pool_size=4, max_overflow=4)
        self._looking = opened(url, patience.poll, pool_size=1, max_overflow=0)
        self._recording = opened(write_url, patience.answer, pool_size=1, max_overflow=1) if write_url else None
        self._away: NoAnswer | None = None
        self._closed = False
        self._running: set[psycopg.Connection] = set()
        self._while_waiting = while_waiting
        self._why_away = why_away
        self._memory = AnswerCache(
            seconds=patience.remember,
            room=_BYTES_OF_ANSWERS,
            failing=(DatabaseAway, NotAReportDatabase),
            while_waiting=while_waiting,
            clock=clock,
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
        named = prepared(statement)[1]
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
                    hang_up(connection)
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
            signed = None if scope == AGGREGATES_ONLY else self._signer.signed(scope, reader, session_of(connection))
            return beginning(question, scope, signed, on_record=on_record)

        try:
            try:
                answer = self._answer(engine, begin, statement, given)
            except (ConnectionWasOld, GivenUpByACopy, NotSigned):
                # The pool's other connections may be stale too, and it has reopened none; or the standby has caught up
                # by now; or the key or the database's clock was changed.
                answer = self._answer(engine, begin, statement, given)
        except Exception as error:
            away = no_answer(error, on_record=on_record)
            if away is None:
                raise
            raise self._noted(question, away) from error
        self.timings.answered(question, time.perf_counter() - began)
        return answer

    def _answer(
        self, engine: Engine, begin: Callable[[Connection], str], statement: str, given: Mapping[str, Any]
    ) -> pd.DataFrame:
        with engine.connect() as connection:
            wire: psycopg.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
            try:
                with waited_for(wire, longest_wait(connection), self._running) as given_up:
                    connection.exec_driver_sql(begin(connection))
                    answer = connection.execute(prepared(statement)[0], given)
                    # Plain tuples from the driver: building a table from SQLAlchemy's rows takes ten times as long.
                    found = pd.DataFrame.from_records(answer.cursor.fetchall(), columns=list(answer.keys()))
                    connection.commit()  # commits a line of the access log, if there is one
                    return found
            except DBAPIError as error:
                if given_up.is_set():
                    raise NothingCameBack from error
                if getattr(error.orig, "sqlstate", None) in _GIVEN_UP_BY_A_COPY:
                    raise GivenUpByACopy from error
                if kind_of(error.orig) == "unsigned":
                    self._signer.renew()
                    connection.info.pop("session", None)
                    raise NotSigned(words_of(error)) from error
                lost = kind_of(error.orig) in {"unreachable", "restarting"} or returns_other_columns(error.orig)
                if error.connection_invalidated and lost:
                    raise ConnectionWasOld from error
                raise
            finally:
                if self._closed:  # its pool is gone: nobody else would close it
                    connection.invalidate()

    def _noted(self, question: str, trouble: NoAnswer) -> NoAnswer:
        if trouble.kind in {"unreachable", "restarting"}:
            trouble.kind = self._why_away() or trouble.kind
        self.timings.failed(question, trouble.kind)
        return trouble


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value
