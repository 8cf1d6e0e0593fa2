"""Marks on the live map: new reports, the selected case, the selected square."""

from typing import Any

import pydeck as pdk

from ui.base.theme import rgb
from ui.base.viewport import viewport
from ui.map.map_layers import PLACE, colours_of, steps


def arrivals(address: str, *, dark: bool, points: bool) -> pdk.Layer:
    """Return rings around reports that have just come in: around the `points`, or small if there are none."""
    return _rings("arrivals", address, rgb(arrival_colour(dark=dark)), *((8, 2.5) if points else (4, 1.5)))


def arrival_colour(*, dark: bool) -> str:
    """Return the colour of new reports: the brand's."""
    return steps("backlog", dark=dark)[4]


def marked(lon: float, lat: float, *, dark: bool) -> pdk.Layer:
    """Return the ring around the selected case."""
    return _rings("case", [[lon * 100_000, lat * 100_000]], rgb(colours_of(dark).text), 13, 3)


def around(corners: list[list[float]], *, dark: bool) -> pdk.Layer:
    """Return the outline of the selected square."""
    return pdk.Layer(
        "PolygonLayer",
        data=[{"corners": corners}],
        id="chosen square",
        get_polygon="corners",
        filled=False,
        stroked=True,
        get_line_color=rgb(colours_of(dark).text),
        line_width_units="'pixels'",
        get_line_width=3 * viewport().scale,
    )


def _rings(layer: str, data: Any, colour: list[int], radius: float, width: float) -> pdk.Layer:
    return pdk.Layer(
        "ScatterplotLayer",
        data=data,
        id=layer,
        get_position=PLACE,
        filled=False,
        stroked=True,
        get_radius=radius * viewport().scale,
        radius_units="'pixels'",
        get_line_color=colour,
        get_line_width=width * viewport().scale,
        line_width_units="'pixels'",
    )
