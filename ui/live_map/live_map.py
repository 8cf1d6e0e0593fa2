"""The live map page's map: its view, its layers for each way of showing reports, and what a click does."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pydeck as pdk
import streamlit as st

from queries.figures.figures import Dimension
from queries.places import map as map_queries
from safe_text import streamlit_label
from ui.address import map_cell
from ui.base.i18n import _
from ui.base.run import Run
from ui.base.viewport import sized, viewport
from ui.live_map import map_ways, plain_map
from ui.live_map.map_panels import Mark, about, here
from ui.map import colour_scale, map_layers, map_marks
from ui.map.map_routes import drawn_areas
from ui.map.plain_ground import drawn_level

SHOWS = ("points", "areas", "density")
SHOWS_WITHOUT_CASES = ("areas", "density")
KEY = "live_map"

_BESIDE, _PART = 150, 0.73  # pixels beside the page on a desktop, and the map's share of its width
_ABOVE, _LOWEST, _PHONES = 405, 390, 405  # pixels above, least height, height on phones (ui/base/page.css)
_SQUARE = 4  # the length of a square's row; a point's row is longer


def frame(run: Run, level: Dimension | None) -> pdk.ViewState | None:
    """Return the view that fits the areas of a level into the map in this viewer's window.

    Without a level, the view fits all reports; None if there are no reports. Raises DatabaseAway.
    """
    if level is not None:
        return map_layers.framing(drawn_areas(run.reports, level), *_room())
    extent = map_queries.extent(run.reports, run.filters)
    return extent and map_layers.framed(extent, *_room())


def draw(
    run: Run, view: pdk.ViewState, *, show: str, level: Dimension | None, measure: str = colour_scale.MEASURES[0]
) -> map_ways.Drawn:
    """Return the map in one of its ways, with the background, names and rings that all ways share.

    `level` is the one whose boundaries are drawn; None where the city has none. Raises DatabaseAway.
    """
    if show == "areas" and level is not None:
        shapes = drawn_areas(run.reports, level)
        drawn = map_ways.areas(run, shapes, level, measure)
    elif show in ("density", "open") or map_ways.count(run, "open_on_map") > map_queries.MOST_POINTS:
        drawn = map_ways.density(run, level, "received" if show == "density" else "open")
    else:
        drawn = map_ways.points(run, level)
    dark = map_ways.dark()
    over = map_layers.names(level, view, dark=dark) if level else []
    if level and run.query.get(level):
        chosen = map_ways.data_address(f"shapes/{level}.json", **{level: run.query[level]})
        over.append(map_layers.outline(chosen, dark=dark))
    if run.filters.square:
        over.append(map_marks.around(map_cell.corners(run.filters.square), dark=dark))
    if not run.filters.scope.sees_cases:
        return replace(drawn, layers=[*drawn.layers, *over])
    arrived = map_ways.data_address("arrivals.json", **map_ways.choices(run))
    over.append(map_marks.arrivals(arrived, dark=dark, points=show == "points"))
    new = Mark(_("received in the last 15 minutes"), map_marks.arrival_colour(dark=dark), "ring")
    return replace(drawn, layers=[*drawn.layers, *over], marks=[*drawn.marks, new])


def ways(run: Run) -> tuple[str, ...]:
    """Return the ways in which the map can show this city to this viewer, the default first. Raises DatabaseAway."""
    found = SHOWS if run.filters.scope.sees_cases else SHOWS_WITHOUT_CASES
    drawn = drawn_level(run.reports) is not None
    return found if drawn else tuple(way for way in found if way != "areas")


def hint(show: str, level: Dimension | None) -> str:
    """Return a sentence that says what a click on the map does while nothing is selected."""
    if show == "density":
        return _("Click a square to see only that square.")
    return _("Click an area to see only that area.") if level else _("Click a dot to see its case.")


def sources(run: Run, level: Dimension | None) -> list[str]:
    """Return who the boundaries of a level come from. Raises DatabaseAway."""
    return map_layers.sources(drawn_areas(run.reports, level)) if level else []


def deck(view: pdk.ViewState, drawn: map_ways.Drawn, case: dict[str, Any] | None) -> pdk.Deck:
    """Return the map for Streamlit, with a ring around the open case."""
    layers = list(drawn.layers)
    if case and not pd.isna(case["lon"]):
        layers.append(map_marks.marked(case["lon"], case["lat"], dark=map_ways.dark()))
    return map_layers.deck(layers, view, says=drawn.says)


def plainly(run: Run, *, level: Dimension | None, measure: str) -> None:
    """Draw the areas and their measure for a browser that cannot draw the map. Raises DatabaseAway."""
    if level is None:
        st.info(streamlit_label(plain_map.nothing()), icon=":material/map:")
        return
    shapes = drawn_areas(run.reports, level)
    drawn = map_ways.areas(run, shapes, level, measure)
    chosen = run.query.get(level, [])
    plain_map.by_measure(
        run,
        level,
        measure,
        says=drawn.says,
        size=_room(),
        key=KEY,
        alt=drawn.what,
        href=lambda code: here(run, **{level: None if chosen == [code] else code}),
        why=plain_map.no_points(),
    )
    about(drawn.what, drawn.shown, drawn.missing, drawn.marks, map_layers.sources(shapes))


def follow(run: Run, level: str | None) -> None:
    """Write what was clicked into the address: an area or a square becomes the filter, a point opens its case.

    A second click removes it.
    """
    for objects in st.session_state[sized(KEY)].selection.objects.values():
        clicked = objects[0]
        if isinstance(clicked, list) and len(clicked) == _SQUARE:
            wide, high = map_queries.grid(run.reports)
            word = map_cell.WORD
            value: str | None = map_cell.around(clicked[0], clicked[1], wide, high)
        elif isinstance(clicked, list):
            found = map_queries.case(run.reports, run.filters, report_id=int(clicked[2]))
            word, value = "case", found["public_code"] if found else None
        elif level:
            word, value = level, clicked["properties"]["code"]
        else:
            continue
        if value and st.query_params.get_all(word) != [value]:
            st.query_params[word] = value
        else:
            st.query_params.pop(word, None)


def _room() -> tuple[int, int]:
    """Return the width and height of the map in this viewer's window, in desktop pixels, as in ui/base/page.css."""
    window = viewport()
    if window.phone:
        return window.width, _PHONES
    wide, high = window.width / window.scale, window.height / window.scale
    return round((wide - _BESIDE) * _PART), round(max(high - _ABOVE, _LOWEST))
