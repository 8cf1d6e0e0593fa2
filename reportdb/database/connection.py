"""Which report database: the embedded one of a folder, or any PostgreSQL by its URL."""

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
    """Yield the owner's URL of a report database whose schema is current.

    `database` (a URL) or `data` (a folder for the embedded server) choose it; then the environment's REPORT_DB_URL or
    REPORT_DB_DATA; then the embedded server in `.reportdb/`. Raises ServerError, SchemaError or DatabaseUnreachable.
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
    """Raise ServerError, with the disk's name and room, for a failure of the database that a full disk explains."""
    try:
        yield
    except (psycopg.Error, DatabaseUnreachable) as error:
        place = (folder / "data").resolve()  # it may be a link to another disk
        lost = isinstance(error, psycopg.OperationalError | DatabaseUnreachable)
        if isinstance(error, psycopg.errors.DiskFull) or (lost and disk.is_full(place)):
            raise ServerError(disk.full_words(place.parent)) from error
        raise


def url_of(database: str | None = None, data: Path | None = None) -> str | None:
    """Return the URL of the PostgreSQL that is named, by `database` or REPORT_DB_URL; None for the embedded server."""
    return database or (os.environ.get(URL_VARIABLE) if data is None else None)


def understood(url: str, variable: str = URL_VARIABLE) -> str:
    """Return a URL, which a variable of the environment gave, that PostgreSQL's library reads as it was meant.

    Raises DatabaseUnreachable for any other: that library's own words for it repeat the password.
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
    """Connect as the database's owner. Raises DatabaseUnreachable, never with a password in its words."""
    try:
        return psycopg.connect(url, connect_timeout=10, application_name="reportdb", autocommit=True)
    except psycopg.ProgrammingError as error:
        raise DatabaseUnreachable(_MISREAD) from error
    except psycopg.OperationalError as error:
        place = psycopg.conninfo.conninfo_to_dict(url)
        name, host = str(place.get("dbname", "the database")), str(place.get("host", "this machine"))
        if "@" in name + host:  # an @ or a / in the password cuts the URL in the wrong place
            raise DatabaseUnreachable(_MISREAD) from error
        # libpq's first line: which server, "failed:", and why; the others are its own advice.
        why = str(error).strip().splitlines()[0].rpartition("failed: ")[2].rstrip(".")
        raise DatabaseUnreachable(
            f"The report database ({name} at {host}) does not answer: {why}. "
            f"Check the URL in {URL_VARIABLE} or --database, and that the server runs."
        ) from error
