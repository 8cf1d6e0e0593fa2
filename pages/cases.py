"""Which cases does this number count?"""

import streamlit as st

from queries.cases import FIGURES, case_count, cases
from queries.figures import names
from ui.states import state
from ui.viewing import viewing
from ui.words import _, name, ngettext

seen = viewing()
st.title(_("Which cases does the number count?"), anchor=False)
wanted = next(iter(seen.query.get("figure", ["open"])), "open")
figure = wanted if wanted in FIGURES else "open"
count = case_count(seen.reports, seen.filters, figure=figure)
st.subheader(ngettext("{count} case", "{count} cases", count), anchor=False)
if not count:
    st.info(
        _("No report matches these filters. Widen the period or remove a filter."), icon=":material/filter_alt_off:"
    )
    st.stop()

table = cases(seen.reports, seen.filters, figure=figure, order="worklist", limit=200)
for dimension in ("category", "district", "ward", "unit"):
    known = names(seen.reports, dimension)
    labels = {key: name(row) for key, row in known.iterrows()}
    table[dimension] = table[f"{dimension}_id"].map(labels)
table["state"] = table["state"].map(state)
st.dataframe(
    table[
        ["public_code", "title", "state", "category", "district", "ward", "unit", "officer", "submitted_at", "due_at"]
    ],
    hide_index=True,
    column_config={
        "public_code": _("Code"),
        "title": _("What"),
        "state": _("Progress"),
        "category": _("Category"),
        "district": _("District"),
        "ward": _("Ward"),
        "unit": _("Unit"),
        "officer": _("Officer"),
        "submitted_at": st.column_config.DatetimeColumn(_("Submitted"), format="DD/MM/YYYY HH:mm"),
        "due_at": st.column_config.DatetimeColumn(_("Due"), format="DD/MM/YYYY HH:mm"),
    },
    key="cases",
    alt=_("The cases, the earliest deadline first"),
)
