"""The only door to the report database: read-only, parameterised, one answer shared by all who ask the same.

A question is a file `queries/<name>.sql`. In it `{name}` stands for a definition of `definitions.sql`, so that a figure
means the same wherever it is counted or listed; `:name` is a parameter.
"""

import re
import threading
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import pandas as pd
from cachetools import TTLCache
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_FOLDER = Path(__file__).parent
_SECONDS_FOR_AN_ANSWER = 15
_BYTES_OF_ANSWERS = 256 * 1024 * 1024
_SECONDS_TO_REMEMBER = 600

# On the connection, so that no query can forget them. force_custom_plan lets the planner see that a filter is empty
# and drop it; the role can read and nothing else.
_SETTINGS = {
    "role": "report_reader",
    "default_transaction_read_only": "on",
    "statement_timeout": f"{_SECONDS_FOR_AN_ANSWER}s",
    "plan_cache_mode": "force_custom_plan",
    "timezone": "UTC",
    "jit": "off",
}


_Kept = TypeVar("_Kept")


class DatabaseAway(Exception):
    """The report database does not answer now. What was asked may be asked again later."""


class NotAReportDatabase(Exception):
    """The database answers, but does not hold the tables of a report database, or does not let us read them."""


class ReportDatabase:
    """A report database that answers questions. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Prepare to ask the database at `url` (a PostgreSQL URL); nothing is connected yet."""
        settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        self._engine: Engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=4,
            max_overflow=4,
            pool_timeout=_SECONDS_FOR_AN_ANSWER,
            connect_args={"options": settings, "connect_timeout": 5, "application_name": "dashboard"},
        )
        self._answers: TTLCache[Hashable, Any] = TTLCache(_BYTES_OF_ANSWERS, ttl=_SECONDS_TO_REMEMBER, getsizeof=_bytes)
        self._asking: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def ask(self, question: str, *, figure: str = "true", order: str = "newest", **parameters: Any) -> pd.DataFrame:
        """Answer `queries/<question>.sql` with its columns; moments come back in UTC.

        The same question with the same parameters is answered from memory for a while: the moment is a parameter, so
        only a correction of the past makes an answer old. `figure` and `order` name the definitions that
        `{figure}` and `{order}` stand for. Raises DatabaseAway.
        """
        key = (question, figure, order, tuple(sorted((name, _hashable(value)) for name, value in parameters.items())))
        return self.remember(key, lambda: self.ask_now(question, figure=figure, order=order, **parameters))

    def remember(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """Return what was made under this key a while ago, or make it; for what is worked out from answers.

        A table that is returned may be changed; what is remembered stays as it was made. Anything else must not be.
        """
        with self._guard:
            if (known := self._answers.get(key)) is not None:
                return cast(_Kept, _handed_out(known))
            turn = self._asking.setdefault(key, threading.Lock())
        with turn:  # many viewers ask the same at once; one goes, the others wait for the answer
            try:
                with self._guard:
                    known = self._answers.get(key)
                if known is None:
                    known = make()
                    with self._guard:
                        if _bytes(known) < _BYTES_OF_ANSWERS:
                            self._answers[key] = known
            finally:
                with self._guard:
                    self._asking.pop(key, None)
        return cast(_Kept, _handed_out(known))

    def ask_now(self, question: str, *, figure: str = "true", order: str = "newest", **parameters: Any) -> pd.DataFrame:
        """Answer like `ask`, but from the database, always. Raises DatabaseAway, NotAReportDatabase."""
        statement = sql(question, figure, order)
        named = set(re.findall(r"(?<!:):(\w+)", statement))
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}
        try:
            with self._engine.connect() as connection:
                answer = connection.execute(text(statement), {name: given[name] for name in named})
                return pd.DataFrame.from_records(answer.fetchall(), columns=list(answer.keys()))
        except (OperationalError, PoolTimeout) as error:
            raise DatabaseAway(_words(error)) from error
        except ProgrammingError as error:
            raise NotAReportDatabase(_words(error)) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise DatabaseAway(_words(error)) from error
            raise

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()


@lru_cache(maxsize=256)
def sql(question: str, figure: str = "true", order: str = "newest") -> str:
    """Return the statement of `queries/<question>.sql` with its definitions in place.

    Raises KeyError for a figure or an order that definitions.sql does not know.
    """
    meanings: Mapping[str, str] = definitions()
    statement = (_FOLDER / f"{question}.sql").read_text().replace("{order}", meanings[order])
    statement = statement.replace("{figure}", f"({meanings[figure]})")
    while "{" in statement:  # a definition may lean on another
        statement = re.sub(r"\{(\w+)\}", lambda found: f"({meanings[found[1]]})", statement)
    return statement


def written(figure: str) -> str:
    """Return a figure's definition as it is counted, with the definitions it leans on in place. Raises KeyError."""
    meaning = definitions()[figure]
    while "{" in meaning:
        meaning = re.sub(r"\{(\w+)\}", lambda found: f"({definitions()[found[1]]})", meaning)
    return meaning


@lru_cache(maxsize=1)
def definitions() -> dict[str, str]:
    """Return the meaning of each name of `definitions.sql`: an expression over the columns of report_at."""
    found = re.findall(
        r"^-- (\w+): [^\n]*\n((?:(?!-- ).*\n?)*)", (_FOLDER / "definitions.sql").read_text(), re.MULTILINE
    )
    return {name: meaning.strip() for name, meaning in found}


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _bytes(answer: Any) -> int:
    return 1024 + (int(answer.memory_usage(deep=True).sum()) if isinstance(answer, pd.DataFrame) else len(str(answer)))


def _handed_out(kept: Any) -> Any:
    return kept.copy(deep=False) if isinstance(kept, pd.DataFrame) else kept


def _words(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0]
