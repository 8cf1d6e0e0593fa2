"""Is the city keeping its promises to citizens right now, and where is it not?"""

import streamlit as st

from queries.figures import figures
from ui import flow, leaders, named, newest, overview_map, status, tiles
from ui.headline import headline
from ui.plain_ground import drawn_level
from ui.viewing import Complete, viewing
from ui.words import _

seen = viewing()
st.title(_("Is the city keeping its promises?"), anchor=False)

now = tiles.row(figures(seen.reports, seen.filters))
if not now["received"] and not now["open"]:
    status.nothing_found(seen.city)
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
    leaders.worst_and_best(seen, key="leaders")

left, right = st.columns([3, 2])
with left:
    flow.flow(seen, key="flow")
with right:
    newest.newest(seen, key="newest")
