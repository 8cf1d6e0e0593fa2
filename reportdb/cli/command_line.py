"""Shared by all commands: the choice of a database, and readable failures."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import psycopg
import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.segment import Segment

from reportdb.database.connection import DatabaseUnreachable, report_database
from reportdb.database.embedded_server import ServerError
from reportdb.database.endings import ends_in_order
from reportdb.database.lost_connection import was_lost
from reportdb.database.migrations import SchemaError
from reportdb.deadlines.working_time import CalendarError
from safe_text import terminal_text


class PlainConsole(Console):
    """A terminal that prints text literally: no markup, emoji or escape sequence in it is interpreted."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a Console."""
        super().__init__(markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is printed; Rich's own colours and cursor movements are kept."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(terminal_text(segment.text), segment.style)


out = PlainConsole(width=None if sys.stdout.isatty() else 220)  # no wrapping in a file or a pipe
err = PlainConsole(stderr=True)

Database = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="A PostgreSQL URL; else $REPORT_DB_URL.")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The embedded server's folder; else $REPORT_DB_DATA, else .reportdb."),
]


_LOST = (
    "The connection to the database was lost. What was committed is kept, what this command had not finished "
    "is undone. Run it again."
)


class Failure(Exception):
    """A command cannot be done; the message says why and what to do."""


@contextmanager
def opened(database: str | None, data: Path | None) -> Iterator[str]:
    """Yield the chosen database's URL; on failure print a message and exit with 3."""
    if database and data:
        raise typer.BadParameter("Give --database or --data, not both.")
    try:
        with ends_in_order(), report_database(database, data) as url:
            yield url
    except (ServerError, SchemaError, DatabaseUnreachable, CalendarError, Failure) as error:
        err.print(str(error), style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(3) from error
    except psycopg.Error as error:
        words = error.diag.message_primary or str(error).strip()
        said = f"{_LOST} ({words})" if was_lost(error) else f"The database refused: {words}"
        err.print(said, style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(3) from error


def progress_bar() -> Progress:
    """Return a progress bar on standard error; silent if that is no terminal."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal)


def city_moment(words: str | None, zone: ZoneInfo) -> datetime | None:
    """Read an ISO 8601 moment; without an offset it is the city's own time."""
    if words is None:
        return None
    try:
        moment = datetime.fromisoformat(words)
    except ValueError as error:
        raise typer.BadParameter(f"{words!r} is no moment; write 2026-11-21T08:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
