"""What an import knows of the city besides its reports: its names, its boundaries, its calendar."""

from datetime import datetime
from pathlib import Path

import psycopg

from reportdb.areas import locate_reports, store_boundaries
from reportdb.boundary_file import AreasError, read_boundaries
from reportdb.deadlines.calendars import fill_calendar, swaps_days, write_hours
from reportdb.deadlines.working_time import CalendarError
from reportdb.importer.merging import days_spoken_of
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping


def claim_city(connection: psycopg.Connection, mapping: Mapping) -> None:
    """Set the database's city to the mapping's, or refuse if it holds another; update what the mapping says of it."""
    city = mapping.city
    row = connection.execute("select code, name_en, demo from city").fetchone()
    code, name, demo = row or (city.code, city.name_en, False)
    if demo or code != city.code:
        raise ImportFailure(
            f"This database holds {'the demo city' if demo else name}, and the file is of {city.name_en}. "
            "Name another database with --data or --database. Nothing was imported."
        )
    if row is None:
        usual = {
            "languages": city.languages or (("vi", "en") if city.country == "VN" else ("en", "vi")),
            "swapped_days": swaps_days(city.country) if city.swapped_days is None else city.swapped_days,
        }
        connection.execute(
            """insert into city (code, name_vi, name_en, time_zone, country, subdivision, attribution, languages,
                   swapped_days)
               values (%(code)s, %(name_vi)s, %(name_en)s, %(time_zone)s, %(country)s, %(subdivision)s,
                       %(attribution)s, %(languages)s, %(swapped_days)s)""",
            vars(city) | {word: list(value) if isinstance(value, tuple) else value for word, value in usual.items()},
        )
    else:
        connection.execute(
            """update city set languages = coalesce(%s, languages), swapped_days = coalesce(%s, swapped_days)""",
            [list(city.languages) if city.languages else None, city.swapped_days],
        )
    for names in mapping.level_names:
        connection.execute(
            """insert into level_name (level, one_vi, many_vi, one_en, many_en)
               values (%(level)s, %(one_vi)s, %(many_vi)s, %(one_en)s, %(many_en)s)
               on conflict (level) do update
                   set one_vi = excluded.one_vi, many_vi = excluded.many_vi, one_en = excluded.one_en,
                       many_en = excluded.many_en""",
            vars(names),
        )


def load_layers(connection: psycopg.Connection, mapping: Mapping, folder: Path, at: datetime) -> None:
    """Load the mapping's boundaries for levels without any; other boundaries are kept."""
    drawn = {level for (level,) in connection.execute("select level from area where geometry is not null")}
    for layer in mapping.layers:
        if layer.level in drawn:
            continue
        try:
            areas = read_boundaries(
                folder / layer.file,
                code=layer.code,
                name=layer.name,
                named_vi=layer.named_vi,
                named_en=layer.named_en,
                no_areas=layer.no_areas,
            )
        except AreasError as error:
            raise ImportFailure(
                f"The mapping's boundaries cannot be used: {error} Name their folder with --boundaries. "
                "Nothing was imported."
            ) from error
        store_boundaries(connection, areas, level=layer.level, attribution=layer.attribution)
        locate_reports(connection, level=layer.level, at=at)


def fill_city_calendar(connection: psycopg.Connection, mapping: Mapping) -> None:
    """Write the mapping's working hours, and fill the calendar for every day that the rows' deadlines need."""
    city, hours = mapping.city, mapping.working_hours
    if hours:
        write_hours(connection, hours.valid_from, hours.spans, source=hours.source, confirmed=hours.confirmed)
    if days := days_spoken_of(connection):
        try:
            fill_calendar(connection, country=city.country, subdivision=city.subdivision, first=days[0], last=days[1])
        except CalendarError as error:
            raise ImportFailure(f"The calendar cannot be filled: {error} Nothing was imported.") from error
