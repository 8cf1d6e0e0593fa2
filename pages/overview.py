"""Is the city keeping its promises to citizens right now, and where is it not?"""

import streamlit as st

from queries.figures import figures
from ui import flow, leaders, maps, newest, plain_map, status, tiles
from ui.filters import carried
from ui.headline import headline
from ui.panel import address
from ui.screen import pixels, screen, sized
from ui.viewing import Complete, viewing
from ui.words import _, language

seen = viewing()
st.title(_("Is the city keeping its promises?"), anchor=False)

now = tiles.row(figures(seen.reports, seen.filters))
if not now["received"] and not now["open"]:
    status.nothing_found(seen.city)
    raise Complete
tiles.tiles(seen, lambda: headline(seen), key="headline")

left, right = st.columns([3, 2])
with left:
    st.subheader(_("Where are open reports overdue?"), anchor=False)
    shapes = seen.reports.ask("areas", level="district")
    if shapes.empty:
        st.info(_("No boundaries are loaded: run “python -m reportdb areas load”."), icon=":material/map:")
    elif not screen().webgl:
        plain_map.by_measure(
            seen,
            "district",
            "overdue",
            says="{name}\n" + _("{raw} open reports overdue", raw="{raw}"),
            size=(900, 470),
            key="district_map",
            alt=_("Map of the districts by the share of open reports that are overdue"),
        )
        maps.legend(shapes, dark=st.context.theme.type == "dark")
    else:
        data = address(
            "map/areas/district.geojson", **carried(seen) | {"at": seen.filters.at.isoformat(), "lang": language()}
        )
        st.pydeck_chart(
            maps.area_map(data, shapes, dark=st.context.theme.type == "dark"),
            height=pixels(470),
            key=sized("district_map"),
            alt=_("Map of the districts by the share of open reports that are overdue"),
        )
        maps.legend(shapes, dark=st.context.theme.type == "dark")
with right:
    leaders.worst_and_best(seen, key="leaders")

left, right = st.columns([3, 2])
with left:
    flow.flow(seen, key="flow")
with right:
    newest.newest(seen, key="newest")
