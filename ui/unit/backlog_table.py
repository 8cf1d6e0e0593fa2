"""The backlog as a table: how urgent, how old, at which stage, received and ended, days of work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pandas as pd

from queries.figures.backlog import AGES, PACE_DAYS, RECEIPTS, STAGES, URGENCIES, backlog, mix
from queries.figures.figures import Dimension, labels, names
from ui.address.links import address
from ui.base import levels
from ui.base.figure_names import column_heading, meaning
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, language, name, number
from ui.base.run import Run
from ui.figures.backlog_tiles import total, with_ages
from ui.figures.change import Then
from ui.figures.count import Count
from ui.figures.unconfirmed import Mark, mark
from ui.unit.backlog_rows import COUNTED, FLOWS, Row, members, rows_of, to_cases, whole_row

USUAL_ROWS = 40
"""The rows drawn at first; the rest is shown on request."""
BUSIEST = 8
"""The number of categories side by side."""
SORTS = (*URGENCIES, *RECEIPTS, *AGES, "age_days", *STAGES, *FLOWS, "change", "days_of_work", "name")
_FEW = 5  # a cell with fewer is never the darkest


@dataclass(frozen=True)
class Backlog(View):
    """The table as unit/backlog.html draws it: groups of columns (each with its heading), and the rows.

    `sorts` are the addresses that sort by a column, `most` is the highest number open in a row but that of all.
    """

    title: str
    name_heading: str
    about: str
    groups: list[tuple[str, list[tuple[str, str]]]]
    meanings: Mapping[str, str]
    mark: Mark | None
    sort: str
    sorts: Mapping[str, str]
    rows: list[Row]
    most: int
    total_rows: int
    hidden: int
    every_href: str
    notes: list[str]


@dataclass(frozen=True)
class Cell:
    """What one member of a dimension has open of one category, and how much of that is overdue."""

    open: Count
    overdue: Count


@dataclass(frozen=True)
class HeatRow:
    """A member of a dimension with a cell for each of the busiest categories."""

    name: str
    href: str | None
    cells: list[Cell]


@dataclass(frozen=True)
class Heat(View):
    """Where which category lies, as unit/backlog_heat.html draws it; the darkest cell counts `most`."""

    title: str
    about: str
    name_heading: str
    columns: list[str]
    rows: list[HeatRow]
    most: int


@dataclass(frozen=True)
class Pace(View):
    """What came in and went out, as unit/backlog_pace.html draws it; `since` says from when on."""

    row: Row
    days: int
    since: str


def table(run: Run, since: datetime, *, by: Dimension, sort: str) -> None:
    """Draw the backlog of a dimension's members under the total of all, with a link behind every count.

    `sort` is one of SORTS, in descending order (names: ascending); a leading "-" reverses it.
    """
    shared_panel(run, "backlog", key="backlog_table", make=lambda: _table(run, since, by, sort))


def heat(run: Run, since: datetime, *, by: Dimension, sort: str) -> None:
    """Draw the same rows' open reports by category, the busiest ones; a higher count is darker."""
    shared_panel(run, "backlog_heat", key="backlog_heat", make=lambda: _heat(run, since, by, sort))


def pace(run: Run, whole: dict[str, Any]) -> None:
    """Draw what came in and ended since the compared moment, the change in the backlog, and the days of work."""
    shared_panel(
        run, "backlog_pace", key="backlog_pace", make=lambda: Pace(whole_row(run, whole), PACE_DAYS, _since(Then(run)))
    )


def _since(then: Then) -> str:
    """Return the start for received and ended reports in words."""
    return _("Since {moment}", moment=then.at) if then.standing else _("Last 7 days")


