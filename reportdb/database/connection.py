"""Which report database to use: the embedded one of a folder, or any PostgreSQL by its URL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from reportdb.database import disk
from reportdb.database.embedded_server import DEFAULT_FOLDER, ServerError, embedded_server
from reportdb.database.migrations import migrate

URL_VARIABLE = "REPORT_DB_URL"
WRITE_URL_VARIABLE = "REPORT_DB_WRITE_URL"
FOLDER_VARIABLE = "REPORT_DB_DATA"
_MISREAD = (
    "The database's URL is not understood. It reads postgresql://user:password@host:port/name, "
    "and a password writes @ as %40, : as %3A and / as %2F."
)


class DatabaseUnreachable(Exception):
    """The report database does not answer; the message says what was tried and what to do."""


@contextmanager
def report_database(database: str | None = None, data: Path | None = None) -> Iterator[str]:
    """Yield the owner's URL of a report database with a current schema.

    Chosen by `database` (a URL) or `data` (a folder for the embedded server), else by the environment's REPORT_DB_URL
    or REPORT_DB_DATA, else the embedded server in `.reportdb/`. Raises ServerError, SchemaError or DatabaseUnreachable.
    """
    if url := url_of(database, data):
        with connect(url) as connection:
            migrate(connection)
        yield url
        return
    folder = data or Path(os.environ.get(FOLDER_VARIABLE, DEFAULT_FOLDER))
    with embedded_server(folder) as embedded, _full_disk_told(folder.expanduser().resolve()):
        with connect(embedded) as connection:
            migrate(connection)
        yield embedded


@contextmanager
def _full_disk_told(folder: Path) -> Iterator[None]:
    """Turn a database failure caused by a full disk into a ServerError with the disk's path and free space."""
    try:
        yield
    except (psycopg.Error, DatabaseUnreachable) as error:
        place = (folder / "data").resolve()  # it may be a link to another disk
        lost = isinstance(error, psycopg.OperationalError | DatabaseUnreachable)
        if isinstance(error, psycopg.errors.DiskFull) or (lost and disk.is_full(place)):
            raise ServerError(disk.full_words(place.parent)) from error
        raise


def url_of(database: str | None = None, data: Path | None = None) -> str | None:
    """Return the URL given by `database` or REPORT_DB_URL; None means the embedded server."""
    return database or (os.environ.get(URL_VARIABLE) if data is None else None)


def understood(url: str, variable: str = URL_VARIABLE) -> str:
    """Return a URL from the environment if PostgreSQL's library can parse it.

    Raises DatabaseUnreachable otherwise: that library's own message repeats the password.
    """
    misread = _MISREAD if variable == URL_VARIABLE else f"{variable}: {_MISREAD}"
    try:
        place = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise DatabaseUnreachable(misread) from None
    if any("@" in str(place.get(word, "")) for word in ("dbname", "host", "port")):
        raise DatabaseUnreachable(misread)
    return url


def connect(url: str) -> psycopg.Connection:
    """Connect as the database's owner. Raises DatabaseUnreachable; its message never contains a password."""
    try:
        return psycopg.connect(url, connect_timeout=10, application_name="reportdb", autocommit=True)
    except psycopg.ProgrammingError as error:
        raise DatabaseUnreachable(_MISREAD) from error
    except psycopg.OperationalError as error:
        place = psycopg.conninfo.conninfo_to_dict(url)
        name, host = str(place.get("dbname", "the database")), str(place.get("host", "this machine"))
        if "@" in name + host:  # an @ or / in the password splits the URL in the wrong place
            raise DatabaseUnreachable(_MISREAD) from error
        # libpq's first line names the server and, after "failed:", the reason; the other lines are advice.
        why = str(error).strip().splitlines()[0].rpartition("failed: ")[2].rstrip(".")
        raise DatabaseUnreachable(
            f"The report database ({name} at {host}) does not answer: {why}. "
            f"Check the URL in {URL_VARIABLE} or --database, and that the server runs."
        ) from error
