"""Map layers that make no outside request: our own boundaries, our own data by address, our own colours.

From refresh to refresh only the addresses of the data change in what deck.gl gets, so the view never jumps. Clicks go
to a transparent layer on top, whose id changes with the selection: Streamlit fades what is not selected by its index in
data that may have changed since, and it forgets the selection of a layer that is removed.
"""

import math
import os
import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pydeck as pdk

from ui.base.i18n import _, language
from ui.base.theme import (
    AMOUNT_STEPS,
    AMOUNT_STEPS_DARK,
    DARK,
    LIGHT,
    NO_DATA,
    OVERDUE_STEPS,
    OVERDUE_STEPS_DARK,
    Palette,
    rgb,
)
from ui.base.viewport import viewport

STYLE_VARIABLE = "REPORT_MAP_STYLE"
"""The address of a city's own map style (MapLibre), drawn under ours. Unset: no ground map, no outside request."""

PICK = "pick"
"""How the id of the layer that takes clicks begins."""

# pydeck tries to import Jupyter's widgets, which are not installed, several times a map: a fifth of the page's time.
sys.modules.setdefault("pydeck.widget", None)  # type: ignore[arg-type]

_WIDTH, _HEIGHT, _MARGIN = 900, 470, 0.04  # pixels of the usual map, and a margin around it in steps of zoom
_NEAREST = 20  # deck.gl's own limit
_EDGE = 15  # pixels between a page and the edge of a phone
_CROWD = ((2_000, 5.0), (20_000, 3.5))  # (up to this many points, radius in pixels)
_SMALLEST = 1.7
_PHONES = 0.75  # of a point's radius on a desktop: a phone shows the same city on a third of the width
PLACE = "[this[0] / 100000, this[1] / 100000]"
"""deck.gl's expression for a point's position: the data hold hundred-thousandths of a degree."""


Extent = tuple[float, float, float, float]
"""West, south, east and north, in degrees."""


def deck(layers: Sequence[pdk.Layer], view: pdk.ViewState, *, says: str | None = None) -> pdk.Deck:
    """Return a map of layers. `says` is the tooltip, with {properties} of the feature under the pointer.

    It is plain text, not HTML: a name or a category may contain any characters.
    """
    style = os.environ.get(STYLE_VARIABLE)
    return pdk.Deck(
        layers=list(layers),
        initial_view_state=view,
        map_provider="maplibre" if style else None,
        **({"map_style": style} if style else {}),
        tooltip={"text": says, "style": {"color": "#ffffff", "borderRadius": "6px", "fontSize": "1rem"}}
        if says
        else False,
        parameters={"clearColor": [0, 0, 0, 0]},
    )


def framing(shapes: pd.DataFrame, width: int = _WIDTH, height: int = _HEIGHT) -> pdk.ViewState:
    """Return the view that shows all shapes on a map of this size on a desktop; larger screens scale it.

    The same shapes on the same screen give the same view.
    """
    edge = [corner for geometry in shapes["geometry"] for corner in corners(geometry["coordinates"])]
    if not edge:
        return pdk.ViewState(longitude=0, latitude=0, zoom=1)
    west, east = min(lon for lon, _lat in edge), max(lon for lon, _lat in edge)
    south, north = min(lat for _lon, lat in edge), max(lat for _lon, lat in edge)
    return framed((west, south, east, north), width, height)


def framed(extent: Extent, width: int = _WIDTH, height: int = _HEIGHT) -> pdk.ViewState:
    """Return the view that shows an extent, as `framing` does."""
    scale = viewport().scale
    width, height = round(min(width * scale, viewport().width - 2 * _EDGE)), round(height * scale)
    west, south, east, north = extent
    middle = (south + north) / 2
    # At zoom 0 the world is 512 pixels wide; a degree of latitude is longer than one of longitude on the map.
    across = width * 360 / (512 * max(east - west, 1e-6))
    down = height * 360 * math.cos(math.radians(middle)) / (512 * max(north - south, 1e-6))
    zoom = min(max(math.log2(min(across, down)) - _MARGIN, 0), _NEAREST)
    return pdk.ViewState(longitude=(west + east) / 2, latitude=middle, zoom=round(zoom, 2))


