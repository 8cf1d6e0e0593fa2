"""The grid of areas says of every point what the boundaries say of it."""

import pickle

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reportdb.area_grid import AreaGrid

Places = NDArray[np.float64]


def directly(ids: NDArray[np.int32], polygons: NDArray[np.object_], lon: Places, lat: Places) -> list[int]:
    """Return what each boundary by itself says of each point."""
    found = []
    for x, y in zip(lon.tolist(), lat.tolist(), strict=True):
        point = shapely.Point(x, y) if np.isfinite(x) and np.isfinite(y) else None
        inside = [int(one) for one, area in zip(ids, polygons, strict=True) if point and area.intersects(point)]
        found.append(min(inside, default=0))
    return found


def star(seed: int, x: float, y: float, size: float) -> shapely.Geometry:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 25))
    far = rng.uniform(0.2, 1, 25) * size
    return shapely.make_valid(shapely.Polygon(np.column_stack((x + far * np.cos(angles), y + far * np.sin(angles)))))


_CITIES = st.lists(
    st.builds(star, st.integers(0, 10_000), st.floats(105, 106), st.floats(20.5, 21.5), st.floats(0.001, 0.5)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(areas=_CITIES, seed=st.integers(0, 10_000))
def test_the_grid_agrees_with_the_boundaries(areas: list[shapely.Geometry], seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.arange(1, len(areas) + 1)).astype(np.int32)
    polygons = np.array(areas, dtype=object)
    vertices = shapely.get_coordinates(polygons)
    middles = (vertices[1:] + vertices[:-1]) / 2
    near = vertices + rng.normal(0, 1e-9, vertices.shape)
    spread = rng.uniform((104.5, 20), (106.5, 22), (100, 2))
    points = np.concatenate((vertices, middles, near, spread, [[np.nan, 21], [105, np.nan], [np.inf, 21]]))
    lon, lat = points[:, 0], points[:, 1]
    grid = AreaGrid(ids, polygons, points_for_a_grid=0, side=32)
    expected = directly(ids, polygons, lon, lat)
    assert grid.locate(lon, lat).tolist() == expected
    assert AreaGrid(ids, polygons).locate(lon, lat).tolist() == expected
    assert pickle.loads(pickle.dumps(grid)).locate(lon, lat).tolist() == expected


def test_points_on_the_lines_of_the_grid_belong_to_their_areas() -> None:
    squares = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=object)
    ids = np.array([7, 3], dtype=np.int32)
    grid = AreaGrid(ids, squares, points_for_a_grid=0, side=32)
    west, south, width, height = (-2 / 30, -1 / 30, 2 / 30, 1 / 30)
    lines = np.arange(33, dtype=np.float64)
    lon, lat = west + lines * width, south + lines * height
    for y in (0.0, 0.25, 1.0, 1.0 + 1e-12):
        assert grid.locate(lon, np.full(33, y)).tolist() == directly(ids, squares, lon, np.full(33, y))
        assert grid.locate(np.full(33, y), lat).tolist() == directly(ids, squares, np.full(33, y), lat)


@pytest.mark.parametrize("points_for_a_grid", [0, 10])
def test_a_layer_without_areas_holds_no_point(points_for_a_grid: int) -> None:
    grid = AreaGrid(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=object), points_for_a_grid=points_for_a_grid)
    assert grid.locate(np.array([105.0]), np.array([21.0])).tolist() == [0]
