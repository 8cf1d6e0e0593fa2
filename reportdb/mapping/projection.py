"""Projected coordinates in degrees. pyproj is imported only for a mapping that names a coordinate system."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyproj import Transformer

Degrees = tuple[NDArray[np.float64], NDArray[np.float64]]


def is_known(epsg: int) -> bool:
    """Return whether coordinates of this EPSG code can be written as longitude and latitude."""
    from pyproj.exceptions import ProjError

    try:
        return _transformer(epsg) is not None
    except ProjError:
        return False


def to_degrees(epsg: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> Degrees:
    """Return longitudes and latitudes (WGS 84) of eastings and northings in the unit of their system.

    Points beyond its reach become infinite.
    """
    lon, lat = _transformer(epsg).transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def point_to_degrees(epsg: int, x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of one point, like `to_degrees`."""
    lon, lat = _transformer(epsg).transform(x, y)
    return float(lon), float(lat)


@cache
def _transformer(epsg: int) -> "Transformer":
    """Return the way to degrees. Raises ProjError for an unknown code, or one without a way that is known."""
    from pyproj import Transformer

    return Transformer.from_crs(epsg, 4326, always_xy=True, allow_ballpark=False)
