"""Does the dashboard itself do what it should, and is what it shows as new as it looks?"""

import streamlit as st

from ui import status_page
from ui.words import _

st.title(_("Is what these screens show up to date?"), anchor=False)
status_page.draw()
