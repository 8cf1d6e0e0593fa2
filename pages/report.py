"""What has become of this one report?"""

from urllib.parse import urlsplit

import streamlit as st

from queries.cases import case_rows
from queries.report import NEAR_METRES, events, held, nearby, report
from ui import case_story, maps
from ui.pages import REPORT
from ui.panel import address, panel
from ui.viewing import viewing
from ui.words import _, language, number

seen = viewing()
code = next(iter(seen.query.get("code", [])), "")
case = report(seen.reports, seen.filters, code) if code else None
if case is None:
    st.title(_("Case"), anchor=False)
    st.info(
        _("No case with this code can be shown at this moment. Check the code, or search for it on the page “Cases”."),
        icon=":material/search_off:",
    )
    st.stop()

steps = events(seen.reports, seen.filters, case["id"])
near = nearby(seen.reports, seen.filters, case)
similar = case_rows(seen.reports, seen.filters, near["id"].tolist()).merge(near, on="id")

left, right = st.columns([5, 3])
with left:
    panel("report", key="report", case=case_story.head(seen, case))
    panel(
        "report_way",
        key="report_way",
        steps=case_story.timeline(seen, steps),
        holders=case_story.holders(seen, held(steps, seen.filters.at), still=case["ended_at"] is None),
    )
with right:
    if case["lat"] is not None:
        dark = st.context.theme.type == "dark"
        overdue = case["state"] == "overdue"
        st.pydeck_chart(
            maps.one_place(case["lon"], case["lat"], overdue=overdue, language=language(), dark=dark),
            height=300,
            key="report_map",
            alt=_("Map of the place of this report"),
        )
    panel("report_terms", key="report_terms", terms=case_story.terms(case, steps), source=case["rule_source"])
    panel(
        "report_near",
        key="report_near",
        metres=number(NEAR_METRES),
        located=case["lat"] is not None,
        cases=case_story.neighbours(seen, similar),
    )
    st.caption(_("A link to this case that stays"))
    here = urlsplit(st.context.url or "")
    folder = here.path.rstrip("/").rsplit("/", 1)[0]
    st.code(
        f"{here.scheme}://{here.netloc}{folder}/{address(REPORT, code=case['public_code'])}",
        language=None,
        wrap_lines=True,
    )
