"""The wall's map as SVG: areas by overdue share, the urgent reports, and the newest ones.

Nobody clicks on a wall, so the map needs no code in the browser: it is sharp on any screen and takes a few kilobytes.
"""

from typing import Any

import pandas as pd

from queries.cases.urgent import newest, urgent
from queries.figures.figures import Dimension, figures
from queries.places import map as map_queries
from ui.base.i18n import language, name, percent
from ui.base.run import Run
from ui.map.colour_scale import Scale, crowd_bounds, scale, step_words, values
from ui.map.map_routes import ARRIVED_WITHIN, drawn_areas
from ui.map.plain_ground import drawn_level
from ui.map.svg_map import Label, Plan, ground, plan_of, set_labels, width

_TYPE = 29.0  # units; the map is 77% of the screen's height, so this is 2.2% of it
_MOST_URGENT = 400
_MOST_ARRIVALS = 200
_NAMED = 3


def wall_map(run: Run, wanted: Dimension) -> dict[str, Any] | None:
    """Return the map ready to draw, with its legend.

    At the wanted level, or another with known boundaries; without any, the open reports in squares. None if no report
    has a place. Raises DatabaseAway.
    """
    level = drawn_level(run.reports, wanted)
    if level is None:
        return _plain(run)
    shapes = drawn_areas(run.reports, level)
    table = figures(run.reports, run.filters, by=level)
    if run.filters.districts:  # only the wards with reports there
        keys_there = run.filters.districts if level == "district" else table["key"].dropna()
        shapes = shapes[shapes["key"].isin(keys_there)]
    if shapes.empty:
        return None
    keys = tuple(int(key) for key in shapes["key"])
    plan, paths = ground(run.reports, level, keys)
    labels = _labels(shapes, plan, table, run.fewest_open)
    found = values(table, shapes.set_index("key")["population"], "overdue")
    steps = scale("overdue", found)
    return _marks(run, plan) | {
        "plan": plan,
        "measure": "overdue",
        "type": _TYPE,
        "areas": [
            {"path": path, "step": -1 if pd.isna(found[key]) else steps.step(found[key])}
            for key, path in zip(keys, paths, strict=True)
        ],
        "squares": [],
        "labels": labels,
        "wide": width(labels, plan, _TYPE),
        "legend": list(enumerate(step_words(steps, language()))),
        "schematic": bool(shapes["schematic"].any()),
    }


def _plain(run: Run) -> dict[str, Any] | None:
    """Return the map of a city without boundaries: squares by their number of open reports, framed on all."""
    extent = map_queries.extent(run.reports, run.filters)
    if extent is None:
        return None
    west_end, south_end, east_end, north_end = extent
    plan = plan_of([(west_end, south_end), (east_end, north_end)])
    wide, high = map_queries.grid(run.reports)
    table = map_queries.squares(run.reports, run.filters, figure="open")
    steps = Scale("backlog", crowd_bounds(table["reports"]))
    east, north = wide / 1000, high / 1000
    inside = table[table["lon"].between(west_end, east_end) & table["lat"].between(south_end, north_end)]
    return _marks(run, plan) | {
        "plan": plan,
        "measure": "backlog",
        "type": _TYPE,
        "areas": [],
        "wide": plan.wide,
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


def _marks(run: Run, plan: Plan) -> dict[str, Any]:
    """Return the urgent and the newest reports with their positions and counts."""
    cases, count = urgent(run.reports, run.filters, order="worklist", limit=_MOST_URGENT)
    since = run.filters.at - ARRIVED_WITHIN
    arrivals = newest(run.reports, run.filters.since(since), limit=_MOST_ARRIVALS)
    marked = [
        (*plan.place(case["lon"], case["lat"]), case["state"] == "overdue")
        for case in cases.dropna(subset=["lon", "lat"]).to_dict("records")
    ]
    came = [plan.place(*place) for place in arrivals[["lon", "lat"]].dropna().to_numpy()]
    return {
        "urgent": [mark for mark in marked if plan.holds(*mark[:2])],
        "urgent_count": count,
        "arrivals": [place for place in came if plan.holds(*place)],
        "arrived": None if run.rounded else len(arrivals),
    }


def _labels(shapes: pd.DataFrame, plan: Plan, table: pd.DataFrame, fewest_open: int) -> list[Label]:
    """Return the areas' names with their overdue share: first those furthest behind, which must be named."""
    counts = table.dropna(subset="key").set_index("key")
    behind = (counts["overdue"] / counts["open"].where(counts["open"] >= fewest_open)).nlargest(_NAMED).index
    rows = counts.to_dict("index")
    ordered = shapes.assign(behind=shapes["key"].isin(behind)).sort_values(["behind", "room"], ascending=False)
    wanted = []
    for area in ordered.to_dict("records"):
        row = rows.get(area["key"])
        share = percent(row["overdue"], row["open"]) if row else ""
        wanted.append(Label(name(area), share, plan.place(*area["label"]), area["room"] * plan.north_scale))
    return set_labels(wanted, plan, _TYPE)
