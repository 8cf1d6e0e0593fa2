"""The commands of units: `python -m reportdb units --help`."""

from pathlib import Path
from typing import Annotated

import typer

from reportdb.cli.command_line import Data, Database, Failure, opened, out
from reportdb.database.connection import connect

units_app = typer.Typer(help="Units and their heads.", no_args_is_help=True)


@units_app.command("heads")
def units_heads(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV: unit (its code), name, title_vi, title_en, valid_from, valid_to."
        ),
    ],
    database: Database = None,
    data: Data = None,
) -> None:
    """Load who heads each unit, all rows or none; units that the file does not name keep their heads."""
    from reportdb.unit_heads import UnitHeadsError, load_unit_heads

    with opened(database, data) as url, connect(url) as connection:
        try:
            count = load_unit_heads(connection, file)
        except UnitHeadsError as error:
            raise Failure(str(error)) from error
        out.print(f"{count} heads of units.")
