"""The commands of the demo city: `demo` and `simulate`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from reportdb.cli.command_line import Data, Database, Failure, err, opened, out, progress_bar
from reportdb.database.connection import connect


def demo(
    reports: Annotated[int, typer.Option(min=1, help="How many reports, about.")] = 60_000,
    seed: Annotated[int, typer.Option(help="The same seed and moment give the same city.")] = 1000,
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing if there are reports.")] = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Fill the database with an invented Hanoi of the last two years, up to this moment.

    A database that already holds reports is refused.
    """
    from reportdb.demo import build_demo, holds_reports

    with opened(database, data) as url, connect(url) as connection:
        if holds_reports(connection):
            if if_empty:
                return
            raise Failure("The database already holds reports. Name an empty one with --data or --database.")
        with progress_bar() as progress:
            count = build_demo(connection, reports=reports, seed=seed, now=datetime.now(UTC), progress=progress)
        out.print(f"{count} reports of the demo city.")


def simulate(
    per_hour: Annotated[
        float | None,
        typer.Option(min=0.1, help="New reports an hour, on average; else the city's own pace."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Makes a run repeatable.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this long; else at Ctrl-C.")] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Simulate the demo city: new reports, steps and ratings, by the rules that generated the city.

    Stop and start it as you like: it first catches up with what would have happened meanwhile. It goes on after an
    outage of the database.
    """
    from reportdb.simulation import SimulationRefused, keep_simulating

    with opened(database, data) as url:
        try:
            keep_simulating(url, per_hour=per_hour, seed=seed, seconds=seconds)
        except SimulationRefused as error:
            raise Failure(str(error)) from error
        except KeyboardInterrupt:
            err.print("The simulation has stopped.")
