"""The commands that import another system's reports: `python -m reportdb import --help`."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from reportdb.cli.command_line import Data, Database, Failure, city_moment, opened, out, progress_bar
from reportdb.database.connection import connect

import_app = typer.Typer(help="Import another system's reports.", no_args_is_help=True)


@import_app.command("csv")
def import_csv(
    file: Annotated[Path, typer.Argument(help="The city's file, .csv or .csv.gz.")],
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
    from reportdb.importer import ImportFailure, import_reports
    from reportdb.mapping.mapping_file import read_mapping

    with opened(database, data) as url, connect(url) as connection:
        try:
            with progress_bar() as progress:
                zone = ZoneInfo(read_mapping(mapping).city.time_zone)
                counts = import_reports(
                    connection,
                    file,
                    mapping=mapping,
                    rejects=rejects or Path(f"rejects-{file.name.removesuffix('.gz')}"),
                    notes=notes or Path(f"notes-{file.name.removesuffix('.gz')}"),
                    boundaries=boundaries or file.parent,
                    snapshot_at=city_moment(snapshot_at, zone),
                    dry_run=dry_run,
                    progress=progress,
                )
        except ImportFailure as error:
            raise Failure(str(error)) from error
        for line in counts.lines():
            out.print(line, highlight=False, soft_wrap=True)
    if counts.rejected:
        raise typer.Exit(1)
