"""Schematic boundaries, computed from each commune's point and area alone.

The communes are the cells of a power diagram: a point of the city belongs to the commune with the smallest squared
distance minus weight. The weights are fitted until each cell is about as large as its commune. A former district is the
union of the communes that are mainly in it, so communes across two districts are not split.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

_KM_PER_DEGREE = 111.32
_ROUNDS = 100
_NEAREST = 24  # candidate cells for a point of the city
_SAMPLES = 60  # sample points for one commune's area


def commune_cells(lon: Floats, lat: Floats, area_km2: Floats) -> list[Polygon]:
    """Return a polygon (WGS 84, 5 decimals) for each commune, in order: no gaps, no overlaps, areas about `area_km2`.

    `lon` and `lat` are the communes' points in degrees.
    """
    squeeze = np.cos(np.radians(lat.mean()))
    scale = np.array([_KM_PER_DEGREE * squeeze, _KM_PER_DEGREE])
    origin = np.array([lon.mean(), lat.mean()])
    points = (np.column_stack([lon, lat]) - origin) * scale
    outline = _outline(points, area_km2)
    weights = _fit_weights(points, area_km2, outline)
    cells = [outline.intersection(cell) for cell in _power_cells(points, weights, outline)]
    # A cell that the outline cuts in two keeps its larger part; the rest goes to the neighbour with the longest border.
    parts = [sorted(_polygons(cell), key=lambda part: part.area) for cell in cells]
    whole = [part.pop() for part in parts]
    for crumb in (crumb for rest in parts for crumb in rest):
        shared = [crumb.intersection(cell).length for cell in whole]
        best = int(np.argmax(shared))
        whole[best] = _polygons(shapely.union_all([whole[best], crumb]))[0]
    return [shapely.transform(cell, lambda corner: np.round(corner / scale + origin, 5)) for cell in whole]


def _outline(points: Floats, area_km2: Floats) -> Polygon:
    """Return a smooth outline of the city: its communes as discs, merged, as large as all of them."""
    discs = shapely.buffer(shapely.points(points), np.sqrt(area_km2 / np.pi) * 1.2)
    city = shapely.union_all(discs).buffer(6).buffer(-6)
    city = Polygon(max(_polygons(city), key=lambda part: part.area).exterior)
    low, high = -5.0, 5.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if city.buffer(middle).area < area_km2.sum() else (low, middle)
    rim = max(_polygons(city.buffer(low)), key=lambda part: part.area).exterior
    return Polygon(shapely.get_coordinates(rim.simplify(0.15)))


def _fit_weights(points: Floats, area_km2: Floats, outline: Polygon) -> Floats:
    """Return the weights (km²) whose cells approach the areas, measured on sample points.

    The points are as dense as the nearest commune is small. An area grows with its own weight at a dimensionless rate
    near 1 in any diagram of compact cells, so the missing area itself is a good step.
    """
    samples, share = _strew(points, area_km2, outline)
    squared = ((samples[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    nearest = np.argpartition(squared, _NEAREST, axis=1)[:, :_NEAREST]
    squared = np.take_along_axis(squared, nearest, axis=1)
    rows = np.arange(len(samples))
    weights = np.zeros(len(points))
    target = area_km2 * share.sum() / area_km2.sum()
    for _ in range(_ROUNDS):
        owner = nearest[rows, np.argmin(squared - weights[nearest], axis=1)]
        missing = target - np.bincount(owner, share, len(points))
        weights += 0.3 * np.clip(missing, -target, target)
        weights -= weights.mean()
    return weights


def _strew(points: Floats, area_km2: Floats, outline: Polygon) -> tuple[Floats, Floats]:
    """Return sample points of the city (km) and the area (km²) of each, by splitting squares until fine enough."""
    west, south, east, north = outline.bounds
    side = 8.0
    x, y = np.meshgrid(np.arange(west, east, side) + side / 2, np.arange(south, north, side) + side / 2)
    squares = np.column_stack([x.ravel(), y.ravel()])
    kept, shares = [], []
    while len(squares):
        squared = ((squares[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
        near = np.sqrt(squared) < np.sqrt(area_km2)[None, :] + side
        wanted = np.where(near, area_km2[None, :], np.inf).min(axis=1)
        fine = side**2 <= np.where(np.isinf(wanted), 60, wanted) / _SAMPLES
        kept.append(squares[fine])
        shares.append(np.full(fine.sum(), side**2))
        side /= 2
        quarters = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * side / 2
        squares = (squares[~fine][:, None, :] + quarters[None, :, :]).reshape(-1, 2)
    samples, share = np.concatenate(kept), np.concatenate(shares)
    inside = shapely.contains_xy(outline, samples)
    return samples[inside], share[inside]


def _power_cells(points: Floats, weights: Floats, outline: Polygon) -> list[Polygon]:
    """Return each point's cell before the outline cuts it: the city's box, cut by the line to every other point."""
    west, south, east, north = outline.buffer(1).bounds
    box = np.array([[west, south], [east, south], [east, north], [west, north]])
    cells = []
    for own, weight in zip(points, weights, strict=True):
        towards = points - own
        # Beyond offset·x = limit the other point is nearer in the power diagram.
        limits = ((points**2).sum(axis=1) - weights - (own @ own - weight)) / 2
        corners = box
        for other in np.argsort((towards**2).sum(axis=1) - weights):
            if towards[other].any():
                corners = _cut(corners, towards[other], limits[other])
        cells.append(Polygon(corners))
    return cells


def _cut(corners: Floats, normal: Floats, limit: float) -> Floats:
    """Return the part of a convex polygon where normal·x is at most `limit`."""
    beyond = corners @ normal - limit
    if (beyond <= 0).all():
        return corners
    following, beyond_following = np.roll(corners, -1, axis=0), np.roll(beyond, -1)
    crosses = (beyond <= 0) != (beyond_following <= 0)
    part = beyond / np.where(crosses, beyond - beyond_following, 1)
    crossing = corners + part[:, None] * (following - corners)
    both = np.stack([corners, crossing], axis=1).reshape(-1, 2)
    kept: Floats = both[np.column_stack([beyond <= 0, crosses]).ravel()]
    return kept


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(shape) if isinstance(part, Polygon) and part.area > 0]
