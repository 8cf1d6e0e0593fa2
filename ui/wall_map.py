"""The wall's map: areas in the colour of their overdue share, the urgent reports, and what came in just now, as SVG.

Nobody clicks on a wall, so the map needs no code in the browser: it is sharp on any screen and costs a few kilobytes.
"""

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Any

import pandas as pd
from cachetools import TTLCache, cached

from queries import map as map_queries
from queries.database import ReportDatabase
from queries.figures import Dimension, figures
from queries.ranking import FEWEST_OPEN
from queries.urgent import newest, urgent
from ui.map_data import around, fitting
from ui.map_routes import ARRIVED_WITHIN, drawn_areas
from ui.map_scale import Scale, crowd_bounds, scale, step_words, values
from ui.plain_ground import drawn_level
from ui.viewing import Viewing
from ui.words import language, name, percent

_HIGH, _WIDEST = 1000.0, 1150.0  # units of the drawing: it is that high, or that wide and lower
_TYPE = 29.0  # units; with the map at 77 hundredths of the screen's height, 2.2 hundredths of it
_LETTER = 0.52  # how wide a letter is, of its height
_MOST_URGENT = 400
_MOST_ARRIVALS = 200
_NAMED = 3


@dataclass(frozen=True)
class Plan:
    """Where the degrees of a city lie on the drawing, and how large that is, in units."""

    west: float
    north: float
    east_scale: float
    north_scale: float
    wide: float
    high: float

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Return the place of a point, in units from the upper left corner."""
        return round((lon - self.west) * self.east_scale, 1), round((self.north - lat) * self.north_scale, 1)

    def holds(self, x: float, y: float) -> bool:
        """Say whether a place lies on the drawing."""
        return 0 <= x <= self.wide and 0 <= y <= self.high


def wall_map(seen: Viewing, wanted: Dimension) -> dict[str, Any] | None:
    """Return the map ready to draw, with what its colours and marks mean.

    Of the level that is wanted, or another whose boundaries are known; without any, the open reports in squares. None
    where no report has a place. Raises DatabaseAway.
    """
    level = drawn_level(seen.reports, wanted)
    if level is None:
        return _plain(seen)
    shapes = drawn_areas(seen.reports, level)
    table = figures(seen.reports, seen.filters, by=level)
    if seen.filters.districts:  # of the wards, those that have reports there
        keys_there = seen.filters.districts if level == "district" else table["key"].dropna()
        shapes = shapes[shapes["key"].isin(keys_there)]
    if shapes.empty:
        return None
    keys = tuple(int(key) for key in shapes["key"])
    plan, paths = _ground(seen.reports, level, keys)
    found = values(table, shapes.set_index("key")["population"], "overdue")
    steps = scale("overdue", found)
    return _marks(seen, plan) | {
        "plan": plan,
        "measure": "overdue",
        "type": _TYPE,
        "areas": [
            {"path": path, "step": -1 if pd.isna(found[key]) else steps.step(found[key])}
            for key, path in zip(keys, paths, strict=True)
        ],
        "squares": [],
        "labels": list(_labels(shapes, plan, table)),
        "legend": list(enumerate(step_words(steps, language()))),
        "schematic": bool(shapes["schematic"].any()),
    }


def _plain(seen: Viewing) -> dict[str, Any] | None:
    """Return the map of a city without boundaries: squares by how many open reports lie in each, framed on all."""
    extent = map_queries.extent(seen.reports, seen.filters)
    if extent is None:
        return None
    plan = _plan(*extent)
    wide, high = map_queries.grid(seen.reports)
    table = map_queries.squares(seen.reports, seen.filters, figure="open")
    steps = Scale("backlog", crowd_bounds(table["reports"]))
    east, north = wide / 1000, high / 1000
    west_end, south_end, east_end, north_end = extent
    inside = table[table["lon"].between(west_end, east_end) & table["lat"].between(south_end, north_end)]
    return _marks(seen, plan) | {
        "plan": plan,
        "measure": "backlog",
        "type": _TYPE,
        "areas": [],
        "squares": [
            {
                "x": plan.place(square["lon"] - east / 2, square["lat"] + north / 2)[0],
                "y": plan.place(square["lon"] - east / 2, square["lat"] + north / 2)[1],
                "wide": round(east * plan.east_scale, 1),
                "high": round(north * plan.north_scale, 1),
                "step": steps.step(square["reports"]),
            }
            for square in inside.to_dict("records")
        ],
        "labels": [],
        "legend": list(enumerate(step_words(steps, language()))),
        "schematic": False,
    }


def _marks(seen: Viewing, plan: Plan) -> dict[str, Any]:
    """Return the urgent reports and those that just came in, where they lie on the drawing, and how many there are."""
    cases, count = urgent(seen.reports, seen.filters, order="worklist", limit=_MOST_URGENT)
    since = seen.filters.at - ARRIVED_WITHIN
    arrivals = newest(seen.reports, seen.filters.since(since), limit=_MOST_ARRIVALS)
    marked = [
        (*plan.place(case["lon"], case["lat"]), case["state"] == "overdue")
        for case in cases.dropna(subset=["lon", "lat"]).to_dict("records")
    ]
    came = [plan.place(*place) for place in arrivals[["lon", "lat"]].dropna().to_numpy()]
    return {
        "urgent": [mark for mark in marked if plan.holds(*mark[:2])],
        "urgent_count": count,
        "arrivals": [place for place in came if plan.holds(*place)],
        "arrived": len(arrivals),
    }


@cached(TTLCache(16, 600), key=lambda reports, level, keys: (id(reports), level, keys), lock=threading.Lock())
def _ground(reports: ReportDatabase, level: str, keys: tuple[int, ...]) -> tuple[Plan, list[str]]:
    """Return how the areas lie on the drawing, and each one's outline as an SVG path, in the order of `keys`."""
    shapes = drawn_areas(reports, level).set_index("key").loc[list(keys)]
    rings = [list(_rings(geometry["coordinates"])) for geometry in shapes["geometry"]]
    corners = [corner for area in rings for ring in area for corner in ring]
    west, east = min(lon for lon, _lat in corners), max(lon for lon, _lat in corners)
    south, north = min(lat for _lon, lat in corners), max(lat for _lon, lat in corners)
    plan = _plan(west, south, east, north)
    paths = ["".join(_path(plan, ring) for ring in area) for area in rings]
    return plan, paths


