"""Another system's database, read in batches and never written to."""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import Connection, TextClause, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from reportdb.feeds.failures import FeedAway, FeedRefused
from reportdb.feeds.records import Record
from safe_text import one_line

CHANGED = "changed"
"""The column of a query that says when a row last changed."""

_WITHOUT_ZONE = "changed_after_local"
_PARAMETERS = ("changed_after", _WITHOUT_ZONE)
_MISREAD = (
    "The other database's URL is not understood. It reads postgresql://user:password@host:port/name, or as SQLAlchemy "
    "writes another system's; a password writes @ as %40, : as %3A and / as %2F."
)
# The kernel closes a connection whose peer is gone, even if a firewall dropped it silently.
_POSTGRESQL = {
    "connect_timeout": 10,
    "application_name": "reportdb sync",
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class SourceDatabase:
    """The other database at `url`. `zone` is that of times without one. Use as a context manager.

    Rows come in batches of `batch`, in the order of their last change. No message holds the password.
    """

    def __init__(self, url: str, zone: tzinfo, batch: int) -> None:
        self._url, self._zone, self._batch = _understood(url), zone, batch
        self._is_postgresql = self._url.get_backend_name() == "postgresql"
        try:
            self._engine = create_engine(
                self._url,
                hide_parameters=True,
                connect_args=_POSTGRESQL if self._is_postgresql else {},
                pool_size=1,
                max_overflow=0,
                pool_pre_ping=True,
            )
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise FeedRefused(
                f"No driver for {self._url.drivername} is installed. Install one, or name a database of another kind."
            ) from error
        except (SQLAlchemyError, TypeError, ValueError) as error:
            raise FeedRefused(f"{_MISREAD} ({self._without_password(error)})") from None
        if self._url.get_backend_name() == "sqlite":
            event.listen(self._engine, "connect", _only_reads)

    def __enter__(self) -> "SourceDatabase":
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def now(self) -> datetime:
        """Return the time by the other database's clock, in UTC; by ours if it has no word for it."""
        if not self._is_postgresql:
            return datetime.now(UTC)
        with self._told(), self._engine.connect() as connection:
            now = connection.execute(text("select clock_timestamp()")).scalar_one()
            return self.moment(now) or datetime.now(UTC)

    def batches(self, query: TextClause, after: datetime) -> Generator[list[Record], None, None]:
        """Yield what a query gives for rows changed after a moment, in one read-only transaction.

        Raises FeedAway if the connection is lost, FeedRefused if the query cannot be run or gives no `changed`.
        """
        values = {"changed_after": self._bound(after), _WITHOUT_ZONE: self._bound_local(after)}
        asked = {name: value for name, value in values.items() if name in query._bindparams}
        with self._told(), self._engine.connect() as connection:
            self._begin(connection)
            how = {"stream_results": True, "yield_per": self._batch}
            with closing(connection.execute(query, asked, execution_options=how)) as found:
                if CHANGED not in found.keys():  # noqa: SIM118 - a result's keys
                    raise FeedRefused(f"The query gives no column named {CHANGED}: when the row last changed.")
                for part in found.mappings().partitions(self._batch):
                    yield [dict(row) for row in part]

    def moment(self, changed: Any) -> datetime | None:
        """Return what `changed` holds in UTC, or None. Raises FeedRefused if it is no time."""
        if changed is None:
            return None
        try:
            written = changed if isinstance(changed, datetime) else datetime.fromisoformat(str(changed).strip())
            return (written if written.tzinfo else written.replace(tzinfo=self._zone)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise FeedRefused(
                f"The query's column {CHANGED} holds {one_line(str(changed))[:60]!r}, which is no time. Write it as "
                "2026-01-31 13:05:00, with or without an offset."
            ) from error

    def _begin(self, connection: Connection) -> None:
        if self._is_postgresql:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            name = getattr(self._zone, "key", "UTC")
            connection.execute(text("select set_config('timezone', :zone, true)"), {"zone": name})

    def _bound(self, after: datetime) -> Any:
        """Return the parameter :changed_after, with its zone: SQLite knows times as text only."""
        return after if self._is_postgresql else after.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")

    def _bound_local(self, after: datetime) -> Any:
        """Return the parameter :changed_after_local: the city's time, without a zone.

        Where an hour occurs twice it is the beginning of that hour, so that both are read.
        """
        local = after.astimezone(self._zone).replace(tzinfo=None, fold=0)
        while local.replace(tzinfo=self._zone).utcoffset() != local.replace(tzinfo=self._zone, fold=1).utcoffset():
            local -= timedelta(minutes=15)
        return local if self._is_postgresql else local.isoformat(sep=" ", timespec="microseconds")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the other database's errors into ours."""
        try:
            yield
        except DBAPIError as error:
            said = f"The other database ({self.place()}) says: {self._without_password(error.orig or error)}."
            if error.connection_invalidated or _may_pass(error):
                raise FeedAway(said) from None
            raise FeedRefused(said) from None
        except SQLAlchemyError as error:
            raise FeedRefused(f"The query cannot be run: {self._without_password(error)}") from None

    def place(self) -> str:
        """Return which database it is, for a message."""
        return one_line(f"{self._url.database or 'its default'} at {self._url.host or 'this machine'}")

    def _without_password(self, error: BaseException) -> str:
        said = one_line(str(error).strip().splitlines()[0]) if str(error).strip() else type(error).__name__
        password = str(self._url.password or "")
        for spelling in {password, quote(password, safe=""), quote_plus(password)} - {""}:
            said = said.replace(spelling, "***")
        return said.rstrip(".")


def query_of(words: str, name: str) -> TextClause:
    """Return a query of a file in the order of its changes. Raises FeedRefused if it takes no :changed_after."""
    statement = words.strip().rstrip(";").rstrip()
    query = text(f"select * from (\n{statement}\n) as source order by {CHANGED}")  # noqa: S608 - the operator's own
    if not set(query._bindparams) & set(_PARAMETERS):
        raise FeedRefused(f"{name} takes no parameter :changed_after. Give it one: where changed > :changed_after.")
    if strange := sorted(set(query._bindparams) - set(_PARAMETERS)):
        raise FeedRefused(f"{name} takes :{strange[0]}, which nothing gives. Write a colon as \\:.")
    return query


def _understood(url: str) -> URL:
    """Return a URL; one of PostgreSQL with our driver. Raises FeedRefused, without repeating the URL."""
    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        raise FeedRefused(_MISREAD) from None
    if "@" in f"{read.host}{read.database}":  # an @ or / in the password splits the URL in the wrong place
        raise FeedRefused(_MISREAD)
    return read.set(drivername="postgresql+psycopg") if read.drivername in {"postgres", "postgresql"} else read


def _may_pass(error: DBAPIError) -> bool:
    """Whether trying again may help: PostgreSQL's classes 08, 40, 53, 55, 57 and 58, SQLite's file in use or away, or
    no connection at all.
    """
    state, name = getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorname", None)
    if state is not None:
        return str(state)[:2] in {"08", "40", "53", "55", "57", "58"}
    if name is not None:
        return str(name).split("_")[1] in {"BUSY", "LOCKED", "IOERR", "CANTOPEN"}
    return type(error.orig).__name__ in {"OperationalError", "InterfaceError"}


def _only_reads(connection: Any, _record: object) -> None:
    connection.execute("pragma query_only = on")
