"""The map of a city without boundaries: its reports on a plain ground, framed on their extent."""

import os

import pydeck as pdk

from queries.engine.database import ReportDatabase
from queries.figures.figures import Dimension
from ui.base import levels
from ui.base.theme import rgb
from ui.map import map_layers
from ui.map.map_routes import drawn_areas

_SHEET = 3  # times the city's size that the ground extends beyond it, for panning
_POLE = 85.0  # degrees: the limit of the map's projection


def drawn_levels(reports: ReportDatabase) -> tuple[Dimension, ...]:
    """Return the levels with known boundaries, larger areas first. Raises DatabaseAway."""
    return tuple(level for level in levels.AREAS if not drawn_areas(reports, level).empty)


def drawn_level(reports: ReportDatabase, wanted: Dimension = "district") -> Dimension | None:
    """Return the wanted level if its boundaries are known, else another that has some; None if none has.

    Raises DatabaseAway.
    """
    found = drawn_levels(reports)
    return wanted if wanted in found else next(iter(found), None)


def plain_ground(extent: map_layers.Extent, *, dark: bool) -> pdk.Layer:
    """Return a plain sheet around the reports, as ground under points and squares."""
    west, south, east, north = extent
    beside, above = (east - west) * _SHEET, (north - south) * _SHEET
    west, south, east, north = west - beside, max(south - above, -_POLE), east + beside, min(north + above, _POLE)
    colours = map_layers.colours_of(dark)
    return pdk.Layer(
        "PolygonLayer",
        data=[{"sheet": [[west, south], [east, south], [east, north], [west, north]]}],
        id="ground",
        get_polygon="sheet",
        filled=not os.environ.get(map_layers.STYLE_VARIABLE),
        get_fill_color=rgb(colours.surface),
        update_triggers={"getFillColor": [dark], "getLineColor": [dark]},
        stroked=True,
        get_line_color=rgb(colours.neutral),
        line_width_min_pixels=1,
    )
