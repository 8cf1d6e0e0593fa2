"""Is the city keeping its promises to citizens right now, and where is it not?"""

import streamlit as st

from queries.figures.figures import figures
from ui.base.i18n import _
from ui.base.run import Complete, viewing
from ui.cases import named, newest
from ui.figures import flow_chart, tiles
from ui.figures.headline import headline
from ui.live import freshness
from ui.live_map import overview_map
from ui.map.plain_ground import drawn_level
from ui.unit import best_and_worst

seen = viewing()
st.title(_("Is the city keeping its promises?"), anchor=False)

now = tiles.row(figures(seen.reports, seen.filters))
if not now["received"] and not now["open"]:
    freshness.nothing_found(seen.city)
    raise Complete
tiles.tiles(seen, lambda: headline(seen), key="headline")
named.named(seen, key="named")

left, right = st.columns([3, 2])
with left:
    st.subheader(_("Where are open reports overdue?"), anchor=False)
    level = drawn_level(seen.reports)
    if level is None:
        overview_map.plain(seen)
    else:
        overview_map.areas(seen, level)
with right:
    best_and_worst.worst_and_best(seen, key="leaders")

left, right = st.columns([3, 2])
with left:
    flow_chart.flow(seen, key="flow")
with right:
    newest.newest(seen, key="newest")
