"""The point of a row, and the area its source names."""

import math

from reportdb.mapping.places import Location, PublishedArea
from reportdb.rows.row import Fields, Rejected, shown


def read_point(fields: Fields, location: Location) -> tuple[float, float] | tuple[None, None]:
    """Return longitude and latitude in degrees (WGS 84), or None twice. Raises Rejected."""
    degrees = []
    for column in (location.lon, location.lat):
        words = fields.value(column)
        try:
            degrees.append(float(words) if words else math.nan)
        except ValueError as error:
            raise Rejected(f"{column} {shown(words)} is no number", "coordinate is no number") from error
    lon, lat = degrees
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return None, None
    if any(abs(lon - x) <= location.tolerance and abs(lat - y) <= location.tolerance for x, y in location.nowhere):
        return None, None
    return lon, lat


def written_point(fields: Fields, location: Location) -> tuple[float, float] | None:
    """Return the two numbers of a row's point as they are written, longitude first; None if they are no numbers."""
    try:
        lon, lat = (float(fields.value(column) or "") for column in (location.lon, location.lat))
    except ValueError:
        return None
    return lon, lat


def read_published_area(fields: Fields, area: PublishedArea | None) -> str | None:
    """Return the source's word for an area, in its mapping's spelling, or None."""
    words = fields.value(area.column) if area else None
    if area is None or words is None or words in area.nothing:
        return None
    match = area.pattern.fullmatch(words) if area.pattern else None
    return match.expand(area.written) if match else words
