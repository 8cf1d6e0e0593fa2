"""The map of one report's place."""

import math

import pydeck as pdk

from ui import maps
from ui.plain_ground import plain_ground
from ui.screen import screen
from ui.theme import rgb


def one_place(lon: float, lat: float, *, state: str, level: str | None, dark: bool) -> pdk.Deck:
    """Return the map of one report's place among the areas of a level around it, in the colour of its state.

    Without a level, on a plain ground.
    """
    colours = maps.colours_of(dark)
    place = pdk.Layer(
        "ScatterplotLayer",
        data=[{"place": [lon, lat]}],
        id="place",
        get_position="place",
        get_fill_color=rgb(maps.state_colour(state, dark=dark)),
        get_line_color=rgb(colours.surface),
        stroked=True,
        get_radius=9 * screen().scale,
        radius_units="'pixels'",
        line_width_min_pixels=2,
    )
    # On a larger screen not more areas, but larger ones.
    view = pdk.ViewState(longitude=lon, latitude=lat, zoom=round(11.8 + math.log2(screen().scale), 2))
    if level is None:
        return maps.deck([plain_ground((lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1), dark=dark), place], view)
    areas = maps.ground(f"map/shapes/{level}.json", chosen="", dark=dark)[0]
    return maps.deck([areas, *maps.names(level, view, dark=dark), place], view)
