"""The calendar's commands: `python -m reportdb calendar --help`."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import psycopg
import typer
from rich.table import Table

from reportdb.cli.command_line import Data, Database, Failure, city_moment, opened, out
from reportdb.database.connection import connect
from reportdb.deadlines.calendars import (
    CalendarDay,
    export_days,
    fill_days,
    import_days,
    restore_day,
    special_days,
    write_day,
)

calendar_app = typer.Typer(help="Working days, days off, and the hours offices work.", no_args_is_help=True)

Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DAY", help="The day, as 2026-01-10.")]


@calendar_app.command()
def show(
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="Else this year's first.")
    ] = None,
    to: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="Else the calendar's last.")
    ] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Show the days off, the swapped days, and their sources."""
    with opened(database, data) as url, connect(url) as connection:
        first = from_.date() if from_ else date(_today(connection).year, 1, 1)
        days = special_days(connection, first, to.date() if to else date.max)
    table = Table("day", "", "", "name", "source", show_edge=False)
    for each in days:
        table.add_row(str(each.day), f"{each.day:%a}", _state(each), each.name or "", each.source)
    out.print(table)


@calendar_app.command()
def hours(database: Database = None, data: Data = None) -> None:
    """Show the hours offices work on a working day; a later day replaces all earlier hours."""
    with opened(database, data) as url, connect(url) as connection:
        rows = connection.execute(
            """select valid_from::text, to_char(opens, 'HH24:MI'), to_char(closes, 'HH24:MI'),
                   case when confirmed then 'confirmed' else 'unconfirmed' end, source
               from office_hours order by valid_from, opens"""
        ).fetchall()
    table = Table("valid from", "opens", "closes", "", "source", show_edge=False)
    for row in rows:
        table.add_row(*row)
    out.print(table)


@calendar_app.command()
def add(
    day: Day,
    off: Annotated[bool, typer.Option("--off/--working", help="A day off, or a working day.")],
    source: Annotated[str, typer.Option(help="Who says so: the official notice, its number and date.")],
    name: Annotated[str | None, typer.Option(help="The holiday, or why the day was swapped.")] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Enter a day off, or a working day, from an official notice. Existing deadlines do not change."""
    written = CalendarDay(day.date(), not off, name, source)
    with opened(database, data) as url, connect(url) as connection:
        write_day(connection, written)
    out.print(f"{written.day} is {_state(written)}.")


@calendar_app.command()
def remove(day: Day, database: Database = None, data: Data = None) -> None:
    """Remove what a person entered for a day: the day shipped with the program applies again."""
    with opened(database, data) as url, connect(url) as connection:
        restored = restore_day(connection, day.date())
    out.print(f"{restored.day} is {_state(restored)} again ({restored.source}).", highlight=False)


@calendar_app.command()
def fill(
    to: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="Else next year's last.")
    ] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Fill the calendar with the shipped days, from its first day on; days a person entered are kept."""
    with opened(database, data) as url, connect(url) as connection:
        today = _today(connection)
        (begun,) = connection.execute("select min(day) from working_day").fetchone() or (None,)
        first, last = begun or date(today.year, 1, 1), to.date() if to else date(today.year + 1, 12, 31)
        if last < first:
            raise Failure(f"The calendar begins on {first} and cannot end before that.")
        fill_days(connection, first, last)
    out.print(f"The calendar is filled from {first} to {last}.")


@calendar_app.command("export")
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The CSV file to write.")],
    database: Database = None,
    data: Data = None,
) -> None:
    """Write the days off and the swapped days to a CSV file, with their sources."""
    with opened(database, data) as url, connect(url) as connection:
        try:
            count = export_days(connection, file)
        except OSError as error:
            raise Failure(f"{file} cannot be written: {error.strerror}.") from error
    out.print(f"{count} days written to {file}.", highlight=False, soft_wrap=True)


@calendar_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file that `export` wrote.")],
    database: Database = None,
    data: Data = None,
) -> None:
    """Import days that a person entered; all of the file or nothing."""
    with opened(database, data) as url, connect(url) as connection:
        try:
            written, left_out = import_days(connection, file)
        except OSError as error:
            raise Failure(f"{file} cannot be read: {error.strerror}.") from error
    out.print(f"{written} days written; {left_out} shipped days left out.")


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
            cover = calendar_cover(reports, city_moment(at, zone) or datetime.now(UTC), zone)
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


def as_spans(days: list[date]) -> str:
    """Return days as text, consecutive ones as a span: "2026-12-24, 2027-01-01 to 2027-12-31"."""
    starts = [day for day in days if day - timedelta(days=1) not in days]
    ends = [day for day in days if day + timedelta(days=1) not in days]
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in zip(starts, ends, strict=True))


def _today(connection: psycopg.Connection) -> date:
    city = connection.execute("select time_zone from city").fetchone()
    return datetime.now(ZoneInfo(city[0] if city else "UTC")).date()


def _state(day: CalendarDay) -> str:
    return "worked" if day.working else "off"
