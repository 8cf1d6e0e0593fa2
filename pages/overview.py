"""Is the city keeping its promises to citizens right now, and where is it not?"""

import streamlit as st

from queries.figures.figures import figures
from ui.base.i18n import _
from ui.base.run import Complete, current_run
from ui.cases import named, newest
from ui.figures import flow_chart, tiles, unknown_ends
from ui.figures.headline import headline
from ui.live import freshness
from ui.live_map import overview_map
from ui.map.plain_ground import drawn_level
from ui.unit import best_and_worst

run = current_run()
st.title(_("Is the city keeping its promises?"), anchor=False)

now = tiles.row(figures(run.reports, run.filters))
if not now["received"] and not now["open"]:
    freshness.nothing_found(run.city)
    raise Complete
tiles.tiles(run, lambda: headline(run), key="headline")
unknown_ends.unknown_ends(run, now, key="unknown_ends")
named.named(run, key="named")

left, right = st.columns([3, 2])
with left:
    st.subheader(_("Where are open reports overdue?"), anchor=False)
    level = drawn_level(run.reports)
    if level is None:
        overview_map.plain(run)
    else:
        overview_map.areas(run, level)
with right:
    best_and_worst.worst_and_best(run, key="leaders")

left, right = st.columns([3, 2])
with left:
    flow_chart.flow(run, key="flow")
with right:
    newest.newest(run, key="newest")
