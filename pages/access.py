"""Who has access, who looked at what, and whose volume is unusual?"""

import streamlit as st

from queries.access.accounts import listed, log
from ui.access import access_log, record
from ui.access.accounts import account
from ui.address.controls import one_of, words_of
from ui.base.html_panel import panel
from ui.base.i18n import _
from ui.base.run import current_run

run = current_run()
st.title(_("Access"), anchor=False)
panel("access_volume", key="volume", **access_log.volume(run, record.lately(run.reports)))
panel("access_accounts", key="accounts", **access_log.accounts(run, listed(run.reports, account())))
before, unrecognised = access_log.asked_before(run)
if unrecognised:
    panel("notice", key="notice_before", words=unrecognised)
with st.container(horizontal=True, vertical_alignment="bottom", key="log_controls"):
    kind = one_of(_("What"), "kind", ["", *access_log.KINDS], default="", words=access_log.kind_name)
    words_of(_("By whom"), "who", example="lan@hanoi.example")
lines = log(
    run.reports,
    account(),
    limit=access_log.PAGE_LENGTH + 1,
    before=before,
    who=access_log.asked_who(run),
    actions=access_log.KINDS.get(kind),
)
panel("access_log", key="access_log", **access_log.lines(run, lines, before))
