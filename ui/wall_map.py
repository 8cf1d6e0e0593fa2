"""The wall's map: areas in the colour of their overdue share, the urgent reports, and what came in just now, as SVG.

Nobody clicks on a wall, so the map needs no code in the browser: it is sharp on any screen and costs a few kilobytes.
"""

from typing import Any, Literal

import pandas as pd

from queries.figures import figures
from queries.ranking import FEWEST_OPEN
from queries.urgent import newest, urgent
from ui.map_routes import ARRIVED_WITHIN, drawn_areas
from ui.map_scale import scale, step_words, values
from ui.svg_map import Label, Plan, ground, set_labels, width
from ui.viewing import Viewing
from ui.words import language, name, percent

_TYPE = 29.0  # units; with the map at 77 hundredths of the screen's height, 2.2 hundredths of it
_MOST_URGENT = 400
_MOST_ARRIVALS = 200
_NAMED = 3


def wall_map(seen: Viewing, level: Literal["district", "ward"]) -> dict[str, Any] | None:
    """Return the map ready to draw, with what its colours and marks mean; None without boundaries.

    Raises DatabaseAway.
    """
    shapes = drawn_areas(seen.reports, level)
    table = figures(seen.reports, seen.filters, by=level)
    if seen.filters.districts:  # of the wards, those that have reports there
        wanted = seen.filters.districts if level == "district" else table["key"].dropna()
        shapes = shapes[shapes["key"].isin(wanted)]
    if shapes.empty:
        return None
    keys = tuple(int(key) for key in shapes["key"])
    plan, paths = ground(seen.reports, level, keys)
    labels = _labels(shapes, plan, table)
    found = values(table, shapes.set_index("key")["population"], "overdue")
    steps = scale("overdue", found)
    cases, count = urgent(seen.reports, seen.filters, order="worklist", limit=_MOST_URGENT)
    since = seen.filters.at - ARRIVED_WITHIN
    arrivals = newest(seen.reports, seen.filters.since(since), limit=_MOST_ARRIVALS)
    return {
        "plan": plan,
        "type": _TYPE,
        "areas": [
            {"path": path, "step": -1 if pd.isna(found[key]) else steps.step(found[key])}
            for key, path in zip(keys, paths, strict=True)
        ],
        "labels": labels,
        "wide": width(labels, plan, _TYPE),
        "urgent": [
            (*plan.place(case["lon"], case["lat"]), case["state"] == "overdue")
            for case in cases.dropna(subset=["lon", "lat"]).to_dict("records")
        ],
        "urgent_count": count,
        "arrivals": [plan.place(*place) for place in arrivals[["lon", "lat"]].dropna().to_numpy()],
        "arrived": len(arrivals),
        "legend": list(enumerate(step_words(steps, language()))),
        "schematic": bool(shapes["schematic"].any()),
    }


def _labels(shapes: pd.DataFrame, plan: Plan, table: pd.DataFrame) -> list[Label]:
    """Return the areas' names with their overdue share: first those furthest behind, which must be named."""
    counts = table.dropna(subset="key").set_index("key")
    behind = (counts["overdue"] / counts["open"].where(counts["open"] >= FEWEST_OPEN)).nlargest(_NAMED).index
    rows = counts.to_dict("index")
    ordered = shapes.assign(behind=shapes["key"].isin(behind)).sort_values(["behind", "room"], ascending=False)
    wanted = []
    for area in ordered.to_dict("records"):
        row = rows.get(area["key"])
        share = percent(row["overdue"], row["open"]) if row else ""
        wanted.append(Label(name(area), share, plan.place(*area["label"]), area["room"] * plan.north_scale))
    return set_labels(wanted, plan, _TYPE)
