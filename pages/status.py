"""Does the dashboard work as it should, and are its numbers as fresh as they look?"""

import streamlit as st

from ui.base.i18n import _
from ui.server import status_page

st.title(_("Is what these screens show up to date?"), anchor=False)
status_page.draw()
