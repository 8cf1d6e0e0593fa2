"""Received, resolved and open reports over the period."""

import streamlit as st

from queries.figures.days import days
from safe_text import streamlit_label
from ui.base.i18n import _
from ui.base.run import Run
from ui.base.theme import palette
from ui.base.viewport import viewport
from ui.figures import charts


def flow(run: Run, *, key: str) -> None:
    """Draw the period's flow under its title, in days or weeks. Raises DatabaseAway."""
    table, step = days(run.reports, run.filters)
    title = _("Received and resolved, day by day") if step == 1 else _("Received and resolved, week by week")
    st.subheader(streamlit_label(title), anchor=False)
    figure = run.shared((key, palette(), viewport().scale), lambda: charts.flow(table, palette()))
    charts.draw(figure, key=key, alt=title)
