"""The reference data: the city, its areas, units, categories, channels, rules, calendar and notes."""

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import psycopg
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from reportdb.deadlines.calendars import fill_calendar
from reportdb.demo_city.boundaries import commune_cells
from reportdb.demo_city.seed_data import Place, english_name, facts, gazetteer, storms

DESK = "dieu-phoi"
CALENDAR_AHEAD = timedelta(days=800)  # the slowest report of the city ends within it
_SCHEMATIC = "Ranh giới giản lược, vẽ từ điểm và diện tích; không phải ranh giới chính thức"


def lay_ground(connection: psycopg.Connection, *, first: date, last: date) -> None:
    """Write everything except reports, for a city whose reports begin on the day `first` and end on `last`.

    Areas that already have a geometry keep it. Call it inside a transaction.
    """
    city = facts("city")["city"]
    connection.execute("delete from city")
    _insert(connection, "city", [city | {"demo": True}])
    connection.execute("delete from level_name")
    _insert(connection, "level_name", facts("city")["level"])
    fill_calendar(
        connection,
        country=city["country"],
        subdivision=None,
        first=date(first.year, 1, 1),
        last=last + CALENDAR_AHEAD,
    )
    areas = _lay_areas(connection)
    _lay_units(connection, areas)
    categories = facts("categories")["category"]
    columns = ("code", "name_vi", "name_en", "severity")
    _insert(
        connection,
        "category",
        [{"id": n} | {"severity": "normal"} | _only(each, columns) for n, each in enumerate(categories, 1)],
    )
    channels = facts("city")["channel"]
    _insert(
        connection,
        "channel",
        [{"id": n} | _only(each, ("code", "name_vi", "name_en")) for n, each in enumerate(channels, 1)],
    )
    _insert(
        connection,
        "feed",
        [
            {"channel_id": n, "expected_every": timedelta(minutes=each["every_minutes"])}
            for n, each in enumerate(channels, 1)
        ],
    )
    rules = [{"id": n, "clock": "working", "valid_to": None} | rule for n, rule in enumerate(facts("city")["rule"], 1)]
    _insert(connection, "deadline_rule", rules)
    _insert(connection, "note", _notes(first, last))


def _lay_areas(connection: psycopg.Connection) -> dict[tuple[str, str], int]:
    """Write the districts and communes; return the id of each (level, code)."""
    known = {
        (level, code): (identity, drawn)
        for level, code, identity, drawn in connection.execute(
            "select level, code, id, geometry is not null from area"
        ).fetchall()
    }
    taken = {identity for identity, _ in known.values()}
    reform = facts("city")["turns"]["reform"]
    geometry = _geometries()
    ids: dict[tuple[str, str], int] = {}
    rows = []
    for place in gazetteer():
        key = (place.level, place.code)
        wanted = int(place.code) + (100_000 if place.level == "ward" else 0)
        identity, drawn = known.get(key, (wanted, False))
        while key not in known and identity in taken:
            identity += 1_000_000
        ids[key] = identity
        rows.append(
            {
                "id": identity,
                "level": place.level,
                "code": place.code,
                "name_vi": place.name_vi,
                "name_en": place.name_en,
                "kind": place.kind,
                "parent_id": ids["district", place.main] if place.main else None,
                "population": place.population,
                "area_km2": place.area_km2,
                "lon": place.lon,
                "lat": place.lat,
                "geometry": None if drawn else json.dumps(geometry[key]),
                "schematic": not drawn,
                "attribution": None if drawn else _SCHEMATIC,
                "valid_from": None if place.level == "district" else reform,
                "valid_to": reform if place.level == "district" else None,
            }
        )
    facts_of_area = (
        "name_vi",
        "name_en",
        "kind",
        "parent_id",
        "population",
        "area_km2",
        "lon",
        "lat",
        "valid_from",
        "valid_to",
    )
    keep = ", ".join(f"{column} = excluded.{column}" for column in facts_of_area)
    drawn_anew = ", ".join(
        f"{column} = case when area.geometry is null then excluded.{column} else area.{column} end"
        for column in ("geometry", "schematic", "attribution")
    )
    _insert(connection, "area", rows, f"on conflict (level, code) do update set {keep}, {drawn_anew}")
    return ids


