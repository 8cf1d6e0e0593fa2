"""Which area of a layer a point lies in: by a grid, and by the boundaries themselves only near them."""

import numpy as np
import shapely
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Degrees = NDArray[np.float64]

_SIDE = 512  # squares along each side of the grid: beyond that, it takes longer to make than it saves
_MIXED = -1  # a boundary passes through the square
_SLACK = 1e-6  # of a square's side, by which it is taken larger than it is: rounding puts a point into the next one
_POINTS_FOR_A_GRID = 200_000  # fewer are found sooner without


class AreaGrid:
    """The areas of a layer, which may overlap. A point on a border belongs to the area with the lowest id.

    The grid is made once it pays: after so many points. It is not carried over when the layer is pickled.
    """

    def __init__(
        self, ids: Ids, polygons: NDArray[np.object_], *, points_for_a_grid: int = _POINTS_FOR_A_GRID, side: int = _SIDE
    ) -> None:
        order = np.argsort(ids, kind="stable")
        self._ids, self._polygons = ids[order], polygons[order]
        self._points_for_a_grid, self._points, self._side = points_for_a_grid, 0, side
        self._squares: NDArray[np.int32] | None = None
        self._bounds = (0.0, 0.0, 1.0, 1.0)
        shapely.prepare(self._polygons)

    def __getstate__(self) -> dict[str, object]:
        return vars(self) | {"_squares": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        shapely.prepare(self._polygons)

    def locate(self, lon: Degrees, lat: Degrees) -> Ids:
        """Return the id of the area each point (degrees, WGS 84) lies in; 0 where it lies in none or is NaN."""
        found = np.zeros(len(lon), dtype=np.int32)
        somewhere = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        self._points += len(somewhere)
        if not len(self._ids) or not len(somewhere):
            return found
        if self._squares is None and self._points >= self._points_for_a_grid:
            self._make_grid()
        if self._squares is None:
            found[somewhere] = self._exactly(lon[somewhere], lat[somewhere])
            return found
        west, south, width, height = self._bounds
        column = np.floor((lon[somewhere] - west) / width)
        row = np.floor((lat[somewhere] - south) / height)
        inside = (column >= 0) & (column < self._side) & (row >= 0) & (row < self._side)
        somewhere = somewhere[inside]
        found[somewhere] = self._squares[(row[inside] * self._side + column[inside]).astype(np.int64)]
        near = somewhere[found[somewhere] == _MIXED]
        found[near] = self._exactly(lon[near], lat[near])
        return found

    def _exactly(self, lon: Degrees, lat: Degrees) -> Ids:
        # The tree holds the points, because a query prepares its argument: that should be the polygons.
        points = shapely.STRtree(np.asarray(shapely.points(lon, lat), dtype=object))
        polygon, point = points.query(self._polygons, predicate="intersects")
        found = np.zeros(len(lon), dtype=np.int32)
        # The last assignment to a point wins, so the lowest id is assigned last.
        found[point[::-1]] = self._ids[polygon[::-1]]
        return found

    def _make_grid(self) -> None:
        """Note of each square which area it lies in, if it lies in one or in none as a whole."""
        west, south, east, north = shapely.total_bounds(self._polygons)
        # A square wider than the areas on each side, so that their outermost borders lie inside.
        width, height = max(east - west, 1e-9) / (self._side - 2), max(north - south, 1e-9) / (self._side - 2)
        west, south = west - width, south - height
        self._bounds = west, south, width, height
        row, column = np.divmod(np.arange(self._side * self._side), self._side)
        squares = shapely.box(
            west + (column - _SLACK) * width,
            south + (row - _SLACK) * height,
            west + (column + 1 + _SLACK) * width,
            south + (row + 1 + _SLACK) * height,
        )
        tree = shapely.STRtree(squares)
        whole = np.zeros(self._side * self._side, dtype=np.int32)
        polygon, square = tree.query(self._polygons, predicate="intersects")
        order = np.lexsort((square, polygon))[::-1]  # of areas that overlap the first, assigned last
        whole[square[order]] = self._ids[polygon[order]]
        _, crossed = tree.query(shapely.boundary(self._polygons), predicate="intersects")
        whole[crossed] = _MIXED
        self._squares = whole