def _plan(west: float, south: float, east: float, north: float) -> Plan:
    """Return how degrees lie on a drawing that shows them all."""
    narrow = math.cos(math.radians((south + north) / 2))
    degree = min(_HIGH / max(north - south, 1e-6), _WIDEST / max((east - west) * narrow, 1e-6))
    wide, high = round((east - west) * narrow * degree, 1), round((north - south) * degree, 1)
    return Plan(west, north, narrow * degree, degree, wide, high)


def _path(plan: Plan, ring: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in (plan.place(*corner) for corner in ring)) + "Z"


def _rings(coordinates: Any) -> Iterator[list[tuple[float, float]]]:
    if isinstance(coordinates[0][0], (int, float)):
        yield [(corner[0], corner[1]) for corner in coordinates]
    else:
        for part in coordinates:
            yield from _rings(part)


def _labels(shapes: pd.DataFrame, plan: Plan, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the areas' names with their overdue share where they fit beside each other.

    First those furthest behind, which must be named, then the roomiest.
    """
    counts = table.dropna(subset="key").set_index("key")
    behind = (counts["overdue"] / counts["open"].where(counts["open"] >= FEWEST_OPEN)).nlargest(_NAMED).index
    rows = counts.to_dict("index")
    ordered = shapes.assign(behind=shapes["key"].isin(behind)).sort_values(["behind", "room"], ascending=False)
    found = []
    boxes = []
    for area in ordered.to_dict("records"):
        words = name(area)
        wide = len(words) * _TYPE * _LETTER
        x, y = plan.place(*area["label"])
        x = min(max(x, wide / 2), plan.wide - wide / 2)
        boxes.append(around(x, y + _TYPE * 0.1, wide, _TYPE * 1.9))
        row = rows.get(area["key"])
        share = percent(row["overdue"], row["open"]) if row else ""
        found.append({"x": round(x, 1), "y": y, "name": words, "share": share})
    yield from compress(found, fitting(boxes))
