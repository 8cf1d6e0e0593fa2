"""The commands that import another system's reports: `python -m reportdb import --help`."""

from pathlib import Path
from typing import Annotated

import typer

from reportdb.cli.command_line import Data, Database, Failure, opened, out, progress_bar
from reportdb.database.connection import connect

import_app = typer.Typer(help="Import another system's reports.", no_args_is_help=True)


@import_app.command("csv")
def import_csv(
    file: Annotated[Path, typer.Argument(help="The city's file, .csv or .csv.gz.")],
    mapping: Annotated[str, typer.Argument(help="A mapping file (TOML), or the name of one shipped with us.")],
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go; else rejects-FILE.csv.")] = None,
    boundaries: Annotated[
        Path | None, typer.Option(help="Folder of the mapping's boundary files; else the file's own.")
    ] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Import any city's reports through a mapping file. A second import updates reports, it never duplicates them.

    A row that cannot be read goes to the rejects file with its line number and the reason; the rest is imported.
    """
    from reportdb.importer import ImportFailure, import_reports

    with opened(database, data) as url, connect(url) as connection:
        try:
            with progress_bar() as progress:
                counts = import_reports(
                    connection,
                    file,
                    mapping=mapping,
                    rejects=rejects or Path(f"rejects-{file.name.removesuffix('.gz')}"),
                    boundaries=boundaries or file.parent,
                    progress=progress,
                )
        except ImportFailure as error:
            raise Failure(str(error)) from error
        out.print(counts.sentence(), highlight=False, soft_wrap=True)
    if counts.rejected:
        raise typer.Exit(1)


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
                    rejects=rejects or Path(f"rejects-{file.name.removesuffix('.gz')}.csv"),
                    boundaries=boundaries or file.parent,
                    progress=progress,
                )
        except ImportFailure as error:
            raise Failure(str(error)) from error
        out.print(counts.sentence(), highlight=False, soft_wrap=True)
    if counts.rejected:
        raise typer.Exit(1)
