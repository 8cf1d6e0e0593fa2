"""How does one unit keep its promises, beside the whole city?"""

import pandas as pd
import streamlit as st

from queries.cases import case_count
from queries.figures import names, timed, with_sums
from queries.units import family
from ui import access, examples, flow, signals, status, tiles, unit, unit_beside
from ui.controls import words_of
from ui.viewing import Complete, viewing
from ui.words import _

seen = viewing()
chosen = seen.filters.units
known = names(seen.reports, "unit")
if len(chosen) != 1 or chosen[0] not in known.index:
    st.title(_("Which unit?"), anchor=False)
    unit.choose(seen, words_of(_("Find a unit by its name"), "q", example=examples.of_unit(seen.reports)))
    raise Complete

relatives = family(seen.reports, chosen[0])
unit.head(seen, relatives)

city_filters = seen.filters.citywide()
own, city = seen.shared(
    "own and city",
    lambda: [
        tiles.row(with_sums(timed(seen.reports, filters)))
        | {"reopened": case_count(seen.reports, filters, figure="reopened")}
        for filters in (seen.filters, city_filters)
    ],
)
mine = access.account().unit_id == chosen[0]
unit.duties(seen, own)
if mine:  # who answers for the unit begins with what to do
    unit.work(seen)
unit_beside.beside(seen, own, city)
if not own["open"] and not own["received"] and not own["ended"]:
    if seen.rounded:
        status.nothing_found(seen.city)
    else:
        st.info(
            _("This unit had nothing to do in this period. Widen the period or choose another moment."),
            icon=":material/inbox:",
        )
    if not mine:  # what it handed to a higher level is listed there
        unit.work(seen)
    raise Complete

left, right = st.columns([3, 2])
with left:
    flow.flow(seen, key="flow")
with right:
    unit.people(seen)

left, right = st.columns([3, 2])
with left:
    unit.categories(seen, city_filters)
    area = relatives.loc[relatives["role"] == "itself", "area_id"].iloc[0]
    unit.small_map(seen, None if pd.isna(area) else int(area), own["open"])
    unit.ratings(seen, own)
with right:
    unit.places(seen)
    signals.of_unit(seen, city_filters)

if not mine:
    unit.work(seen)
