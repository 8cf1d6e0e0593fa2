"""How big is the backlog, where does it lie, and what comes first?"""

import streamlit as st

from queries.figures.days import days
from queries.figures.figures import Dimension
from safe_text import streamlit_label
from ui.address.controls import one_of
from ui.base import levels
from ui.base.i18n import _
from ui.base.run import Complete, viewing
from ui.base.theme import palette
from ui.base.viewport import screen
from ui.cases.worklist import worklist
from ui.figures import backlog_table as shown
from ui.figures import tiles
from ui.figures.charts import open_history
from ui.live import freshness

seen = viewing()
st.title(_("How big is the backlog, and where does it lie?"), anchor=False)

since = shown.compared_since(seen)
total = shown.total(seen, since)
if not total["open"] and not total["received"] and not total["ended"]:
    if seen.rounded:
        freshness.nothing_found(seen.city)
    else:
        st.info(_("Nothing is open here, and nothing came in lately."), icon=":material/task_alt:")
    raise Complete

tiles.tiles(seen, lambda: shown.headline(seen, total), key="backlog_headline")
narrowed = bool(seen.filters.districts or seen.filters.wards or seen.filters.units)
if narrowed:
    worklist(seen, key="backlog_worklist")

left, right = st.columns([3, 2])
with left:
    table, step = days(seen.reports, seen.filters)
    title = _("Open reports, day by day") if step == 1 else _("Open reports, week by week")
    st.subheader(streamlit_label(title), anchor=False)
    figure = seen.shared(("history", palette(), screen().scale), lambda: open_history(table, palette()))
    st.plotly_chart(figure, key="history", config={"displayModeBar": False}, theme=None, alt=title)
with right:
    shown.pace(seen, total)

rows: dict[str, Dimension] = {str(level): level for level in (*levels.present(seen.reports), "unit")}
labels: dict[str, str] = {level: levels.many(seen.city, level) for level in levels.AREAS}
labels["unit"] = _("Units")
by = rows[one_of(_("Row by row"), "by", list(rows), usual=next(iter(rows)), words=labels.__getitem__)]
sort = next(iter(seen.query.get("sort", [])), "open")
sort = sort if sort.removeprefix("-") in shown.SORTS else "open"
shown.table(seen, since, by=by, sort=sort)
shown.heat(seen, since, by=by, sort=sort)
if not narrowed:
    st.markdown(_("Choose a place or a unit, and its list of work appears here: what comes first, who holds it."))
