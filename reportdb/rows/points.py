"""The point of a row: columns of numbers, or one column that holds both."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reportdb.mapping.places import Location, PublishedArea
from reportdb.mapping.projection import point_to_degrees
from reportdb.rows.degrees import number
from reportdb.rows.row import Fields, Place

_NUMBER = r"""["']?\s?([-+]?\d[\d.eE+-]*)"""
_WKT = re.compile(rf"POINT ?(?:Z|M|ZM)? ?\( ?{_NUMBER} {_NUMBER}[^()]*\)", re.IGNORECASE)
_GEOJSON = re.compile(rf"""["']coordinates["'] ?: ?\[ ?{_NUMBER}["']? ?, ?{_NUMBER}""")
_NAMED_LAT = re.compile(rf"""\b(?:latitude|lat|y)["']? ?[:=] ?{_NUMBER}""", re.IGNORECASE)
_NAMED_LON = re.compile(rf"""\b(?:longitude|long|lng|lon|x)["']? ?[:=] ?{_NUMBER}""", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]] ?$")  # also at the end of an address
_SEPARATORS = (re.compile(r" ?[;|] ?"), re.compile(r" ?, | ,"), re.compile(r" "), re.compile(r","))
_LONGEST = 2000  # characters of a point with its address

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


class Point(NamedTuple):
    """The point of a row, in degrees (WGS 84) if it has one."""

    lon: float | None
    lat: float | None
    place: Place
    written: tuple[float, float] | None = None


_NONE = Point(None, None, "no point")


def read_point(fields: Fields, location: Location) -> Point:
    """Return the point of a row; what cannot be read is noted and counts as no point."""
    if location.column is not None:
        words = fields.value(location.column)
        if words is None:
            return _NONE
        pair = interpret_pair(words, location)
        if pair is None:
            fields.note(f"{location.column} is no point as the mapping writes it", location.column)
            return _NONE
        return _placed(fields, *pair, location, location.column)
    if location.lon is None or location.lat is None:
        return _NONE
    lon = _coordinate(fields, location.lon, location, "EW")
    lat = _coordinate(fields, location.lat, location, "NS")
    if lon is None or lat is None:
        if (fields.value(location.lon) is None) != (fields.value(location.lat) is None):
            blank = location.lon if fields.value(location.lon) is None else location.lat
            fields.note(f"{blank} is blank beside the other coordinate", blank)
        return _NONE
    return _placed(fields, lon, lat, location, location.lon)


def _coordinate(fields: Fields, column: str, location: Location, letters: str) -> float | None:
    words = fields.value(column)
    if words is None:
        return None
    read = number(words, location.decimal, letters)
    if read is None:
        fields.note(f"{column} is no number", column)
    return read


def _placed(fields: Fields, x: float, y: float, location: Location, column: str) -> Point:
    point = place_of(x, y, location)
    if point.place == "not degrees":
        fields.note(f"{column} is beyond the degrees of the earth", column)
    return point


def place_of(x: float, y: float, location: Location) -> Point:
    """Return the point of two numbers as the source writes them: longitude and latitude, or easting and northing.

    0, 0 is what programs write for "none"; no city lies there.
    """
    near = location.tolerance
    if not (x or y):
        return Point(None, None, "nowhere", (x, y))
    for nowhere_x, nowhere_y in location.nowhere:
        if abs(x - nowhere_x) <= near and abs(y - nowhere_y) <= near:
            return Point(None, None, "nowhere", (x, y))
    lon, lat = (x, y) if location.epsg is None else point_to_degrees(location.epsg, x, y)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return Point(None, None, "not degrees", (x, y))
    return Point(lon, lat, "located", (x, y))


def interpret_pair(words: str, location: Location) -> tuple[float, float] | None:
    """Return longitude and latitude (or easting and northing) written in one value, or None if it holds no point.

    WKT, GeoJSON and named coordinates say themselves which is which; a bare pair is in the order of `location.form`.
    """
    if len(words) > _LONGEST:
        return None
    words = " ".join(words.split())
    if found := _WKT.search(words) or _GEOJSON.search(words):
        return _both(number(found[1], "."), number(found[2], "."))
    if (lat := _NAMED_LAT.search(words)) and (lon := _NAMED_LON.search(words)):
        return _both(number(lon[1], "."), number(lat[1], "."))
    if location.form not in {"lat, lon", "lon, lat"}:
        return None
    bracketed = _IN_BRACKETS.search(words)
    for first, second in _pairs((bracketed[1] if bracketed else words).strip()):
        x, y = (second, first) if location.form == "lat, lon" else (first, second)
        if pair := _both(number(x, location.decimal, "EW"), number(y, location.decimal, "NS")):
            return pair
    return None


def _both(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    return None if lon is None or lat is None else (lon, lat)


def _pairs(words: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to divide a value into two numbers, the surest first."""
    for separator in _SEPARATORS:
        parts = separator.split(words)
        if len(parts) == 2:
            yield parts[0], parts[1]
    parts = words.split(",")
    if len(parts) == 4:  # two numbers with decimal commas, and a comma between them
        yield ",".join(parts[:2]), ",".join(parts[2:])


def inside(points: Iterable[tuple[float, float]], box: Box, location: Location, *, exchanged: bool = False) -> int:
    """Return how many points, as the source writes them, lie in a box (west, south, east, north, in degrees).

    `exchanged` reads each as if the source had exchanged longitude and latitude.
    """
    west, south, east, north = box
    count = 0
    for x, y in points:
        point = place_of(y, x, location) if exchanged else place_of(x, y, location)
        if point.lon is not None and point.lat is not None:
            count += west <= point.lon <= east and south <= point.lat <= north
    return count


def written_point(fields: Fields, location: Location) -> tuple[float, float] | None:
    """Return the two numbers of a row's point as they are written, longitude first; None if they are no numbers."""
    try:
        lon, lat = (float(fields.value(column) or "") for column in (location.lon, location.lat))
    except ValueError:
        return None
    return lon, lat


def read_published_area(fields: Fields, area: PublishedArea | None) -> str | None:
    """Return the source's word for an area, in its mapping's spelling, or None."""
    return area.meaning(fields.value(area.column)) if area else None
