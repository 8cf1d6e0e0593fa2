"""What has become of this one report?"""

from dataclasses import replace
from urllib.parse import urlsplit

import streamlit as st

from queries.report import events, reading, report
from ui import access, case_story, contacts, maps, plain_map, published, record
from ui.links import REPORT
from ui.panel import address, shared_panel
from ui.place_map import one_place
from ui.plain_ground import drawn_level
from ui.screen import pixels, screen, sized
from ui.viewing import Complete, viewing
from ui.words import _

seen = viewing()
code = next(iter(seen.query.get("code", [])), "")
handed_up = reading(seen.reports, seen.filters, code) if code else seen.filters
held_here = handed_up == seen.filters
seen = replace(seen, filters=handed_up)
found = seen.shared("case", lambda: report(seen.reports, seen.filters, code)) if code else None
if found is None:
    st.title(_("Case"), anchor=False)
    if code and not seen.filters.scope.reads_all:
        access.refused_here("case refused", code)
    st.info(
        _("No case with this code can be shown to you at this moment: there is none, or another unit holds it."),
        icon=":material/search_off:",
    )
    raise Complete

case = found
record.opened(int(case["id"]))
steps = seen.shared("steps", lambda: events(seen.reports, seen.filters, case["id"]))
left, right = st.columns([5, 3])
with left:
    shared_panel(seen, "report", key="report", make=lambda: case_story.head(seen, case))
    shared_panel(seen, "report_way", key="report_way", make=lambda: case_story.way(seen, case, steps))
with right:
    dark = st.context.theme.type == "dark"
    if case["lat"] is not None and not screen().webgl:
        plain_map.one_place(
            seen,
            case["lon"],
            case["lat"],
            colour=maps.state_colour(case["state"], dark=dark),
            size=(520, 300),
            key="report_map",
            alt=_("Map of the place of this report"),
        )
    elif case["lat"] is not None:
        st.pydeck_chart(
            seen.shared(
                ("map", dark, pixels(300)),
                lambda: one_place(
                    case["lon"], case["lat"], state=case["state"], level=drawn_level(seen.reports, "ward"), dark=dark
                ),
            ),
            height=pixels(300),
            key=sized("report_map"),
            alt=_("Map of the place of this report"),
        )
    if held_here:
        contacts.draw(seen, case)
    shared_panel(seen, "report_terms", key="report_terms", make=lambda: case_story.deadline_terms(seen, case, steps))
    published.case_panel(seen, case)
    shared_panel(seen, "report_near", key="report_near", make=lambda: case_story.neighbours(seen, case))
    st.markdown(_("A link to this case that stays"))
    here = urlsplit(st.context.url or "")
    folder = here.path.rstrip("/").rsplit("/", 1)[0]
    st.code(
        f"{here.scheme}://{here.netloc}{folder}/{address(REPORT, code=case['public_code'])}",
        language=None,
        wrap_lines=True,
    )
