"""The commands of districts and wards: `python -m reportdb areas --help`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from reportdb.cli.command_line import Data, Database, Failure, opened, out
from reportdb.database.connection import connect
from reportdb.summary import summarise

areas_app = typer.Typer(help="Boundaries of districts and wards.", no_args_is_help=True)


@areas_app.command("load")
def areas_load(
    file: Annotated[Path, typer.Argument(help="GeoJSON FeatureCollection, WGS 84.")],
    level: Annotated[Literal["district", "ward"], typer.Option(help="Which layer the file holds.")],
    code: Annotated[str, typer.Option(help="The property that holds the area's code.")] = "code",
    name: Annotated[str, typer.Option(help="The property that holds the name.")] = "name_vi",
    attribution: Annotated[str | None, typer.Option(help="Who the boundaries come from.")] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Load official boundaries: known codes get their geometry, new codes become areas.

    Reports are located again, so that their district and ward agree with the new boundaries.
    """
    from reportdb.areas import load_areas
    from reportdb.boundary_file import AreasError

    with opened(database, data) as url, connect(url) as connection:
        try:
            loaded = load_areas(connection, file, level=level, code=code, name=name, attribution=attribution)
        except AreasError as error:
            raise Failure(str(error)) from error
        summarise(connection, now=datetime.now(UTC))
        out.print(f"{loaded.updated} areas updated, {loaded.added} added, {loaded.moved} reports in another area.")
