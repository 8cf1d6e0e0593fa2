"""The map of one report's place."""

import math

import pydeck as pdk

from ui.base.theme import rgb
from ui.base.viewport import screen
from ui.map import map_layers
from ui.map.plain_ground import plain_ground


def one_place(lon: float, lat: float, *, state: str, level: str | None, dark: bool) -> pdk.Deck:
    """Return the map of one report's place, in its state's colour, among the surrounding areas of a level.

    Without a level, on a plain ground.
    """
    colours = map_layers.colours_of(dark)
    place = pdk.Layer(
        "ScatterplotLayer",
        data=[{"place": [lon, lat]}],
        id="place",
        get_position="place",
        get_fill_color=rgb(map_layers.state_colour(state, dark=dark)),
        get_line_color=rgb(colours.surface),
        stroked=True,
        get_radius=9 * screen().scale,
        radius_units="'pixels'",
        line_width_min_pixels=2,
    )
    # A larger screen shows the same areas, enlarged.
    view = pdk.ViewState(longitude=lon, latitude=lat, zoom=round(11.8 + math.log2(screen().scale), 2))
    if level is None:
        return map_layers.deck([plain_ground((lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1), dark=dark), place], view)
    areas = map_layers.ground(f"map/shapes/{level}.json", chosen="", dark=dark)[0]
    return map_layers.deck([areas, *map_layers.names(level, view, dark=dark), place], view)
