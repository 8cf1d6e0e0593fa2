"""Where in the city are the open reports, which are late, and what has just come in?"""

import streamlit as st

from queries.places import map as map_queries
from ui.access import accounts, record
from ui.address.controls import one_of
from ui.base import levels
from ui.base.html_panel import panel
from ui.base.i18n import _
from ui.base.run import Complete, Run, current_run
from ui.base.viewport import screen, sized
from ui.live_map import live_map, map_panels, replay
from ui.map.colour_scale import MEASURES
from ui.map.plain_ground import drawn_level, drawn_levels

run = current_run()
st.title(_("Where are the reports, and which are late?"), anchor=False)

shows = {"points": _("Open reports"), "areas": _("Areas"), "density": _("Density")}
level_words: dict[str, str] = {level: levels.many(run.city, level) for level in levels.AREAS}
measures = {
    "overdue": _("Overdue share"),
    "backlog": _("Backlog"),
    "received": _("Received per 10,000 inhabitants"),
    "time": _("Handling time"),
}
with st.container(horizontal=True, vertical_alignment="bottom", key="map_controls"):
    ways = live_map.ways(run)
    show = one_of(_("Show"), "show", ways, default=ways[0], words=shows.__getitem__)
    drawn_ones = drawn_levels(run.reports)
    if len(drawn_ones) > 1:
        one_of(_("Level"), "level", drawn_ones, default=drawn_ones[0], words=level_words.__getitem__)
    level = drawn_level(run.reports, "ward" if st.query_params.get("level") == "ward" else "district")
    measure = MEASURES[0]
    if show == "areas":
        measure = one_of(_("Coloured by"), "measure", MEASURES, default=MEASURES[0], words=measures.__getitem__)
    replay.control()

view = live_map.frame(run, level)
if view is None:
    st.info(_("No report has a place that a map could show."), icon=":material/map:")
    raise Complete

code = next(iter(run.query.get("case", ())), None)
case = map_queries.case(run.reports, run.filters, code=code) if code else None
if case:
    record.opened(int(case["id"]), where="map")
elif code:
    if not run.filters.scope.reads_all:
        accounts.refused_here("case refused", code)
    panel("notice", key="notice_case", says=_("There is no case {code} at this moment.", code=code))


def drawn(then: Run) -> None:
    """Draw the map at a moment, with its legend and notes."""
    if not screen().webgl:
        live_map.plainly(then, level=level, measure=measure)
        return
    found = live_map.draw(then, view, show=show, level=level, measure=measure)
    st.pydeck_chart(
        live_map.deck(view, found, case),
        height="stretch",
        key=sized(live_map.KEY),
        on_select=lambda: live_map.follow(run, level),
        alt=found.what,
    )
    map_panels.about(found.what, found.shown, found.missing, found.marks, live_map.sources(run, level))


left, right = st.columns([3, 1])
with left:
    replay.played(run, drawn)
with right:
    if case:
        map_panels.case(run, case)
    map_panels.place(run, level, live_map.hint(show, level))
