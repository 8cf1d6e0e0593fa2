"""The overview's map: areas by overdue share, or without boundaries the reports themselves."""

import pandas as pd
import pydeck as pdk
import streamlit as st

from queries.figures.figures import Dimension
from queries.places import map as map_queries
from safe_text import streamlit_label
from ui.address.links import address, carried
from ui.base import levels
from ui.base.html_panel import panel
from ui.base.i18n import _, language
from ui.base.run import Run
from ui.base.theme import OVERDUE_BOUNDS
from ui.base.viewport import pixels, sized, viewport
from ui.live_map import live_map, map_panels, plain_map
from ui.map import map_layers
from ui.map.colour_scale import Scale, step_words
from ui.map.map_routes import drawn_areas

_HEIGHT = 470  # pixels at a desk


def areas(run: Run, level: Dimension) -> None:
    """Draw the areas of a level with a legend. Raises DatabaseAway."""
    shapes, dark = drawn_areas(run.reports, level), st.context.theme.type == "dark"
    what = _("Map of the {places} by the share of open reports that are overdue", places=levels.within(run.city, level))
    if not viewport().webgl:
        plain_map.by_measure(
            run,
            level,
            "overdue",
            says="{name}\n" + _("{raw} open reports overdue", raw="{raw}"),
            size=(900, _HEIGHT),
            key="district_map",
            alt=what,
        )
        _legend(shapes, dark=dark)
        return
    data = address(
        f"map/areas/{level}.geojson", **carried(run) | {"at": run.filters.at.isoformat(), "lang": language()}
    )
    st.pydeck_chart(
        _deck(data, shapes, level=level, dark=dark),
        height=pixels(_HEIGHT),
        key=sized("district_map"),
        alt=what,
    )
    _legend(shapes, dark=dark)


def plain(run: Run) -> None:
    """Draw the open reports on a plain ground: as points, or in squares for viewers who may read no cases.

    Raises DatabaseAway.
    """
    extent = map_queries.extent(run.reports, run.filters)
    if extent is None:
        st.info(_("No report has a place that a map could show."), icon=":material/map:")
        return
    if not viewport().webgl:
        st.info(streamlit_label(plain_map.nothing()), icon=":material/map:")
        return
    view = map_layers.framed(extent)
    drawn = live_map.draw(run, view, show="points" if run.filters.scope.sees_cases else "open", level=None)
    st.pydeck_chart(live_map.deck(view, drawn, None), height=pixels(_HEIGHT), key=sized("plain_map"), alt=drawn.what)
    map_panels.about(drawn.what, drawn.shown, drawn.missing, drawn.marks, [])


def _deck(address: str, shapes: pd.DataFrame, *, level: str, dark: bool) -> pdk.Deck:
    """Return the overview's map: areas of a level by the share of open reports overdue, with their names."""
    layers = map_layers.coloured_areas(address, "overdue", chosen="", dark=dark)
    view = map_layers.framing(shapes)
    says = "{name}\n" + _("{raw} open reports overdue", raw="{raw}")
    return map_layers.deck([*layers, *map_layers.names(level, view, dark=dark)], view, says=says)


def _legend(shapes: pd.DataFrame, *, dark: bool) -> None:
    """Say under the overview's map what its colours mean and where its lines come from."""
    words = step_words(Scale("overdue", OVERDUE_BOUNDS), language())
    shown = [
        {"colour": colour, "words": said}
        for colour, said in zip(map_layers.steps("overdue", dark=dark), words, strict=True)
    ]
    panel(
        "legend", key="map_legend", title=_("Overdue of open reports"), steps=shown, sources=map_layers.sources(shapes)
    )
