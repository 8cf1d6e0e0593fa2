"""What does each number mean, how is it computed, and what does it rest on?"""

import streamlit as st

from ui.base.i18n import _
from ui.base.run import current_run
from ui.figures import definitions
from ui.figures.ground import ground
from ui.figures.ranking_notes import meaning_of_ranking
from ui.unit import signals

run = current_run()
st.title(_("What do the numbers mean, and what do they rest on?"), anchor=False)
definitions.measures(run)
meaning_of_ranking(run)
signals.of_units(run)
ground(run)