def steps(measure: str, *, dark: bool) -> tuple[str, ...]:
    """Return the colours of a measure, from little to much."""
    if measure == "overdue":
        return OVERDUE_STEPS_DARK if dark else OVERDUE_STEPS
    return AMOUNT_STEPS_DARK if dark else AMOUNT_STEPS


def ground(address: str, *, chosen: str, dark: bool) -> list[pdk.Layer]:
    """Return the areas as a plain background for points and squares, and the transparent layer that takes clicks."""
    colours = colours_of(dark)
    seen = pdk.Layer(
        "GeoJsonLayer",
        data=address,
        id="ground",
        filled=not os.environ.get(STYLE_VARIABLE),
        get_fill_color=rgb(colours.surface),
        update_triggers={"getFillColor": [dark], "getLineColor": [dark]},
        stroked=True,
        get_line_color=rgb(colours.neutral),
        line_width_min_pixels=1,
    )
    return [seen, _clicked_areas(address, chosen)]


def coloured_areas(address: str, measure: str, *, chosen: str, dark: bool) -> list[pdk.Layer]:
    """Return areas coloured by the step of their measure, and the transparent layer that takes clicks."""
    alpha = 170 if os.environ.get(STYLE_VARIABLE) else 255
    colours = [rgb(NO_DATA, 60), *(rgb(colour, alpha) for colour in steps(measure, dark=dark))]
    return [
        pdk.Layer(
            "GeoJsonLayer",
            data=address,
            id="areas",
            stroked=True,
            get_fill_color=_choice("properties.step", colours, first=-1),
            update_triggers={"getFillColor": [measure, dark]},
            get_line_color=rgb(colours_of(dark).surface),
            line_width_min_pixels=1,
        ),
        _clicked_areas(address, chosen),
    ]


def state_colour(state: str, *, dark: bool) -> str:
    """Return the colour of one report's state on a map."""
    colours = colours_of(dark)
    meant = {
        "overdue": colours.overdue,
        "due_soon": colours.due_soon,
        "in_time": colours.in_time,
        "resolved": colours.resolved,
        "resolved_on_time": colours.resolved,
        "resolved_late": colours.resolved,
    }
    return meant.get(state, colours.muted)


def outline(address: str, *, dark: bool) -> pdk.Layer:
    """Return the boundary of the selected areas."""
    return pdk.Layer(
        "GeoJsonLayer",
        data=address,
        id="chosen areas",
        filled=False,
        stroked=True,
        get_line_color=rgb(colours_of(dark).text),
        line_width_units="'pixels'",
        get_line_width=3,
    )


def names(level: str, view: pdk.ViewState, *, dark: bool) -> list[pdk.Layer]:
    """Return the areas' names: those that fit beside each other in this view, and those that appear on zooming in.

    deck.gl fades a name that another one covers, only partly at its edge. So the first view does not depend on it
    (`map_data.labels` chooses its names): a transparent, much larger copy of each of these hides the other names.
    """
    colours = colours_of(dark)
    size = round(12.5 * viewport().scale, 1)

    def layer(fits: bool, group: str, covers: float, seen: bool = True) -> pdk.Layer:
        """Return a layer of names; an unseen one only hides the names it covers."""
        return pdk.Layer(
            "TextLayer",
            data=f"map/labels/{level}.json?lang={language()}&zoom={round(view.zoom, 1)}&size={size}",
            id=f"{group} {'seen' if seen else 'unseen'}",
            get_position="[this[0], this[1]]",
            get_text="this[2]",
            get_color=rgb(colours.text, 255 if seen else 0),
            get_size=f"{'' if fits else '!'}this[4] ? {size} : 0",
            character_set="'auto'",
            font_family="'Be Vietnam Pro, sans-serif'",
            font_weight=600,
            # A background fades with its name; an outline would remain visible.
            background=True,
            get_background_color=rgb(colours.surface, 165 if seen else 0),
            background_padding=[4, 0],
            background_border_radius=4,
            extensions=[{"@@type": "CollisionFilterExtension"}],
            collision_group=group,
            get_collision_priority="this[3] * 1000 + this[4] * 500",
            collision_test_props={"sizeScale": covers},
        )

    return [
        layer(True, "nearer names", 4.5, seen=False),
        layer(False, "nearer names", 1.8),
        layer(True, "names", 1.2),
    ]


