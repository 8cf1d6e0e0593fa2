"""The command `figures`: what the dashboard shows at a moment, by the dashboard's own queries."""

import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from reportdb.cli.command_line import Data, Database, Failure, city_moment, opened, out
from safe_text import json_text


def figures(
    at: Annotated[str | None, typer.Option(metavar="TIME", help="The moment, in the city's time; else now.")] = None,
    by: Annotated[
        Literal["district", "ward", "unit", "category", "channel"] | None, typer.Option(help="One row for each.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Period's start; else the first.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Period's end; else the moment.")] = None,
    format_: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print.")] = "table",
    database: Database = None,
    data: Data = None,
) -> None:
    """Print every figure of the dashboard at a moment, by the same queries as its pages."""
    # The only place where reportdb imports the dashboard's queries.
    from queries.engine.database import DatabaseAway, NotAReportDatabase, ReportDatabase
    from queries.engine.filters import Filters
    from queries.figures import figures as questions
    from queries.figures import published as of_the_city

    with opened(database, data) as url, closing(ReportDatabase(url)) as reports:
        try:
            zone = questions.city(reports, datetime.now(UTC)).zone
            moment = city_moment(at, zone) or datetime.now(UTC)
            period = Filters.of(at=moment, zone=zone, start=city_moment(from_, zone), end=city_moment(to, zone))
            table = questions.timed(reports, period, by=by)
            flagged = "late" in of_the_city.kinds(reports)
            published = of_the_city.crossed(of_the_city.flags(reports, period))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        except (DatabaseAway, NotAReportDatabase, questions.NoCity) as error:
            raise Failure(str(error)) from error
    if format_ == "json":
        records = questions.as_records(table, period) | {"published": published.to_dict("index") if flagged else {}}
        sys.stdout.write(json_text(records) + "\n")
    else:
        out.print(questions.as_rich_table(table))
        if flagged:
            out.print()
            out.print(of_the_city.as_rich_table(published))
