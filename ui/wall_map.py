"""The wall's map: areas in the colour of their overdue share, the urgent reports, and what came in just now, as SVG.

Nobody clicks on a wall, so the map needs no code in the browser: it is sharp on any screen and costs a few kilobytes.
"""

import math
import threading
from datetime import timedelta
from typing import Any, Literal

import pandas as pd
from cachetools import TTLCache, cached

from queries import map as map_queries
from queries.database import ReportDatabase
from queries.figures import figures, with_sums
from queries.urgent import urgent
from ui.map_routes import ARRIVED_WITHIN, drawn_areas
from ui.map_scale import scale, step_words, values
from ui.viewing import Viewing
from ui.words import _, language, name, percent

_HIGH = 1000  # units of the drawing from top to bottom
_WIDEST = 1500  # units from left to right that the scene has room for
_MARGIN = 14
_TYPE = 28.5  # units; with the map at 77 hundredths of the screen's height, 2.2 hundredths of it
_LETTER = 0.56  # how wide a letter is, of its height
_MOST_URGENT = 400


def wall_map(seen: Viewing, level: Literal["district", "ward"]) -> dict[str, Any] | None:
    """Return the map ready to draw, and what its colours and marks mean; None without boundaries.

    Raises DatabaseAway.
    """
    shapes = drawn_areas(seen.reports, level)
    wanted = seen.filters.districts if level == "district" else ()
    shapes = shapes[shapes["key"].isin(wanted)] if wanted else shapes
    if shapes.empty:
        return None
    ground = _ground(seen.reports, level, tuple(int(key) for key in shapes["key"]))
    table = with_sums(figures(seen.reports, seen.filters, by=level))
    counts = table.dropna(subset="key").set_index("key")
    found = values(table, shapes.set_index("key")["population"], "overdue").reindex(shapes["key"])
    steps = scale("overdue", found)
    areas = [
        {"path": path, "step": -1 if pd.isna(value) else steps.step(value)}
        for path, value in zip(ground["paths"], found, strict=True)
    ]
    labels = [
        label
        | {"name": name(area), "raw": percent(counts.at[key, "overdue"], counts.at[key, "open"]) if key in counts.index else ""}
        for label, key, area in _labels(shapes, ground)
    ]
    cases, count = urgent(seen.reports, seen.filters, order="worklist", limit=_MOST_URGENT)
    arrivals = map_queries.points(
        seen.reports, seen.filters, figure="true", since=seen.filters.at - timedelta(seconds=ARRIVED_WITHIN.total_seconds())
    )
    return {
        "wide": ground["wide"],
        "high": _HIGH,
        "type": _TYPE,
        "areas": areas,
        "labels": labels,
        "urgent": [
            ground["place"](lon, lat) | {"late": state == "overdue"}
            for lon, lat, state in cases.dropna(subset=["lon"])[["lon", "lat", "state"]].itertuples(index=False)
        ],
        "urgent_count": count,
        "arrivals": [ground["place"](lon, lat) for lon, lat in _places(arrivals)],
        "arrived": int(arrivals["reports"].sum()) if len(arrivals) else 0,
        "legend": list(enumerate(step_words(steps, language()))),
        "schematic": bool(shapes["schematic"].any()),
    }
