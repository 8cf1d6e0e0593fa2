"""Areas drawn as SVG: where degrees lie on the drawing, outlines, and names that do not touch each other.

For screens nobody clicks on (ui/wall/wall_map.py), and for browsers that cannot draw the maps of deck.gl
(ui/live_map/plain_map.py).
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
"""Units of a drawing: it is that high, or that wide and lower."""

_LETTER = 0.55  # how wide a letter is, of its height
_STEP = 1.3  # from line to line of the names beside the map, of the height of a letter
_GAP = 1.6  # between the map and the names beside it, of the height of a letter
_ROOM = 3.9  # how wide a name may be, of the radius of the circle that its area has room for


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


@dataclass(frozen=True)
class Label:
    """An area's name, a note on it, and where they stand, in units.

    `at` is the area's own place, `room` the radius of the circle around it that lies within. A name that has no room
    there stands `beside` the map, at the end of a line to its area.
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
    """Return how areas lie on a drawing, and each one's outline as an SVG path, in the order of `keys`.

    Raises DatabaseAway.
    """
    shapes = drawn_areas(reports, level).set_index("key").loc[list(keys)]
    areas = [list(_rings(geometry["coordinates"])) for geometry in shapes["geometry"]]
    plan = plan_of(corner for area in areas for ring in area for corner in ring)
    return plan, ["".join(_path(plan, ring) for ring in area) for area in areas]


def plan_of(places: Iterable[tuple[float, float]]) -> Plan:
    """Return the plan on which places (longitude, latitude) fill the drawing."""
    corners = list(places)
    west, east = min(lon for lon, _lat in corners), max(lon for lon, _lat in corners)
    south, north = min(lat for _lon, lat in corners), max(lat for _lon, lat in corners)
    narrow = math.cos(math.radians((south + north) / 2))
    degree = min(HIGH / max(north - south, 1e-6), WIDEST / max((east - west) * narrow, 1e-6))
    wide, high = round((east - west) * narrow * degree, 1), round((north - south) * degree, 1)
    return Plan(west, north, narrow * degree, degree, wide, high)


def set_labels(wanted: Sequence[Label], plan: Plan, size: float) -> list[Label]:
    """Return the labels with their places, in letters of `size` units: first those that stand in their area.

    Those without room there stand beside the map, in the order from top to bottom of their areas. Where they are more
    than fit one below the other, those wanted last are left out.
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
    """Return how wide a map is with the names beside it, in units."""
    beside = [label.x + len(f"{label.name} {label.note}") * size * _LETTER for label in labels if label.beside]
    return round(max([plan.wide, *beside]), 1)


def _beside(labels: list[Label], plan: Plan, size: float) -> Iterator[Label]:
    """Yield the labels one below the other, each as near the height of its area as the others let it."""
    step = size * _STEP
    wanted = [label.at[1] for label in labels]
    # From above no two closer than a step, then all moved up from below by as much as the last one is too low.
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
