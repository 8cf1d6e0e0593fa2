"""The commands that import another system's reports: `python -m reportdb import --help`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from reportdb.cli import data_commands
from reportdb.cli.command_line import Data, Database, Failure, city_moment, err, opened, out, progress_bar
from reportdb.database.connection import connect

if TYPE_CHECKING:
    from reportdb.account.account import Counts

import_app = typer.Typer(help="Import another system's reports, and what belongs to them.", no_args_is_help=True)
data_commands.add_commands(import_app)


@import_app.command("csv")
def import_csv(
    file: Annotated[Path, typer.Argument(help="The city's file: CSV, Excel, JSON or JSON lines, also gzipped.")],
    mapping: Annotated[str, typer.Argument(help="A mapping file (TOML), or the name of one shipped with us.")],
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go; else rejects-FILE.csv.")] = None,
    notes: Annotated[
        Path | None, typer.Option(help="Where values go that could not be read; else notes-FILE.csv.")
    ] = None,
    boundaries: Annotated[
        Path | None, typer.Option(help="Folder of the mapping's boundary files; else the file's own.")
    ] = None,
    snapshot_at: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT",
            help="When the file was taken, if the mapping says that missing reports are closed; else its newest time.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything, print the account, and undo it: nothing is changed.")
    ] = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Import any city's reports through a mapping file. A second import updates reports, it never duplicates them.

    A row that cannot be read goes to the rejects file with its line number and the reason; the rest is imported. A
    value that cannot be read counts as unknown and goes to the notes file. Of a --dry-run both files get the ending
    .dry-run. Ends with 1 if rows were rejected, with 3 if nothing was imported.
    """
    from reportdb.fast_lane.importing import import_reports
    from reportdb.importer import ImportFailure
    from reportdb.mapping.mapping_file import read_mapping

    with opened(database, data) as url, connect(url) as connection:
        try:
            with progress_bar() as progress:
                zone = ZoneInfo(read_mapping(mapping).city.time_zone)
                counts = import_reports(
                    connection,
                    file,
                    mapping=mapping,
                    rejects=rejects or _rejects_of(file),
                    notes=notes or _notes_of(file),
                    boundaries=boundaries or file.parent,
                    snapshot_at=city_moment(snapshot_at, zone),
                    dry_run=dry_run,
                    progress=progress,
                )
        except ImportFailure as error:
            raise Failure(str(error)) from error
        _tell(counts)


def _tell(counts: "Counts") -> None:
    """Print the account of an import. Raises typer.Exit with status 1 if rows were rejected."""
    for line in counts.lines():
        out.print(line, highlight=False, soft_wrap=True)
    if counts.rejected:
        raise typer.Exit(1)


def _rejects_of(file: Path) -> Path:
    """Return where a file's rejected rows go by default: a CSV file, whatever the file is."""
    name = file.name.removesuffix(".gz")
    return Path(f"rejects-{name}" if name.lower().endswith(".csv") else f"rejects-{name}.csv")


def _notes_of(file: Path) -> Path:
    """Return where values go by default that could not be read."""
    return _rejects_of(file).with_name(_rejects_of(file).name.replace("rejects-", "notes-", 1))


@import_app.command("suggest")
def suggest_mapping(
    file: Annotated[Path, typer.Argument(help="A city's file: CSV, Excel, JSON or JSON lines, also gzipped.")],
    name: Annotated[str | None, typer.Option(help="The city's name; else the file's.")] = None,
    to: Annotated[Path | None, typer.Option(help="The mapping file to write; else standard output.")] = None,
) -> None:
    """Write a first mapping, guessed from a file's header and the values of its beginning.

    Each line that is a guess ends in a comment "check". No database is read or changed.
    """
    from reportdb.mapping.failure import ImportFailure
    from reportdb.suggest import suggest

    try:
        mapping = suggest(file, name)
        if to is None:
            out.print(mapping, end="", highlight=False, soft_wrap=True)
        else:
            with to.open("x", encoding="utf-8") as written:
                written.write(mapping)
    except FileExistsError as error:
        err.print(f"{to} is there already: name another file.", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(3) from error
    except OSError as error:
        err.print(f"{to} cannot be written: {error.strerror}.", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(3) from error
    except ImportFailure as error:
        err.print(str(error), style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(3) from error


@import_app.command("open311")
def import_open311(
    file: Annotated[Path, typer.Argument(help="GeoReport requests: JSON, JSON lines, XML or CSV, plain or .gz.")],
    mapping: Annotated[str, typer.Argument(help='A mapping file (TOML) with extends = "open311".')],
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go; else rejects-FILE.csv.")] = None,
    boundaries: Annotated[
        Path | None, typer.Option(help="Folder of the mapping's boundary files; else the file's own.")
    ] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Import a file of Open311 requests: a saved answer of a server, or GeoReport bulk data.

    A later `open311 poll` with the same mapping goes on from there: both name a report by the server's id.
    """
    from reportdb.importer import ImportFailure
    from reportdb.open311.bulk import import_requests

    with opened(database, data) as url, connect(url) as connection:
        try:
            with progress_bar() as progress:
                counts = import_requests(
                    connection,
                    file,
                    mapping=mapping,
                    rejects=rejects or _rejects_of(file),
                    boundaries=boundaries or file.parent,
                    progress=progress,
                )
        except ImportFailure as error:
            raise Failure(str(error)) from error
        _tell(counts)
