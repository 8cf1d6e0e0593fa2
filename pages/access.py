"""Who may come in, who has looked at what, and who takes out unusually much?"""

import streamlit as st

from queries.access.accounts import listed, log
from ui.access import access_log, record
from ui.access.accounts import account
from ui.address.controls import one_of, words_of
from ui.base.html_panel import panel
from ui.base.i18n import _
from ui.base.run import viewing

seen = viewing()
st.title(_("Access"), anchor=False)
panel("access_volume", key="volume", **access_log.volume(seen, record.lately(seen.reports)))
panel("access_accounts", key="accounts", **access_log.accounts(seen, listed(seen.reports, account())))
before, strange = access_log.asked_before(seen)
if strange:
    panel("notice", key="notice_before", words=strange)
with st.container(horizontal=True, vertical_alignment="bottom", key="log_controls"):
    kind = one_of(_("What"), "kind", ["", *access_log.KINDS], usual="", words=access_log.kind_name)
    words_of(_("By whom"), "who", example="lan@hanoi.example")
lines = log(
    seen.reports,
    account(),
    limit=access_log.PAGE_LENGTH + 1,
    before=before,
    who=access_log.asked_who(seen),
    actions=access_log.KINDS.get(kind),
)
panel("access_log", key="access_log", **access_log.lines(seen, lines, before))
