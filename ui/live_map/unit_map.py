"""Where a unit's open cases lie."""

import pydeck as pdk
import streamlit as st

from queries.places import map as map_queries
from safe_text import streamlit_label
from ui.address.links import address, carried
from ui.base.html_panel import panel
from ui.base.i18n import _, language
from ui.base.run import Run
from ui.base.theme import palette
from ui.base.viewport import pixels, sized, viewport
from ui.live_map import plain_map
from ui.map import map_layers
from ui.map.colour_scale import Scale, crowd_bounds, step_words
from ui.map.map_routes import drawn_areas
from ui.map.plain_ground import drawn_level, plain_ground

_MAP_HEIGHT = 380


def small_map(run: Run, area: int | None, open_count: int) -> None:
    """Draw the unit's open cases on a map framed on its area, else the city, else the city's reports. Draws nothing if
    no report has a place, or if the viewer may read no case.
    """
    if not run.filters.scope.sees_cases:
        return
    found = [(level, drawn_areas(run.reports, level)) for level in ("ward", "district")]
    within = [(level, shapes, shapes[shapes["key"] == area]) for level, shapes in found if area is not None]
    whole = [(level, shapes, shapes) for level, shapes in found]
    framed = next((one for one in (*within, *whole) if not one[2].empty), None)
    extent = map_queries.extent(run.reports, run.filters) if framed is None else None
    if framed is None and extent is None:
        return
    if framed is None and not viewport().webgl:
        st.info(streamlit_label(plain_map.nothing()), icon=":material/map:")
        return
    if framed is not None and not viewport().webgl:
        level, _shapes, frame = framed
        plain_map.by_measure(
            run,
            level,
            "backlog",
            says="{name}\n" + _("{raw} open reports", raw="{raw}"),
            size=(520, _MAP_HEIGHT),
            key="unit_map",
            alt=_("Map of the unit's open cases"),
            frame=frame,
            why=plain_map.no_points(),
        )
        return
    dark = bool(st.context.theme.type == "dark")
    layer, meanings = open_cases(run, open_count, dark=dark)
    if framed is not None:
        level, shapes, frame = framed
        view = map_layers.framing(frame, 520, _MAP_HEIGHT)
        ground = map_layers.ground(address(f"map/shapes/{level}.json"), chosen="", dark=dark)[:1]
        named = drawn_level(run.reports) if frame is shapes else level
        ground += map_layers.names(named or level, view, dark=dark)
        sources = map_layers.sources(shapes)
    elif extent is not None:
        view, ground, sources = map_layers.framed(extent, 520, _MAP_HEIGHT), [plain_ground(extent, dark=dark)], []
    deck = map_layers.deck([*ground, layer], view)
    st.pydeck_chart(deck, height=pixels(_MAP_HEIGHT), key=sized("unit_map"), alt=_("Map of the unit's open cases"))
    panel(
        "legend",
        key="unit_map_legend",
        title=_("Open reports"),
        steps=[{"words": words, "colour": colour} for words, colour in meanings],
        sources=sources,
    )


def open_cases(run: Run, open_count: int, *, dark: bool) -> tuple[pdk.Layer, list[tuple[str, str]]]:
    """Return the layer of the unit's open cases and its legend: points by deadline, or squares.

    Squares are used if there are too many points. Raises DatabaseAway.
    """
    words = carried(run) | {"at": run.filters.at.isoformat(), "lang": language(), "period": None}
    if open_count > map_queries.MOST_POINTS:
        table = map_queries.squares(run.reports, run.filters, figure="open")
        asked = address("map/squares.json", **words, count="open")
        layer, _clicked = map_layers.squares(asked, *map_queries.grid(run.reports), chosen="", dark=dark)
        steps = step_words(Scale("backlog", crowd_bounds(table["reports"])), language())
        return layer, list(zip(steps, map_layers.steps("backlog", dark=dark), strict=False))
    layer, *_others = map_layers.report_points(address("map/points.json", **words), open_count, chosen="", dark=dark)
    colours = palette()
    return layer, [
        (_("Overdue"), colours.overdue),
        (_("Due soon"), colours.due_soon),
        (_("In time"), colours.in_time),
        (_("No deadline known"), colours.muted),
    ]
