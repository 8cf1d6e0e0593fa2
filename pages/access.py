"""Who may come in, and who has looked at what?"""

import streamlit as st

from queries.accounts import listed, log
from ui import access_page
from ui.access import account
from ui.panel import panel
from ui.viewing import viewing
from ui.words import _

seen = viewing()
st.title(_("Access"), anchor=False)
panel("access_accounts", key="accounts", **access_page.accounts(seen, listed(seen.reports, account())))
before, strange = access_page.asked_before(seen)
if strange:
    panel("notice", key="notice_before", words=strange)
lines = log(seen.reports, account(), limit=access_page.PAGE_LENGTH + 1, before=before)
panel("access_log", key="access_log", **access_page.lines(seen, lines, before))
