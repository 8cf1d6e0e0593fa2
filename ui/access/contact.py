"""A reporter's contact: shown on request, for a reason that is logged, and for a few minutes."""

import time

import streamlit as st

from queries.access.accounts import contact
from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.engine.errors import Kind
from safe_text import streamlit_label
from ui.access.accounts import CONTACTS, account
from ui.base.html_panel import panel
from ui.base.i18n import _
from ui.base.run import Run
from ui.live import watch

_SECONDS_SHOWN = 300
_LONGEST_REASON = 200


def draw(run: Run, case: dict[str, object]) -> None:
    """Draw the form for the citizen's name and telephone, if the viewer's role may see them."""
    if account().role not in CONTACTS:
        return
    shown = st.session_state.get("contact")
    if shown and shown["case"] == case["id"] and (seconds := shown["until"] - time.monotonic()) > 0:
        # The browser closes it by itself, even if the page has not been drawn again by then.
        panel("contact", key="contact_shown", contact=shown["contact"], seconds=round(seconds))
        return
    st.session_state.pop("contact", None)
    if watch.viewer().pulse.is_copy and not run.reports.writes_elsewhere:
        _stays_shut("read_only")
        return
    with st.form("contact_form", border=True):
        st.markdown("**" + streamlit_label(_("Who sent it in")) + "**")
        reason = st.text_input(
            _("Why do you need to know?"),
            max_chars=_LONGEST_REASON,
            help=_("Your name, the time and this reason are written into the access log."),
        )
        asked = st.form_submit_button(_("Show name and telephone"))
    if not asked:
        return
    if not reason.strip():
        st.warning(_("Write the reason first."), icon=":material/edit:")
        return
    try:
        found = contact(run.reports, account(), int(str(case["id"])), reason.strip())
    except (DatabaseAway, NotAReportDatabase) as trouble:
        _stays_shut(trouble.kind)
        return
    st.session_state["contact"] = {"case": case["id"], "contact": found, "until": time.monotonic() + _SECONDS_SHOWN}
    st.rerun()


def _stays_shut(kind: Kind) -> None:
    """Say why no contact can be shown: without a line in the access log it is refused."""
    words = (
        _(
            "This dashboard reads a copy of the database, where the access log cannot be written, so the "
            "contact cannot be shown. Its operator can set REPORT_DB_WRITE_URL to the primary database."
        )
        if kind == "read_only"
        else _("The access log cannot be written now, so the contact cannot be shown.")
    )
    st.warning(streamlit_label(words), icon=":material/lock:")
