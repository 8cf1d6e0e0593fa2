"""Which units are late, and how late?"""

from typing import Literal

import streamlit as st

from queries.figures.ranking import Order
from ui.address.controls import one_of
from ui.base import levels
from ui.base.html_panel import shared_panel
from ui.base.i18n import _
from ui.base.run import current_run
from ui.figures import published
from ui.unit.leaderboard import kinds_of, leaderboard

BY = ("unit", "district")
ORDERS = ("fair", "naive")

run = current_run()
st.title(_("Which units are late, and how late?"), anchor=False)

district = levels.many(run.city, "district")
by_words = {"unit": _("Units"), "district": _("{places}, as areas", places=district)}
kind_words = {
    "all": _("All"),
    "commune": levels.many(run.city, "commune_unit"),
    "department": _("Departments and utilities"),
    "district": levels.many(run.city, "district_unit"),
}
order_words = {"fair": _("Fair"), "naive": _("By plain share")}
with st.container(horizontal=True, vertical_alignment="top", key="compare"):
    chosen = "unit"
    if "district" in levels.present(run.reports):
        chosen = one_of(_("Compare"), "by", BY, default="unit", words=by_words.__getitem__)
    by: Literal["unit", "district"] = "district" if chosen == "district" else "unit"
    kind = "all"
    kinds = kinds_of(run.reports)
    if by == "unit" and kinds:
        kind = one_of(_("Which units"), "kind", kinds, default="all", words=kind_words.__getitem__)
    wanted = one_of(_("Ranking"), "ranking", ORDERS, default="fair", words=order_words.__getitem__)
    order: Order = "naive" if wanted == "naive" else "fair"

shared_panel(run, "overdue", key="leaderboard", make=lambda: leaderboard(run, by=by, kind=kind, order=order))
published.of_city(run)