def _table(run: Run, since: datetime, by: Dimension, sort: str) -> Backlog:
    rows = _ordered(run, since, by, sort)
    shown = rows if run.query.get("rows") == ["all"] else rows.head(USUAL_ROWS)
    whole = total(run, since)
    groups: dict[str, tuple[str, ...]] = {
        _("How urgent"): URGENCIES,
        _("To be taken on"): RECEIPTS,
        _("Age since submission, days"): (*AGES, "age_days"),
        _("Stage"): STAGES,
        _since(Then(run)): (*FLOWS, "change"),
        _("At this pace"): ("days_of_work",),
    }
    return Backlog(
        title=_title(run, by),
        name_heading=_("Name"),
        about=_("Click a number for its cases, a name for its own page, a heading to sort"),
        groups=[(words, [(column, _heading(column)) for column in columns]) for words, columns in groups.items()],
        meanings={column: meaning(column) for column in COUNTED},
        mark=mark(run, "handle"),
        sort=sort,
        sorts={column: _sorted_address(run, column, sort) for column in SORTS},
        rows=[whole_row(run, whole), *rows_of(run, shown, by, whole)],
        most=max([1, *rows["open"]]),
        total_rows=len(rows),
        hidden=len(rows) - len(shown),
        every_href=address("?", **run.query | {"rows": "all"}),
        notes=[
            _("Grey: ages and stages whose share is above that of the whole."),
            _("Due soon: by the end of the next working day, today included."),
            _(
                "Days of work: open reports divided by the number resolved a day in the last {count} days.",
                count=PACE_DAYS,
            ),
        ],
    )


def _heat(run: Run, since: datetime, by: Dimension, sort: str) -> Heat:
    rows = _ordered(run, since, by, sort)
    mixed = mix(run.reports, run.filters, by=by)
    known = names(run.reports, "category").to_dict("index")
    busiest = mixed.groupby("category_id")["open"].sum().sort_values(ascending=False, kind="stable").head(BUSIEST)
    counts = {
        (None if pd.isna(cell["key"]) else int(cell["key"]), cell["category_id"]): (cell["open"], cell["overdue"])
        for cell in mixed.to_dict("records")
    }
    codes = {category: quote(known[category]["code"]) for category in busiest.index}
    shown = []
    for one in members(run, rows[rows["open"] > 0].head(USUAL_ROWS), by):
        reached, cells = to_cases(one.choices | {"category": None}), []
        for category, code in codes.items():
            opened, late = (
                Count(figure, int(count), f"{reached}{figure}&category={code}")
                for figure, count in zip(("open", "overdue"), counts.get((one.key, category), (0, 0)), strict=True)
            )
            cells.append(Cell(opened, late))
        shown.append(HeatRow(one.name, one.href, cells))
    return Heat(
        title=_("What is it about?"),
        about=_(
            "Open reports of the {count} busiest categories: the darker the more; in red those overdue",
            count=number(len(busiest)),
        ),
        name_heading=_("Name"),
        columns=[name(known[category]) for category in busiest.index],
        rows=shown,
        most=max([_FEW, *(cell.open.count for row in shown for cell in row.cells)]),
    )


def _ordered(run: Run, since: datetime, by: Dimension, sort: str) -> pd.DataFrame:
    found = with_ages(backlog(run.reports, run.filters, since=since, by=by), run)
    column = sort.removeprefix("-")
    ascending = (column == "name") != sort.startswith("-")
    if column == "name":
        column = "place"
        places = {code: place for place, code in enumerate(labels(run.reports, by, language()))}
        found = found.assign(place=found["code"].map(places))
    return found.sort_values([column, "code"], ascending=[ascending, True], na_position="last", ignore_index=True)


def _heading(column: str) -> str:
    others = {"age_days": _("Oldest"), "change": _("Change"), "days_of_work": _("Days of work")}
    return others.get(column) or column_heading(column)


def _title(run: Run, by: Dimension) -> str:
    if by == "unit":
        return _("The backlog, unit by unit")
    return _("The backlog by {places}", places=levels.within(run.city, by, many=False))


def _sorted_address(run: Run, column: str, sort: str) -> str:
    return address("?", **run.query | {"sort": f"-{column}" if sort == column else column})
