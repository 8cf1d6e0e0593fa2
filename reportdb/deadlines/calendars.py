"""The calendar of working days: the ordinary week, public holidays, and official exceptions to both."""

import csv
import unicodedata
from collections.abc import Sequence
from datetime import date, time, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import holidays
import psycopg

from reportdb.deadlines.working_time import CalendarError

EXCEPTIONS = Path(__file__).with_name("holiday_exceptions.csv")
SHIPPED = "shipped: "
"""The prefix of a source that marks days filled in by us, which we may refill; other days were entered by a person."""

_COLUMNS = ["country", "day", "working", "name", "source"]  # of holiday_exceptions.csv and of exports

_Day = tuple[bool, str | None, str]  # working or not, name, source


class CalendarDay(NamedTuple):
    """A day of the calendar: working or not, its name (a holiday, or why it was swapped), and its source."""

    day: date
    working: bool
    name: str | None
    source: str


def fill_calendar(
    connection: psycopg.Connection, *, country: str, subdivision: str | None, first: date, last: date
) -> None:
    """Fill working_day from `first` to `last`, and office_hours if it is empty.

    Monday to Friday are working days unless the `holidays` package knows a public holiday of the country (and
    subdivision, ISO 3166) or a swapped day; the official exceptions of holiday_exceptions.csv come last. Days entered
    by a person are kept. The office hours are an assumption and marked so. Raises CalendarError for an unknown country.
    """
    days = _calendar(country, subdivision, first, last)
    with connection.transaction():
        connection.execute(
            """insert into working_day (day, working, name, source)
               select * from unnest(%s::date[], %s::boolean[], %s::text[], %s::text[])
               on conflict (day) do update
                   set working = excluded.working, name = excluded.name, source = excluded.source
                   where starts_with(working_day.source, %s)""",
            [list(days), *([row[n] for row in days.values()] for n in range(3)), SHIPPED],
        )
        connection.execute(
            """insert into office_hours (valid_from, opens, closes, source, confirmed)
               select date '1900-01-01', opens, closes, %s, false
               from (values (time '08:00', time '12:00'), ('13:00', '17:00')) as usual (opens, closes)
               where not exists (select 1 from office_hours)""",
            ["giả định: giờ hành chính thông thường" if country == "VN" else "assumption: the usual hours of offices"],
        )


def write_hours(
    connection: psycopg.Connection,
    valid_from: date,
    spans: Sequence[tuple[time, time]],
    *,
    source: str,
    confirmed: bool,
) -> None:
    """Set the office hours from a day on to `spans` (opens, closes). Idempotent.

    Existing deadlines do not change.
    """
    wanted = [(opens, closes, source, confirmed) for opens, closes in spans]
    with connection.transaction():
        known = connection.execute(
            "select opens, closes, source, confirmed from office_hours where valid_from = %s order by opens",
            [valid_from],
        ).fetchall()
        if known == wanted:
            return
        connection.execute("delete from office_hours where valid_from = %s", [valid_from])
        with connection.cursor() as cursor:
            cursor.executemany(
                """insert into office_hours (valid_from, opens, closes, source, confirmed)
                   values (%s, %s, %s, %s, %s)""",
                [(valid_from, *span) for span in wanted],
            )


def swaps_days(country: str) -> bool:
    """Return whether a country's notices swap working days: one of the exceptions or of the last 20 years' holidays
    did.

    False for a country with unknown holidays.
    """
    if any(working and day.weekday() > 4 for day, (working, _name, _source) in _exceptions(country).items()):
        return True
    last = date.today().year  # noqa: DTZ011 - a year more or less makes no difference
    try:
        known = holidays.country_holidays(country, years=range(last - 20, last + 1))
    except NotImplementedError:
        return False
    return bool(known.weekend_workdays)


def fill_days(connection: psycopg.Connection, first: date, last: date) -> None:
    """Fill working_day like fill_calendar, for the database's own city. Raises CalendarError."""
    country, subdivision = _city(connection)
    fill_calendar(connection, country=country, subdivision=subdivision, first=first, last=last)


def special_days(connection: psycopg.Connection, first: date = date.min, last: date = date.max) -> list[CalendarDay]:
    """Return, in order, the days that differ from the ordinary week, and those a person entered."""
    rows = connection.execute(
        """select day, working, name, source from working_day
           where day between %s and %s
               and (working <> (extract(isodow from day) < 6) or name is not null or not starts_with(source, %s))
           order by day""",
        [first, last, SHIPPED],
    ).fetchall()
    return [CalendarDay(*row) for row in rows]


