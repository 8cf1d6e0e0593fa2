"""How does one unit keep its promises, compared with the whole city?"""

import pandas as pd
import streamlit as st

from queries.cases.cases import case_count
from queries.figures.figures import names, timed, with_sums
from queries.units.units import family
from ui.access import accounts
from ui.address import examples
from ui.address.controls import words_of
from ui.base.i18n import _
from ui.base.run import Complete, current_run
from ui.figures import flow_chart, tiles, unknown_ends
from ui.live import freshness
from ui.live_map import unit_map
from ui.unit import comparison, signals, unit_head, unit_panels

run = current_run()
chosen = run.filters.units
known = names(run.reports, "unit")
if len(chosen) != 1 or chosen[0] not in known.index:
    st.title(_("Which unit?"), anchor=False)
    unit_head.choose(run, words_of(_("Find a unit by its name"), "q", example=examples.of_unit(run.reports)))
    raise Complete

relatives = family(run.reports, chosen[0])
unit_head.head(run, relatives)

city_filters = run.filters.citywide()
own, city = run.shared(
    "own and city",
    lambda: [
        tiles.row(with_sums(timed(run.reports, filters)))
        | {"reopened": case_count(run.reports, filters, figure="reopened")}
        for filters in (run.filters, city_filters)
    ],
)
mine = accounts.account().unit_id == chosen[0]
unit_panels.duties(run, own)
if mine:  # the unit's own staff see their work first
    unit_panels.work(run)
comparison.panel(run, own, city)
unknown_ends.unknown_ends(run, own, key="unknown_ends")
if not own["open"] and not own["received"] and not own["ended"]:
    if run.rounded:
        freshness.nothing_found(run.city)
    else:
        st.info(
            _("This unit had nothing to do in this period. Widen the period or choose another moment."),
            icon=":material/inbox:",
        )
    if not mine:  # their worklist already includes what the unit escalated
        unit_panels.work(run)
    raise Complete

left, right = st.columns([3, 2])
with left:
    flow_chart.flow(run, key="flow")
with right:
    unit_panels.people(run)

left, right = st.columns([3, 2])
with left:
    unit_panels.categories(run, city_filters)
    area = relatives.loc[relatives["role"] == "itself", "area_id"].iloc[0]
    unit_map.small_map(run, None if pd.isna(area) else int(area), own["open"])
    unit_panels.ratings(run, own)
with right:
    unit_panels.places(run)
    signals.of_unit(run, city_filters)

if not mine:
    unit_panels.work(run)
