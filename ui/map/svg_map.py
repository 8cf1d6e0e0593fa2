"""Areas drawn as SVG: a projection to the drawing, outlines, and names that do not overlap.

For wall screens (ui/wall/wall_map.py) and for browsers that cannot draw deck.gl's maps (ui/live_map/plain_map.py).
"""

import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cachetools import TTLCache, cached

from queries.engine.database import ReportDatabase
from ui.map.map_data import around
from ui.map.map_routes import drawn_areas

HIGH, WIDEST = 1000.0, 1000.0
"""A drawing's size in units: that high, or that wide and lower."""

_LETTER = 0.55  # a letter's width relative to its height
_STEP = 1.3  # line spacing of the names beside the map, relative to the letter height
_GAP = 1.6  # gap between the map and the names beside it, relative to the letter height
_ROOM = 3.9  # a name's greatest width, relative to the radius of its area's inner circle


@dataclass(frozen=True)
class Plan:
    """The projection of a city's degrees to the drawing, and the drawing's size, in units."""

    west: float
    north: float
    east_scale: float
    north_scale: float
    wide: float
    high: float

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Return a point's position, in units from the upper left corner."""
        return round((lon - self.west) * self.east_scale, 1), round((self.north - lat) * self.north_scale, 1)

    def holds(self, x: float, y: float) -> bool:
        """Return whether a position lies on the drawing."""
        return 0 <= x <= self.wide and 0 <= y <= self.high


@dataclass(frozen=True)
class Label:
    """An area's name with a note, and its position, in units.

    `at` is a point in the area, `room` the radius of the circle around it that lies within the area. A name that does
    not fit is placed `beside` the map, at the end of a line to its area.
    """

    name: str
    note: str
    at: tuple[float, float]
    room: float
    x: float = 0
    y: float = 0
    beside: bool = False


@cached(TTLCache(16, 600), key=lambda reports, level, keys: (id(reports), level, keys), lock=threading.Lock())
def ground(reports: ReportDatabase, level: str, keys: tuple[int, ...]) -> tuple[Plan, list[str]]:
    """Return the projection of areas, and each area's outline as an SVG path, in the order of `keys`.

    Raises DatabaseAway.
    """
    shapes = drawn_areas(reports, level).set_index("key").loc[list(keys)]
    areas = [list(_rings(geometry["coordinates"])) for geometry in shapes["geometry"]]
    plan = plan_of(corner for area in areas for ring in area for corner in ring)
    return plan, ["".join(_path(plan, ring) for ring in area) for area in areas]


def plan_of(places: Iterable[tuple[float, float]]) -> Plan:
    """Return the projection in which places (longitude, latitude) fill the drawing."""
    corners = list(places)
    west, east = min(lon for lon, _lat in corners), max(lon for lon, _lat in corners)
    south, north = min(lat for _lon, lat in corners), max(lat for _lon, lat in corners)
    narrow = math.cos(math.radians((south + north) / 2))
    degree = min(HIGH / max(north - south, 1e-6), WIDEST / max((east - west) * narrow, 1e-6))
    wide, high = round((east - west) * narrow * degree, 1), round((north - south) * degree, 1)
    return Plan(west, north, narrow * degree, degree, wide, high)


def set_labels(wanted: Sequence[Label], plan: Plan, size: float) -> list[Label]:
    """Return the labels with their positions, in letters of `size` units: first those inside their area.

    Those that do not fit are placed beside the map, in the vertical order of their areas. If there are too many, the
    last ones in `wanted` are left out.
    """
    inside: list[Label] = []
    outside: list[Label] = []
    taken: list[tuple[float, float, float, float]] = []
    for label in sorted(wanted, key=lambda one: -one.room):
        wide = len(label.name) * size * _LETTER
        x, y = min(max(label.at[0], wide / 2), plan.wide - wide / 2), label.at[1]
        box = around(x, y + size * 0.1, wide, size * 1.9)
        free = not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)
        if free and wide <= label.room * _ROOM:
            taken.append(box)
            inside.append(replace(label, x=round(x, 1), y=y))
        else:
            outside.append(label)
    fitting = int(plan.high / (size * _STEP))
    order = {id(label): place for place, label in enumerate(wanted)}
    outside = sorted(outside, key=lambda label: order[id(label)])[:fitting]
    return inside + list(_beside(sorted(outside, key=lambda label: label.at[1]), plan, size))


def width(labels: Sequence[Label], plan: Plan, size: float) -> float:
    """Return a map's width with the names beside it, in units."""
    beside = [label.x + len(f"{label.name} {label.note}") * size * _LETTER for label in labels if label.beside]
    return round(max([plan.wide, *beside]), 1)


def _beside(labels: list[Label], plan: Plan, size: float) -> Iterator[Label]:
    """Yield the labels one below the other, each as near its area's height as the others allow."""
    step = size * _STEP
    wanted = [label.at[1] for label in labels]
    # Downwards with a minimum distance, then all moved up by as much as the last one is too low.
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + step if places else step))
    lowest = plan.high - size * 0.4
    for number in reversed(range(len(places))):
        places[number] = min(places[number], lowest)
        lowest = places[number] - step
    x = plan.wide + size * _GAP
    for label, y in zip(labels, places, strict=True):
        yield replace(label, x=round(x, 1), y=round(y, 1), beside=True)


def _path(plan: Plan, ring: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in (plan.place(*corner) for corner in ring)) + "Z"


def _rings(coordinates: Any) -> Iterator[list[tuple[float, float]]]:
    if isinstance(coordinates[0][0], (int, float)):
        yield [(corner[0], corner[1]) for corner in coordinates]
    else:
        for part in coordinates:
            yield from _rings(part)
