"""Does the dashboard itself do what it should, and is what it shows as new as it looks?"""

import streamlit as st

from ui.base.i18n import _
from ui.server import status_page

st.title(_("Is what these screens show up to date?"), anchor=False)
status_page.draw()
