"""What has become of this report?"""

from dataclasses import replace
from urllib.parse import urlsplit

import streamlit as st

from queries.cases.report import events, reading, report
from ui.access import accounts, contact, record
from ui.address.links import address
from ui.base.html_panel import shared_panel
from ui.base.i18n import _
from ui.base.page_paths import REPORT
from ui.base.run import Complete, current_run
from ui.base.viewport import pixels, sized, viewport
from ui.cases import detail
from ui.figures import published_case
from ui.live_map import plain_map
from ui.map import map_layers
from ui.map.place_map import one_place
from ui.map.plain_ground import drawn_level

run = current_run()
code = next(iter(run.query.get("code", [])), "")
handed_up = reading(run.reports, run.filters, code) if code else run.filters
held_here = handed_up == run.filters
run = replace(run, filters=handed_up)
found = run.shared("case", lambda: report(run.reports, run.filters, code)) if code else None
if found is None:
    st.title(_("Case"), anchor=False)
    if code and not run.filters.scope.reads_all:
        accounts.refused_here("case refused", code)
    st.info(
        _("No case with this code can be shown to you at this moment: there is none, or another unit holds it."),
        icon=":material/search_off:",
    )
    raise Complete

case = found
record.opened(int(case["id"]))
steps = run.shared("steps", lambda: events(run.reports, run.filters, case["id"]))
left, right = st.columns([5, 3])
with left:
    shared_panel(run, "report", key="report", make=lambda: detail.head(run, case))
    shared_panel(run, "report_way", key="report_way", make=lambda: detail.way(run, case, steps))
with right:
    dark = st.context.theme.type == "dark"
    if case["lat"] is not None and not viewport().webgl:
        plain_map.one_place(
            run,
            case["lon"],
            case["lat"],
            colour=map_layers.state_colour(case["state"], dark=dark),
            size=(520, 300),
            key="report_map",
            alt=_("Map of the place of this report"),
        )
    elif case["lat"] is not None:
        st.pydeck_chart(
            run.shared(
                ("map", dark, pixels(300)),
                lambda: one_place(
                    case["lon"], case["lat"], state=case["state"], level=drawn_level(run.reports, "ward"), dark=dark
                ),
            ),
            height=pixels(300),
            key=sized("report_map"),
            alt=_("Map of the place of this report"),
        )
    if held_here:
        contact.draw(run, case)
    shared_panel(run, "report_terms", key="report_terms", make=lambda: detail.deadline_terms(run, case, steps))
    published_case.case_panel(run, case)
    shared_panel(run, "report_near", key="report_near", make=lambda: detail.neighbours(run, case))
    st.markdown(_("A link to this case that stays"))
    here = urlsplit(st.context.url or "")
    folder = here.path.rstrip("/").rsplit("/", 1)[0]
    st.code(
        f"{here.scheme}://{here.netloc}{folder}/{address(REPORT, code=case['public_code'])}",
        language=None,
        wrap_lines=True,
    )