def write_day(connection: psycopg.Connection, day: CalendarDay) -> None:
    """Write a day entered by a person, replacing the present one; we never overwrite it.

    Raises CalendarError if the source is empty or looks like one of ours.
    """
    source = unicodedata.normalize("NFC", day.source.strip())
    name = unicodedata.normalize("NFC", (day.name or "").strip()) or None
    if not source:
        raise CalendarError(f"Who says so of {day.day}? Name the source: the official notice, its number and date.")
    if source.startswith(SHIPPED.strip()):
        raise CalendarError(
            f'A source that begins with "{SHIPPED.strip()}" marks days that come with the program, which may '
            f"overwrite them. Name the source of {day.day} in other words."
        )
    connection.execute(
        """insert into working_day (day, working, name, source) values (%s, %s, %s, %s)
           on conflict (day) do update
               set working = excluded.working, name = excluded.name, source = excluded.source""",
        [day.day, day.working, name, source],
    )


def restore_day(connection: psycopg.Connection, day: date) -> CalendarDay:
    """Remove what a person entered for a day, and return the shipped day. Raises CalendarError."""
    with connection.transaction():
        deleted = connection.execute(
            "delete from working_day where day = %s and not starts_with(source, %s)", [day, SHIPPED]
        )
        if not deleted.rowcount:
            raise CalendarError(f"No person entered {day}: there is nothing to remove.")
        fill_days(connection, day, day)
        row = connection.execute("select day, working, name, source from working_day where day = %s", [day]).fetchone()
    return CalendarDay(*row or (day, False, None, ""))


def export_days(connection: psycopg.Connection, file: Path) -> int:
    """Write the special days to a CSV file with the columns of holiday_exceptions.csv, and return their number."""
    country, _ = _city(connection)
    days = special_days(connection)
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(_COLUMNS)
        writer.writerows((country, each.day, str(each.working).lower(), each.name or "", each.source) for each in days)
    return len(days)


def import_days(connection: psycopg.Connection, file: Path) -> tuple[int, int]:
    """Write the days of an exported file as entered by a person, all or none; return how many, and how many skipped.

    Days with a source of ours are skipped: they come with the program. Raises CalendarError with the line.
    """
    country, _ = _city(connection)
    written = left_out = 0
    seen: set[date] = set()
    with connection.transaction(), file.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.DictReader(opened)
        try:
            if rows.fieldnames != _COLUMNS:
                raise CalendarError(f"The first line must name the columns: {','.join(_COLUMNS)}.")
            for row in rows:
                day = _read(row, country)
                if day.day in seen:
                    raise CalendarError(f"{day.day} occurs twice.")
                seen.add(day.day)
                if day.source.startswith(SHIPPED):
                    left_out += 1
                else:
                    write_day(connection, day)
                    written += 1
        except (CalendarError, ValueError, csv.Error) as error:
            raise CalendarError(f"{file}, line {max(rows.line_num, 1)}: {error} Nothing was written.") from error
    return written, left_out


def _read(row: dict[str, str], country: str) -> CalendarDay:
    if None in row or None in row.values():
        raise CalendarError(f"The line must have {len(_COLUMNS)} fields.")
    if row["country"] != country:
        raise CalendarError(f"The day is one of {row['country']!r}, and the city lies in {country!r}.")
    if row["working"] not in {"true", "false"}:
        raise CalendarError(f"working is {row['working']!r}; write true or false.")
    try:
        day = date.fromisoformat(row["day"])
    except ValueError as error:
        raise CalendarError(f"{row['day']!r} is no day; write 2026-01-10.") from error
    return CalendarDay(day, row["working"] == "true", row["name"] or None, row["source"])


def _city(connection: psycopg.Connection) -> tuple[str, str | None]:
    city = connection.execute("select country, subdivision from city").fetchone()
    if city is None:
        raise CalendarError("The table city is empty: whose holidays are meant? Give it its one row.")
    return city[0], city[1]


def _calendar(country: str, subdivision: str | None, first: date, last: date) -> dict[date, _Day]:
    years = range(first.year, last.year + 1)
    try:
        # Named in the country's own language, independent of this machine's.
        language = holidays.country_holidays(country).default_language
        public = holidays.country_holidays(country, subdiv=subdivision, years=years, language=language)
    except NotImplementedError as error:
        place = f"{country}-{subdivision}" if subdivision else country
        raise CalendarError(
            f"No public holidays are known for {place}. Name a country by its ISO 3166-1 code and a subdivision by "
            "its ISO 3166-2 part, or leave the subdivision out."
        ) from error
    package = f"{SHIPPED}holidays {version('holidays')}"
    exceptions = _exceptions(country)
    calendar: dict[date, _Day] = {}
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if day in exceptions:
            calendar[day] = exceptions[day]
        elif day in public.weekend_workdays:
            calendar[day] = (True, None, package)
        elif day in public:
            calendar[day] = (False, public[day], package)
        else:
            calendar[day] = (day.weekday() < 5, None, f"{SHIPPED}Monday to Friday")
    return calendar


def _exceptions(country: str) -> dict[date, _Day]:
    with EXCEPTIONS.open(encoding="utf-8", newline="") as file:
        return {
            date.fromisoformat(row["day"]): (row["working"] == "true", row["name"], SHIPPED + row["source"])
            for row in csv.DictReader(file)
            if row["country"] == country
        }
