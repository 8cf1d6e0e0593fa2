"""Which units are late, and how late?"""

from typing import Literal

import streamlit as st

from queries.overdue import overdue, placed
from ui.controls import one_of
from ui.leaderboard import leaderboard
from ui.viewing import viewing
from ui.words import _, moment

BY = ("unit", "district")
KINDS = {
    "all": ("city", "district", "commune", "department", "utility"),
    "commune": ("commune",),
    "department": ("city", "department", "utility"),
    "district": ("district",),
}

seen = viewing()
st.title(_("Which units are late, and how late?"), anchor=False)

by_words = {"unit": _("Units"), "district": _("Districts, as areas")}
kind_words = {
    "all": _("All"),
    "commune": _("Communes and wards"),
    "department": _("Departments and utilities"),
    "district": _("District committees"),
}
with st.container(horizontal=True, vertical_alignment="top", key="compare"):
    chosen = one_of(_("Compare"), "by", BY, usual="unit", words=by_words.__getitem__)
    by: Literal["unit", "district"] = "district" if chosen == "district" else "unit"
    kind = "all"
    if by == "unit":
        kind = one_of(_("Which units"), "kind", tuple(KINDS), usual="all", words=kind_words.__getitem__)

table = overdue(seen.reports, seen.filters, by=by)
then = seen.filters.before()
before = overdue(seen.reports, then, by=by)
if by == "unit":
    table, before = (placed(each[each["kind"].isin(KINDS[kind])]) for each in (table, before))
if table.empty:
    st.info(_("No unit of this kind holds an open report."), icon=":material/filter_alt_off:")
    st.stop()
leaderboard(seen, table, before, by=by, since=moment(seen.local(then.at)))
