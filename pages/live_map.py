"""Where in the city are the open reports, which of them are late, and what is coming in just now?"""

import streamlit as st

from queries import map as map_queries
from queries.figures import Dimension
from ui import access, live_map, map_panels, maps, replay
from ui.controls import one_of
from ui.map_routes import drawn_areas
from ui.map_scale import MEASURES
from ui.panel import panel
from ui.screen import screen, sized
from ui.viewing import Complete, Viewing, viewing
from ui.words import _

seen = viewing()
st.title(_("Where are the reports, and which are late?"), anchor=False)

shows = {"points": _("Open reports"), "areas": _("Areas"), "density": _("Density")}
levels = {"district": _("Districts"), "ward": _("Wards")}
measures = {
    "overdue": _("Overdue share"),
    "backlog": _("Backlog"),
    "received": _("Received per 10,000 inhabitants"),
    "time": _("Handling time"),
}
with st.container(horizontal=True, vertical_alignment="bottom", key="map_controls"):
    ways = live_map.SHOWS if seen.filters.scope.sees_cases else live_map.SHOWS_WITHOUT_CASES
    show = one_of(_("Show"), "show", ways, usual=ways[0], words=shows.__getitem__)
    one_of(_("Level"), "level", live_map.LEVELS, usual="district", words=levels.__getitem__)
    level: Dimension = "ward" if st.query_params.get("level") == "ward" else "district"
    measure = MEASURES[0]
    if show == "areas":
        measure = one_of(_("Coloured by"), "measure", MEASURES, usual=MEASURES[0], words=measures.__getitem__)
    replay.control()

shapes = drawn_areas(seen.reports, level)
if shapes.empty:
    st.info(_("No boundaries are loaded: run “python -m reportdb areas load”."), icon=":material/map:")
    raise Complete

code = next(iter(seen.query.get("case", ())), None)
case = map_queries.case(seen.reports, seen.filters, code=code) if code else None
if code and not case:
    if not seen.filters.scope.reads_all:
        access.refused_here("case refused", code)
    panel("notice", key="notice_case", says=_("There is no case {code} at this moment.", code=code))


def drawn(then: Viewing) -> None:
    """Draw the map at a moment, with what it shows."""
    if not screen().webgl:
        live_map.plainly(then, shapes, level=level, measure=measure)
        return
    view = live_map.frame(shapes)
    found = live_map.draw(then, shapes, view, show=show, level=level, measure=measure)
    st.pydeck_chart(
        live_map.deck(view, found, case),
        height="stretch",
        key=sized(live_map.KEY),
        on_select=lambda: live_map.follow(seen, level),
        alt=found.what,
    )
    map_panels.about(found.what, found.shown, found.missing, found.marks, maps.sources(shapes))


left, right = st.columns([3, 1])
with left:
    replay.played(seen, drawn)
with right:
    if case:
        map_panels.case(seen, case)
    hint = _("Click an area to look at it alone.") if show != "density" else _("Click a square to look at it alone.")
    map_panels.place(seen, level, hint)
