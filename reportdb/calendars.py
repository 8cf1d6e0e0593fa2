"""The calendar of working days: the ordinary week, public holidays, and official exceptions to both."""

import csv
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import holidays
import psycopg

from reportdb.working_time import CalendarError

EXCEPTIONS = Path(__file__).with_name("holiday_exceptions.csv")
# What we filled in, and may fill in anew; a row with any other source was written by a person.
_OURS = "shipped: "

_Day = tuple[bool, str | None, str]  # whether it is worked, its name, who says so


def fill_calendar(
    connection: psycopg.Connection, *, country: str, subdivision: str | None, first: date, last: date
) -> None:
    """Fill working_day from `first` to `last`, and office_hours if it is empty.

    Monday to Friday are worked unless the `holidays` package knows a public holiday of the country (and subdivision,
    ISO 3166) or a swapped day; the official exceptions of holiday_exceptions.csv come last. Days whose source is not
    ours are kept. The office hours are an assumption and say so. Raises CalendarError for an unknown country.
    """
    days = _calendar(country, subdivision, first, last)
    with connection.transaction():
        connection.execute(
            """insert into working_day (day, working, name, source)
               select * from unnest(%s::date[], %s::boolean[], %s::text[], %s::text[])
               on conflict (day) do update
                   set working = excluded.working, name = excluded.name, source = excluded.source
                   where starts_with(working_day.source, %s)""",
            [list(days), *([row[n] for row in days.values()] for n in range(3)), _OURS],
        )
        connection.execute(
            """insert into office_hours (valid_from, opens, closes, source, confirmed)
               select date '1900-01-01', opens, closes, 'assumption: the usual hours of offices', false
               from (values (time '08:00', time '12:00'), ('13:00', '17:00')) as usual (opens, closes)
               where not exists (select from office_hours)"""
        )


def _calendar(country: str, subdivision: str | None, first: date, last: date) -> dict[date, _Day]:
    years = range(first.year, last.year + 1)
    try:
        # Named in the country's own language, whatever this machine's is.
        language = holidays.country_holidays(country).default_language
        public = holidays.country_holidays(country, subdiv=subdivision, years=years, language=language)
    except NotImplementedError as error:
        place = f"{country}-{subdivision}" if subdivision else country
        raise CalendarError(
            f"No public holidays are known for {place}. Name a country by its ISO 3166-1 code and a subdivision by "
            "its ISO 3166-2 part, or leave the subdivision out."
        ) from error
    package = f"{_OURS}holidays {version('holidays')}"
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
            calendar[day] = (day.weekday() < 5, None, f"{_OURS}Monday to Friday")
    return calendar


def _exceptions(country: str) -> dict[date, _Day]:
    with EXCEPTIONS.open(encoding="utf-8", newline="") as file:
        return {
            date.fromisoformat(row["day"]): (row["working"] == "true", row["name"], _OURS + row["source"])
            for row in csv.DictReader(file)
            if row["country"] == country
        }
