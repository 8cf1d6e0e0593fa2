"""Checks of places: boundaries can be drawn, points are in the city, and areas contain their points."""

import json
from collections.abc import Iterator

import numpy as np
import psycopg
import shapely
from psycopg import sql
from shapely.geometry.base import BaseGeometry

from reportdb.areas import Locator
from reportdb.check.damage import Finding, times

_SAMPLE = 5000  # reports whose area is looked up again
_FAR = 0.5  # degrees, some 50 km: no report of the city is farther away
_NEAR = 1e-4  # degrees, some 10 m: the tolerance of borders drawn by other means


def misplaced(connection: psycopg.Connection) -> Iterator[Finding]:
    """Yield malformed boundaries, points far away, and reports of a sample outside their area."""
    shapes, malformed = _boundaries(connection)
    if malformed:
        cure = "load the boundaries again with `areas load`, as GeoJSON Polygon or MultiPolygon in WGS 84"
        yield Finding("area", "geometry", f"cannot be drawn{times(len(malformed), malformed[0])}", cure)
    yield from _far_away(connection, shapes)
    if not malformed:
        for level in ("district", "ward"):
            yield from _in_another_area(connection, level, shapes)


def _boundaries(connection: psycopg.Connection) -> tuple[dict[int, BaseGeometry], list[str]]:
    """Return the boundaries by area, and what is wrong with the malformed ones."""
    shapes: dict[int, BaseGeometry] = {}
    malformed: list[str] = []
    for area, geometry in connection.execute("select id, geometry from area where geometry is not null order by id"):
        try:
            shape = shapely.from_geojson(json.dumps(geometry))
        except shapely.errors.GEOSException:
            malformed.append(f"area {area}: no GeoJSON")
            continue
        if shape.geom_type not in {"Polygon", "MultiPolygon"} or shape.is_empty:
            malformed.append(f"area {area}: no polygon")
        elif not (np.abs(shape.bounds) <= [180, 90, 180, 90]).all():
            malformed.append(f"area {area}: not in degrees")
        elif not shape.is_valid:
            malformed.append(f"area {area}: {shapely.is_valid_reason(shape)}")
        else:
            shapes[area] = shape
    return shapes, malformed


def _far_away(connection: psycopg.Connection, shapes: dict[int, BaseGeometry]) -> Iterator[Finding]:
    points = connection.execute("select lon, lat from area where lon is not null").fetchall()
    if not shapes and not points:
        return
    west, south, east, north = shapely.total_bounds([*shapes.values(), *map(shapely.Point, points)])
    around = {"west": west - _FAR, "south": south - _FAR, "east": east + _FAR, "north": north + _FAR}
    swapped, far, first_swapped, first_far = connection.execute(
        """with outside as (
               select id, lat between %(west)s and %(east)s and lon between %(south)s and %(north)s as swapped
               from report
               where not (lon between %(west)s and %(east)s and lat between %(south)s and %(north)s))
           select count(*) filter (where swapped), count(*) filter (where not swapped),
               min(id) filter (where swapped), min(id) filter (where not swapped)
           from outside""",
        around,
    ).fetchone() or (0, 0, None, None)
    if swapped:
        wrong = f"longitude and latitude are swapped{times(swapped, f'report {first_swapped}')}"
        cure = (
            "exchange columns.lon and columns.lat of the mapping and import again; of reports that no import brought, "
            "update report set lon = lat, lat = lon"
        )
        yield Finding("report", "lon, lat", wrong, cure)
    if far:
        cure = "correct the coordinates, or empty both where the place is not known"
        yield Finding("report", "lon, lat", f"far outside the city{times(far, f'report {first_far}')}", cure)


def _in_another_area(connection: psycopg.Connection, level: str, shapes: dict[int, BaseGeometry]) -> Iterator[Finding]:
    """Look up a sample of reports again, spread evenly over all that have a point.

    If the source named the area, the point must be in none.
    """
    column = f"{level}_id"
    sample = connection.execute(
        sql.SQL(
            """select id, lon, lat, case when {from_source} then 0 else coalesce({area_id}, 0) end
               from report left join report_source on report_id = id
               where lon is not null
               and mod(id, greatest((select count(*) from report) / %s, 1)) = 0 order by id limit %s"""
        ).format(area_id=sql.Identifier(column), from_source=sql.Identifier(f"{level}_from_source")),
        [_SAMPLE, _SAMPLE],
    ).fetchall()
    if not sample:
        return
    report, lon, lat, given = map(np.array, zip(*sample, strict=True))
    found = Locator(connection).locate(lon, lat)[level == "ward"]
    wrong = [
        n
        for n in np.flatnonzero(found != given)
        if given[n] not in shapes or shapes[given[n]].distance(shapely.Point(lon[n], lat[n])) > _NEAR
    ]
    if wrong:
        hit = times(len(wrong), f"report {report[wrong[0]]}")
        cure = f"load the {level}s' boundaries again with `areas load`: that locates all reports again"
        yield Finding("report", column, f"the point lies in another {level}, of {len(sample)} looked up{hit}", cure)
