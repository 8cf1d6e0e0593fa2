"""What does every number mean, what is it made of, and what does it rest on?"""

import streamlit as st

from ui.base.i18n import _
from ui.base.run import viewing
from ui.figures import definitions
from ui.unit import signals
from ui.unit.ranking_notes import meaning_of_ranking

seen = viewing()
st.title(_("What do the numbers mean, and what do they rest on?"), anchor=False)
definitions.measures(seen)
meaning_of_ranking(seen)
signals.of_units(seen)
definitions.ground(seen)