def _geometries() -> dict[tuple[str, str], dict[str, Any]]:
    """Return a schematic GeoJSON geometry for every (level, code)."""
    communes = [place for place in gazetteer() if place.level == "ward"]
    columns = (np.array([getattr(place, name) for place in communes]) for name in ("lon", "lat", "area_km2"))
    cells = commune_cells(*columns)
    drawn: dict[tuple[str, str], BaseGeometry] = {
        ("ward", place.code): cell for place, cell in zip(communes, cells, strict=True)
    }
    for code in sorted({place.main for place in communes}):
        own = [cell for place, cell in zip(communes, cells, strict=True) if place.main == code]
        drawn["district", code] = shapely.union_all(own)
    return {key: mapping(cell) for key, cell in drawn.items()}


def _lay_units(connection: psycopg.Connection, areas: dict[tuple[str, str], int]) -> None:
    """Write the units: the city's desk and departments, the districts' committees, and their communes' successors."""
    reform = facts("city")["turns"]["reform"]
    city_units = facts("city")["unit"]
    columns = ("code", "name_vi", "name_en", "kind", "valid_from", "valid_to")
    lasting = {"area_id": None, "parent_id": None, "valid_from": None, "valid_to": None}
    rows = [{"id": n} | lasting | _only(unit, columns) for n, unit in enumerate(city_units, 1)]
    ids = {row["code"]: row["id"] for row in rows}
    for place in gazetteer():
        ids[unit_code(place)] = identity = int(place.code) + (100_000 if place.level == "ward" else 1_000)
        rows.append(
            {
                "id": identity,
                "code": unit_code(place),
                "name_vi": f"UBND {place.full_name_vi[0].lower()}{place.full_name_vi[1:]}",
                "name_en": f"People's Committee of {english_name(place)}",
                "kind": "district" if place.level == "district" else "commune",
                "area_id": areas[place.level, place.code],
                "parent_id": None,
                "valid_from": None if place.level == "district" else reform,
                "valid_to": reform if place.level == "district" else None,
            }
        )
    _insert(connection, "unit", rows)
    successors = [(unit["code"], unit["successor"]) for unit in city_units if "successor" in unit]
    successors += [(f"q{code}", unit_code(place)) for place in gazetteer() for code in place.districts]
    _insert(connection, "unit_successor", [{"unit_id": ids[old], "successor_id": ids[new]} for old, new in successors])
    _insert(connection, "unit_head", [_head(row) for row in rows])


def _head(unit: dict[str, Any]) -> dict[str, Any]:
    """Return the head of a unit: a title, and a name that is marked as invented."""
    title_vi, title_en = {
        "city": ("Tổ trưởng", "Head of the desk"),
        "department": ("Giám đốc", "Director"),
        "utility": ("Tổng giám đốc", "General director"),
    }.get(unit["kind"], ("Chủ tịch", "Chair"))
    return {
        "unit_id": unit["id"],
        "name": "(tên minh họa)",
        "title_vi": title_vi,
        "title_en": title_en,
        "valid_from": unit.get("valid_from"),
        "valid_to": unit.get("valid_to"),
    }


def unit_code(place: Place) -> str:
    """Return the code of a place's People's Committee: q and the district's code, or p and the commune's."""
    return ("q" if place.level == "district" else "p") + place.code


def _notes(first: date, last: date) -> list[dict[str, Any]]:
    """Return the timeline's notes between two days: storms, Tết and the reform."""
    marks = [(storm.first, storm.words_vi, storm.words_en) for storm in storms(first, last)]
    marks += [(day, "Tết Nguyên đán", "Lunar New Year") for day in facts("city")["tet"]["days"]]
    reform = facts("city")["turns"]["reform"]
    marks.append((reform, "Bỏ cấp huyện: 126 xã, phường tiếp nhận", "District tier ends, communes take over"))
    return [
        {"day": day, "words_vi": vi, "words_en": en, "author": "demo"}
        for day, vi, en in sorted(marks)
        if first <= day <= last
    ]


def _only(row: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    return {column: row[column] for column in columns if column in row}


def _insert(connection: psycopg.Connection, table: str, rows: list[dict[str, Any]], conflict: str = "") -> None:
    """Insert rows with the same columns; table and column names come from our own code."""
    if not rows:
        return
    columns = list(rows[0])
    places = ", ".join(f"%({column})s" for column in columns)
    with connection.cursor() as cursor:
        cursor.executemany(f"insert into {table} ({', '.join(columns)}) values ({places}) {conflict}", rows)  # noqa: S608
