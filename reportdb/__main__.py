"""The report database's command line: `python -m reportdb --help`.

Exit codes: 0 done; 1 the database is not as it should be (`check`) or rows were rejected (`import`); 2 a wrong
command line; 3 the work could not be done, and the message says why and what to do.
"""

import signal
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from reportdb.cli.calendar_commands import as_spans, calendar_app
from reportdb.cli.command_line import Data, Database, Failure, err, opened, out, progress_bar
from reportdb.cli.deadline_commands import deadlines_app
from reportdb.cli.scope_key import scope_key
from reportdb.cli.user_commands import anonymise_old, users_app
from reportdb.database.beat import beating, write_beats
from reportdb.database.connection import connect, url_of
from reportdb.database.lost_connection import carried_through
from reportdb.summary import summarise as bring_into_counts
from safe_text import json_text

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
areas_app = typer.Typer(help="Boundaries of districts and wards.", no_args_is_help=True)
units_app = typer.Typer(help="Who answers.", no_args_is_help=True)
import_app = typer.Typer(help="Bring in another system's reports.", no_args_is_help=True)
app.add_typer(areas_app, name="areas")
app.add_typer(units_app, name="units")
app.add_typer(import_app, name="import")
app.add_typer(calendar_app, name="calendar")
app.add_typer(deadlines_app, name="deadlines")
app.add_typer(users_app, name="users")
app.command("anonymise")(anonymise_old)
app.command("scope-key")(scope_key)


@app.command()
def up(database: Database = None, data: Data = None) -> None:
    """Start the embedded server, bring the schema up to date, print the URL and stay until Ctrl-C.

    Where a database is named, only its schema is brought up to date.
    """
    with opened(database, data) as url:
        if url_of(database, data):
            out.print("The schema is up to date.")
            return
        try:
            out.print(url, highlight=False, soft_wrap=True)
            err.print("The report database is up. Ctrl-C stops it when nobody else uses it.")
            with beating(url):
                signal.pause()
        except KeyboardInterrupt:
            err.print("Leaving.")


@app.command()
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


@app.command()
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
    """Keep the demo city alive: new reports, steps and ratings, by the rules the city was made with.

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
            err.print("The city stands still.")


@app.command()
def beat(
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this long; else at Ctrl-C.")] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Write the primary's time into the database every two seconds, so that copies of it can tell their own age.

    For a city whose own system feeds the database: run it on the primary, as a service. It goes on after an outage.
    """
    with opened(database, data) as url:
        stop = threading.Event()
        if seconds is not None:
            timer = threading.Timer(seconds, stop.set)
            timer.daemon = True
            timer.start()
        try:
            write_beats(url, stop)
        except KeyboardInterrupt:
            err.print("No beat is written any more.")


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
    from reportdb.areas import AreasError, load_areas

    with opened(database, data) as url, connect(url) as connection:
        try:
            loaded = load_areas(connection, file, level=level, code=code, name=name, attribution=attribution)
        except AreasError as error:
            raise Failure(str(error)) from error
        bring_into_counts(connection, now=datetime.now(UTC))
        out.print(f"{loaded.updated} areas updated, {loaded.added} added, {loaded.moved} reports located anew.")


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
    """Bring in any city's reports through a mapping file. Again means update, never a second copy.

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


@app.command()
def summarise(
    anew: Annotated[bool, typer.Option("--anew", help="Count everything again.")] = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Bring what has changed into the counts by day and month, so that long periods are answered quickly.

    The counts are true without it; after many changes they are slow. Once an hour is plenty. Where the server breaks
    off, it begins again.
    """
    with opened(database, data) as url:
        carried_through(partial(connect, url), partial(bring_into_counts, now=datetime.now(UTC), anew=anew))
        out.print("The summary holds every change.")


@app.command()
def check(database: Database = None, data: Data = None) -> None:
    """Say in plain words what is missing or malformed in the database, where, and what cures it."""
    from reportdb.check import beyond_the_owner, find_damage

    with opened(database, data) as url:
        damage = carried_through(partial(connect, url), find_damage)
        beyond = carried_through(partial(connect, url), beyond_the_owner)
    for finding in beyond:
        out.print(f"Beyond the owner's rights: {finding}", highlight=False, soft_wrap=True)
    for finding in damage:
        out.print(str(finding), highlight=False, soft_wrap=True)
    if damage:
        raise typer.Exit(1)


@app.command()
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
    """Print the truth: every figure of the dashboard at a moment, by the same queries as its pages."""
    # Here reportdb meets the dashboard's queries: the same figures, printed.
    from queries.engine.database import DatabaseAway, NotAReportDatabase, ReportDatabase
    from queries.engine.filters import Filters
    from queries.figures import figures as questions
    from queries.figures import published as of_the_city

    with opened(database, data) as url, closing(ReportDatabase(url)) as reports:
        try:
            zone = questions.city(reports, datetime.now(UTC)).zone
            moment = _moment(at, zone) or datetime.now(UTC)
            period = Filters.of(at=moment, zone=zone, start=_moment(from_, zone), end=_moment(to, zone))
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


@calendar_app.command("check")
def calendar_check(
    at: Annotated[str | None, typer.Option(metavar="TIME", help="The moment, in the city's time; else now.")] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Warn when the next 60 days or the coming year are not covered, and say which days; exit code 1 then."""
    # The question the dashboard's pages ask, asked here: one meaning of "covered".
    from queries.engine.database import DatabaseAway, NotAReportDatabase, ReportDatabase
    from queries.figures.figures import NoCity, city
    from queries.rules.calendar import calendar_cover

    with opened(database, data) as url, closing(ReportDatabase(url)) as reports:
        try:
            zone = city(reports, datetime.now(UTC)).zone
            cover = calendar_cover(reports, _moment(at, zone) or datetime.now(UTC), zone)
        except (DatabaseAway, NotAReportDatabase, NoCity) as error:
            raise Failure(str(error)) from error
    next_year = cover.day.year + 1
    if cover.missing_soon:
        out.print(f"Missing in the 60 days from {cover.day}: {as_spans(cover.missing_soon)}.", soft_wrap=True)
    if cover.missing_next_year:
        out.print(f"Missing in {next_year}: {as_spans(cover.missing_next_year)}.", soft_wrap=True)
    if cover.missing_soon or cover.missing_next_year:
        out.print("Deadlines that touch these days cannot be told. Cure: calendar fill, and the hours of offices.")
    if cover.notice_needed:
        out.print(
            f"{next_year} holds only the holidays to be expected: its official notice is not entered. Cure: calendar "
            "add, for each day off and each swapped day of the notice, with the notice as source.",
            soft_wrap=True,
        )
    if not cover.complete:
        raise typer.Exit(1)
    out.print(f"The calendar covers the next 60 days and {next_year}; its last day is {cover.last_day}.")


def _moment(words: str | None, zone: ZoneInfo) -> datetime | None:
    """Read an ISO 8601 moment; without an offset it is the city's own time."""
    if words is None:
        return None
    try:
        moment = datetime.fromisoformat(words)
    except ValueError as error:
        raise typer.BadParameter(f"{words!r} is no moment; write 2026-11-21T08:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


if __name__ == "__main__":
    app()
