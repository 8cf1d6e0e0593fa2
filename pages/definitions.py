"""What does every number mean, what is it made of, and what does it rest on?"""

import streamlit as st

from ui import definitions, signals
from ui.ranking import meaning_of_ranking
from ui.viewing import viewing
from ui.words import _

seen = viewing()
st.title(_("What do the numbers mean, and what do they rest on?"), anchor=False)
definitions.measures(seen)
meaning_of_ranking(seen)
signals.of_units(seen)
definitions.ground(seen)