def report_points(address: str, count: int, *, chosen: str, dark: bool) -> list[pdk.Layer]:
    """Return reports as points coloured by state and sized by severity, urgent ones ringed, and the click layer."""
    colours = colours_of(dark)
    by_state = [rgb(c, 235) for c in (colours.in_time, colours.muted, colours.due_soon, colours.overdue)]
    radius = next((size for crowd, size in _CROWD if count <= crowd), _SMALLEST)
    radius *= _PHONES if viewport().phone else viewport().scale
    # More rings than that hide the points. A bool of numpy would reach the browser as a string, and no points appear.
    ringed = bool(count <= _CROWD[-1][0])
    place: dict[str, Any] = {
        "data": address,
        "get_position": PLACE,
        "get_radius": _choice("this[4]", [1, 1.25, 1.7]),
        "radius_scale": radius,
        "radius_units": "'pixels'",
    }
    return [
        pdk.Layer(
            "ScatterplotLayer",
            id="points",
            get_fill_color=_choice("this[3]", by_state),
            stroked=ringed,
            get_line_color=rgb(colours.text),
            get_line_width="this[4] == 2 ? 1.5 : 0",
            line_width_units="'pixels'",
            **place,
        ),
        pdk.Layer("ScatterplotLayer", id=f"{PICK} points {chosen}", pickable=True, opacity=0, **place),
    ]


def squares(address: str, wide: int, high: int, *, chosen: str, dark: bool) -> list[pdk.Layer]:
    """Return the squares of a grid, coloured by their number of reports, and the transparent layer that takes clicks.

    `wide` and `high` are thousandths of a degree.
    """
    colours = [rgb(colour, 225) for colour in steps("backlog", dark=dark)]
    east, north = (side * 0.48 / 1000 for side in (wide, high))  # a little less than half, to leave a line between
    corners = [f"[this[0] {x} {east}, this[1] {y} {north}]" for x, y in ("--", "+-", "++", "-+")]
    place: dict[str, Any] = {"data": address, "get_polygon": f"[{', '.join(corners)}]", "stroked": False}
    return [
        pdk.Layer(
            "PolygonLayer",
            id="squares",
            get_fill_color=_choice("this[2]", colours),
            update_triggers={"getFillColor": [dark], "getPolygon": [wide, high]},
            **place,
        ),
        pdk.Layer("PolygonLayer", id=f"{PICK} squares {chosen}", pickable=True, opacity=0, **place),
    ]


def sources(shapes: pd.DataFrame) -> list[str]:
    """Return who the boundaries come from, or a note that they are sketched."""
    if shapes["schematic"].any():
        return [_("Boundaries sketched from points and sizes; they are not the official ones")]
    return [source for source in shapes["attribution"].dropna().unique() if source]


def _clicked_areas(address: str, chosen: str) -> pdk.Layer:
    return pdk.Layer(
        "GeoJsonLayer",
        data=address,
        id=f"{PICK} areas {chosen}",
        pickable=True,
        opacity=0,
        stroked=False,
        get_fill_color=[0, 0, 0, 0],
        auto_highlight=True,
        highlight_color=[127, 160, 160, 60],
    )


def _choice(of: str, values: Sequence[Any], first: int = 0) -> str:
    """Return the expression that gives each number its value, counted from `first`; deck.gl has no table look-up."""
    tests = [f"{of} == {number} ? {value} : " for number, value in enumerate(values[:-1], first)]
    return "".join(tests) + str(values[-1])


def colours_of(dark: bool) -> Palette:
    """Return the colours of the dark theme or of the light one."""
    return DARK if dark else LIGHT


def corners(coordinates: Any) -> list[tuple[float, float]]:
    """Return every corner (longitude, latitude) of a GeoJSON geometry's coordinates."""
    if not coordinates or isinstance(coordinates[0], (int, float)):
        return [(coordinates[0], coordinates[1])] if coordinates else []
    return [corner for part in coordinates for corner in corners(part)]
