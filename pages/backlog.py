"""How big is the backlog, where does it lie, and what comes first?"""

import streamlit as st

from queries.figures.days import days
from queries.figures.figures import Dimension
from safe_text import streamlit_label
from ui.address.controls import one_of
from ui.base import levels
from ui.base.i18n import _
from ui.base.run import Complete, current_run
from ui.base.theme import palette
from ui.base.viewport import viewport
from ui.cases.worklist import worklist
from ui.figures import backlog_tiles, charts, tiles
from ui.live import freshness
from ui.unit import backlog_table

run = current_run()
st.title(_("How big is the backlog, and where does it lie?"), anchor=False)

since = backlog_tiles.compared_since(run)
total = backlog_tiles.total(run, since)
if not total["open"] and not total["received"] and not total["ended"]:
    if run.rounded:
        freshness.nothing_found(run.city)
    else:
        st.info(_("Nothing is open here, and nothing was received lately."), icon=":material/task_alt:")
    raise Complete

tiles.tiles(run, lambda: backlog_tiles.headline(run, total), key="backlog_headline")
narrowed = bool(run.filters.districts or run.filters.wards or run.filters.units)
if narrowed:
    worklist(run, key="backlog_worklist")

left, right = st.columns([3, 2])
with left:
    table, step = days(run.reports, run.filters)
    title = _("Open reports, day by day") if step == 1 else _("Open reports, week by week")
    st.subheader(streamlit_label(title), anchor=False)
    figure = run.shared(("history", palette(), viewport().scale), lambda: charts.open_history(table, palette()))
    charts.draw(figure, key="history", alt=title)
with right:
    backlog_table.pace(run, total)

rows: dict[str, Dimension] = {str(level): level for level in (*levels.present(run.reports), "unit")}
labels: dict[str, str] = {level: levels.many(run.city, level) for level in levels.AREAS}
labels["unit"] = _("Units")
by = rows[one_of(_("Group by"), "by", list(rows), default=next(iter(rows)), words=labels.__getitem__)]
sort = next(iter(run.query.get("sort", [])), "open")
sort = sort if sort.removeprefix("-") in backlog_table.SORTS else "open"
backlog_table.table(run, since, by=by, sort=sort)
backlog_table.heat(run, since, by=by, sort=sort)
if not narrowed:
    st.markdown(_("Choose a place or a unit to see its worklist here: what comes first, who holds it."))
