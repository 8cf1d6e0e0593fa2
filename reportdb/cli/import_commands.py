"""The commands that import another system's reports: `python -m reportdb import --help`."""

from pathlib import Path
from typing import Annotated

import typer

from reportdb.cli.command_line import Data, Database, Failure, err, opened, out, progress_bar
from reportdb.database.connection import connect

import_app = typer.Typer(help="Import another system's reports.", no_args_is_help=True)


@import_app.command("csv")
def import_csv(
    file: Annotated[Path, typer.Argument(help="The city's file: CSV, Excel, JSON or JSON lines, also gzipped.")],
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
                    rejects=rejects or _rejects_of(file),
                    boundaries=boundaries or file.parent,
                    progress=progress,
                )
        except ImportFailure as error:
            raise Failure(str(error)) from error
        out.print(counts.sentence(), highlight=False, soft_wrap=True)
    if counts.rejected:
        raise typer.Exit(1)


def _rejects_of(file: Path) -> Path:
    """Return where a file's rejected rows go by default: a CSV file, whatever the file is."""
    name = file.name.removesuffix(".gz")
    return Path(f"rejects-{name}" if name.lower().endswith(".csv") else f"rejects-{name}.csv")


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
