"""Who may come in, who has looked at what, and who takes out unusually much?"""

import streamlit as st

from queries.accounts import listed, log
from ui import access_page, record
from ui.access import account
from ui.controls import one_of, words_of
from ui.panel import panel
from ui.viewing import viewing
from ui.words import _

seen = viewing()
st.title(_("Access"), anchor=False)
panel("access_volume", key="volume", **access_page.volume(seen, record.lately(seen.reports)))
panel("access_accounts", key="accounts", **access_page.accounts(seen, listed(seen.reports, account())))
before, strange = access_page.asked_before(seen)
if strange:
    panel("notice", key="notice_before", words=strange)
with st.container(horizontal=True, vertical_alignment="bottom", key="log_controls"):
    kind = one_of(_("What"), "kind", ["", *access_page.KINDS], usual="", words=access_page.kind_name)
    words_of(_("By whom"), "who", example="lan@hanoi.example")
lines = log(
    seen.reports,
    account(),
    limit=access_page.PAGE_LENGTH + 1,
    before=before,
    who=access_page.asked_who(seen),
    actions=access_page.KINDS.get(kind),
)
panel("access_log", key="access_log", **access_page.lines(seen, lines, before))
