"""The only door to the report database: read-only, parameterised, one answer shared by all who ask the same."""

import re
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import pandas as pd
import psycopg
from sqlalchemy import Connection, Engine, text
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

# serialization_failure and deadlock_detected: nothing else can bring them upon a single question that only reads.
_GIVEN_UP_BY_A_COPY = frozenset({"40001", "40P01"})

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
        patience: Patience = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to ask the database at `url` (any URL that PostgreSQL's own library reads, several hosts included);
        nothing is connected yet. `while_waiting` is entered by whoever waits for an answer.

        `write_url` leads to the primary where `url` leads to a copy: only the access log is written there. `scope_key`
        returns the key that scopes are signed with, in hexadecimal digits, or None; left out, the database is asked for
        it, which tells it to its owner alone. `why_away` knows what keeps the server away where a refused connection
        does not tell. `patience` says how long to wait, and `clock` counts the seconds that answers and the key are
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
        named = set(re.findall(r"(?<!:):(\w+)", statement))
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
                    hang_up(connection)
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
            signed = None if scope == AGGREGATES_ONLY else self._signer.signed(scope, reader, session_of(connection))
            return beginning(question, scope, signed, on_record=on_record)

        try:
            try:
                answer = self._answer(engine, begin, statement, given)
            except (ConnectionWasOld, GivenUpByACopy, NotSigned):
                # So are the others of the pool, and it has opened none of them again; or the copy has now caught up; or
                # the key or the database's clock was changed.
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
                    answer = connection.execute(text(statement), given)
                    # Plain tuples, from the driver: of SQLAlchemy's rows a table is made ten times as slowly.
                    found = pd.DataFrame.from_records(answer.cursor.fetchall(), columns=list(answer.keys()))
                    connection.commit()  # a line in the access log, where there is one
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
                if self._closed:  # its pool was given up: nobody else would close it
                    connection.invalidate()

    def _noted(self, question: str, trouble: NoAnswer) -> NoAnswer:
        if trouble.kind in {"unreachable", "restarting"}:
            trouble.kind = self._why_away() or trouble.kind
        self.timings.failed(question, trouble.kind)
        return trouble


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value
