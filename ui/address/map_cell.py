"""A square of the map as a filter: in the address (`bbox`: west, south, east, north in degrees) and in words."""

import math
from collections.abc import Iterable

from queries.engine.filters import Square
from ui.base.i18n import _, number

WORD = "bbox"
"""Its parameter in the address, named as in GeoJSON."""

_STEPS = 1000  # a square's sides lie on thousandths of a degree
_LARGEST = 10_000  # cells; in the coarsest grid far north a square has half as many


def read(written: Iterable[str]) -> Square:
    """Read a square from an address; empty if there is none. Raises ValueError if it is not a square of our grids."""
    words = next(iter(written), "")
    if not words:
        return ()
    try:
        degrees = [float(word) for word in words.split(",")]
    except ValueError:  # replaces Python's own message
        raise ValueError(words) from None
    if len(degrees) != 4 or not all(map(math.isfinite, degrees)):
        raise ValueError(words)
    west, south, east, north = (round(degree * _STEPS) for degree in degrees)
    if not (-180_000 <= west < east <= 180_000 and -90_000 <= south < north <= 90_000):
        raise ValueError(words)
    if (east - west) * (north - south) > _LARGEST:
        raise ValueError(words)
    return west, south, east, north


def around(lon: float, lat: float, wide: int, high: int) -> str:
    """Return the grid square that contains a place, as an address writes it; its sides in thousandths of a degree.

    The grid is that of queries.map.
    """
    west = math.floor((lon + 180) * _STEPS / wide) * wide - 180_000
    south = math.floor((lat + 90) * _STEPS / high) * high - 90_000
    return ",".join(f"{side / _STEPS:.3f}" for side in (west, south, west + wide, south + high))


def in_words(square: Square) -> str:
    """Return a square as words in the viewer's language."""
    west, south, east, north = (number(side / _STEPS, 3) for side in square)
    return _("latitude {south} to {north}, longitude {west} to {east}", south=south, north=north, west=west, east=east)


def corners(square: Square) -> list[list[float]]:
    """Return a square's corners, longitude and latitude in degrees."""
    west, south, east, north = (side / _STEPS for side in square)
    return [[west, south], [east, south], [east, north], [west, north]]
