"""What has become of this one report?"""

from dataclasses import replace
from urllib.parse import urlsplit

import streamlit as st

from queries.cases.report import events, reading, report
from ui.access import accounts, record
from ui.address.links import address
from ui.base.html_panel import shared_panel
from ui.base.i18n import _
from ui.base.page_paths import REPORT
from ui.base.run import Complete, viewing
from ui.base.viewport import pixels, screen, sized
from ui.cases import contact, detail
from ui.figures import published
from ui.live_map import plain_map
from ui.map import map_layers
from ui.map.place_map import one_place
from ui.map.plain_ground import drawn_level

seen = viewing()
code = next(iter(seen.query.get("code", [])), "")
handed_up = reading(seen.reports, seen.filters, code) if code else seen.filters
held_here = handed_up == seen.filters
seen = replace(seen, filters=handed_up)
found = seen.shared("case", lambda: report(seen.reports, seen.filters, code)) if code else None
if found is None:
    st.title(_("Case"), anchor=False)
    if code and not seen.filters.scope.reads_all:
        accounts.refused_here("case refused", code)
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
    shared_panel(seen, "report", key="report", make=lambda: detail.head(seen, case))
    shared_panel(seen, "report_way", key="report_way", make=lambda: detail.way(seen, case, steps))
with right:
    dark = st.context.theme.type == "dark"
    if case["lat"] is not None and not screen().webgl:
        plain_map.one_place(
            seen,
            case["lon"],
            case["lat"],
            colour=map_layers.state_colour(case["state"], dark=dark),
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
        contact.draw(seen, case)
    shared_panel(seen, "report_terms", key="report_terms", make=lambda: detail.deadline_terms(seen, case, steps))
    published.case_panel(seen, case)
    shared_panel(seen, "report_near", key="report_near", make=lambda: detail.neighbours(seen, case))
    st.markdown(_("A link to this case that stays"))
    here = urlsplit(st.context.url or "")
    folder = here.path.rstrip("/").rsplit("/", 1)[0]
    st.code(
        f"{here.scheme}://{here.netloc}{folder}/{address(REPORT, code=case['public_code'])}",
        language=None,
        wrap_lines=True,
    )
