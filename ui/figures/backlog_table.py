"""The backlog as a table a head reads at a glance: how urgent, how old, at which stage, in and out, how much work."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from queries.engine.filters import TICK
from queries.engine.small_numbers import FEWEST
from queries.figures.backlog import AGES, PACE_DAYS, RECEIPTS, STAGES, URGENCIES, backlog, mix
from queries.figures.figures import Dimension, labels, names
from queries.figures.ranking import FEWEST_OPEN
from ui.address.links import address, carried
from ui.address.url_filters import NOBODY, period_start
from ui.base import levels
from ui.base.figure_names import column_heading, figure_name, meaning
from ui.base.html_panel import shared_panel
from ui.base.i18n import _, language, name, number, percent, rounded
from ui.base.page_paths import BACKLOG, CASES, UNIT
from ui.base.run import Run
from ui.figures.change import Then, grown_tone, standing_before
from ui.figures.headline import urgent
from ui.figures.tiles import Tile, count, counted, no_deadlines, no_receive_times, out_of, plain, row
from ui.figures.unconfirmed import mark

USUAL_ROWS = 40
"""More rows than this are drawn when asked for: nobody reads them at a glance."""
BUSIEST = 8
"""How many categories stand side by side."""
SORTS = (*URGENCIES, *RECEIPTS, *AGES, "age_days", *STAGES, "received", "ended", "change", "days_of_work", "name")
_FIGURES = (*URGENCIES, *RECEIPTS, *AGES, *STAGES, "received", "ended")
_FEW = 5  # a cell with fewer than these is never the darkest
_WEEK = {"period": "7d", "from": None, "to": None}


def compared_since(run: Run) -> datetime:
    """Return from when on what came in and went out is counted: just after the moment that open reports are compared
    with (queries.change), so that the flow explains the change; the last 7 days where there is no such moment.
    """
    then = standing_before(run)
    return period_start("7d", run.filters.at, run.city) if then is None else then.at + TICK


def total(run: Run, since: datetime) -> dict[str, Any]:
    """Return the backlog in one row, all reports together; `since` as in queries.backlog. Raises DatabaseAway."""
    return run.shared("backlog total", lambda: row(_with_sums(backlog(run.reports, run.filters, since=since), run)))


def headline(run: Run, whole: dict[str, Any]) -> list[Tile]:
    """Return the backlog's headline tiles, with the changes that the overview shows of the same figures."""
    then = Then(run)
    receive, handle = mark(run, "receive"), mark(run, "handle")
    undue, untimed = no_deadlines(run, whole), no_receive_times(run, whole)
    of_open = out_of(run, "open", whole, _("open"), percent(whole["overdue"], whole["open"]))
    waiting = counted(run, "receive_waiting", whole)
    return [
        count(run, figure_name("open"), "open", whole, then.count("open", whole, good=-1)),
        count(
            run,
            figure_name("overdue"),
            "overdue",
            whole,
            then.count("overdue", whole, good=-1),
            parts=of_open,
            tone="overdue-tile",
            mark=handle,
            unknown=undue,
        ),
        urgent(run, whole),
        plain(run, "due_today", whole, _("by the end of today"), tone="due-soon-tile", mark=handle, unknown=undue),
        count(
            run,
            figure_name("due_soon"),
            "due_soon",
            whole,
            then.count("due_soon", whole),
            parts=(_("by the end of the next working day"),),
            tone="due-soon-tile",
            mark=handle,
            unknown=undue,
        ),
        count(
            run,
            figure_name("receive_overdue"),
            "receive_overdue",
            whole,
            then.count("receive_overdue", whole, good=-1),
            parts=(waiting, " " + _("still in time")),
            tone="overdue-tile",
            mark=receive,
            unknown=untimed,
        ),
        plain(
            run,
            "escalated",
            whole,
            "",
            parts=(counted(run, "escalated_unheld", whole), " " + _("held by nobody")),
            tone="overdue-tile" if whole["escalated_unheld"] else "",
        ),
        plain(run, "no_deadline", whole, _("never counted as on time")),
    ]


def table(run: Run, since: datetime, *, by: Dimension, sort: str) -> None:
    """Draw the backlog of a dimension's members under the total of all, with a link behind every count.

    `sort` is one of SORTS, the largest (names: the first) first; "-" before it turns that about.
    """
    shared_panel(run, "backlog", key="backlog_table", make=lambda: _table(run, since, by, sort))


def heat(run: Run, since: datetime, *, by: Dimension, sort: str) -> None:
    """Draw where which category lies: the same rows' open reports of the busiest categories, darker where more."""
    shared_panel(run, "backlog_heat", key="backlog_heat", make=lambda: _heat(run, since, by, sort))


def pace(run: Run, whole: dict[str, Any]) -> None:
    """Draw what came in and went out since the compared moment, whether the pile grows, how many days of work it is."""
    shared_panel(run, "backlog_pace", key="backlog_pace", make=lambda: _pace(run, whole))


def _pace(run: Run, whole: dict[str, Any]) -> dict[str, Any]:
    return {"row": _whole(run, whole), "days": PACE_DAYS, "since": _since(Then(run))}


def _since(then: Then) -> str:
    """Return in words since when what came in and went out is counted."""
    return _("Since {moment}", moment=then.at) if then.standing else _("Last 7 days")


def _table(run: Run, since: datetime, by: Dimension, sort: str) -> dict[str, Any]:
    rows = _ordered(run, since, by, sort)
    shown = rows if run.query.get("rows") == ["all"] else rows.head(USUAL_ROWS)
    whole = _whole(run, total(run, since))
    groups = {
        _("How urgent"): URGENCIES,
        _("To be taken on"): RECEIPTS,
        _("Age since submission, days"): (*AGES, "age_days"),
        _("Stage"): STAGES,
        _since(Then(run)): ("received", "ended", "change"),
        _("At this pace"): ("days_of_work",),
    }
    return {
        "title": _title(run, by),
        "name_heading": _("Name"),
        "about": _("Click a number for its cases, a name for its own page, a heading to sort"),
        "groups": [(words, [(column, _heading(column)) for column in columns]) for words, columns in groups.items()],
        "meanings": {column: meaning(column) for column in _FIGURES},
        "mark": mark(run, "handle"),
        "sort": sort,
        "sorts": {column: _sorted_address(run, column, sort) for column in SORTS},
        "rows": [
            line | {"excess": _excess(line["counts"], whole["counts"])} for line in (whole, *_rows(run, shown, by))
        ],
        "most": max([1, *rows["open"]]),
        "total_rows": len(rows),
        "hidden": len(rows) - len(shown),
        "every_href": address("?", **run.query | {"rows": "all"}),
        "notes": [
            _("Grey: ages and stages whose share is above that of the whole."),
            _("Due soon: by the end of the next working day, today included."),
            _("Days of work: open, divided by how many were resolved a day in the last {count} days.", count=PACE_DAYS),
        ],
    }


def _heat(run: Run, since: datetime, by: Dimension, sort: str) -> dict[str, Any]:
    rows = _ordered(run, since, by, sort)
    mixed = mix(run.reports, run.filters, by=by)
    known = names(run.reports, "category").to_dict("index")
    busiest = mixed.groupby("category_id")["open"].sum().sort_values(ascending=False, kind="stable").head(BUSIEST)
    counts = {
        (None if pd.isna(cell["key"]) else int(cell["key"]), cell["category_id"]): (cell["open"], cell["overdue"])
        for cell in mixed.to_dict("records")
    }
    shown = []
    for line in _rows(run, rows[rows["open"] > 0].head(USUAL_ROWS), by):
        cells = [
            {"code": known[category]["code"], "open": opened, "overdue": late}
            for category in busiest.index
            for opened, late in [counts.get((line["key"], category), (0, 0))]
        ]
        shown.append(line | {"cells": cells})
    return {
        "title": _("What is it about?"),
        "about": _(
            "Open reports of the {count} busiest categories: the darker the more; in red those overdue",
            count=number(len(busiest)),
        ),
        "name_heading": _("Name"),
        "columns": [name(known[category]) for category in busiest.index],
        "rows": shown,
        "most": max([_FEW, *(cell["open"] for line in shown for cell in line["cells"])]),
    }


def _with_sums(found: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Return a backlog with the change in open reports and the oldest one's age in days."""
    age = (pd.Timestamp(run.filters.at) - found["oldest"]).dt.total_seconds() / 86400
    return found.assign(change=found["open"] - found["open_before"], age_days=age)


def _ordered(run: Run, since: datetime, by: Dimension, sort: str) -> pd.DataFrame:
    found = _with_sums(backlog(run.reports, run.filters, since=since, by=by), run)
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


def _whole(run: Run, whole: dict[str, Any]) -> dict[str, Any]:
    return _row(run, whole, carried(run)) | {"name": _("All"), "key": None, "href": None, "total": True}


def _rows(run: Run, rows: pd.DataFrame, by: Dimension) -> list[dict[str, Any]]:
    nobody = _("no unit yet") if by == "unit" else _("not located")
    made = []
    for found in rows.to_dict("records"):
        nowhere = bool(pd.isna(found["key"]))
        choices = carried(run) | {by: NOBODY if nowhere else found["code"]}
        page, more = (UNIT, {}) if by == "unit" and not nowhere else (BACKLOG, {"by": _next_level(run, by)})
        made.append(
            _row(run, found, choices)
            | {
                "name": nobody if nowhere else name(found),
                "key": None if nowhere else int(found["key"]),
                "href": address(page, **choices | more),
                "total": False,
            }
        )
    return made


def _next_level(run: Run, by: Dimension) -> Dimension:
    """Return by what one row's own backlog is told apart: the smaller areas, where the city has them, else units."""
    return "ward" if by == "district" and "ward" in levels.present(run.reports) else "unit"


def _row(run: Run, found: Any, choices: dict[str, Any]) -> dict[str, Any]:
    """Return a row ready to draw; `cases` and `flow` are addresses to which the figure's name is added."""
    then = standing_before(run)
    since = _WEEK if then is None else {"from": run.local(then.at + TICK).isoformat(), "to": None}
    pace_starts = run.local(run.filters.at - timedelta(days=PACE_DAYS)).isoformat()
    return {
        "counts": {column: int(found[column]) for column in _FIGURES},
        "late": percent(found["overdue"], found["open"]),
        "oldest": None if pd.isna(found["age_days"]) else int(found["age_days"]),
        "change": int(found["change"]) if then else None,
        "change_tone": grown_tone(found["open"], found["open_before"]),
        "before": _("from {count}", count=number(found["open_before"])),
        "no_deadlines": bool(found["open"]) and found["no_deadline"] == found["open"],
        "days_of_work": None if pd.isna(found["days_of_work"]) else number(found["days_of_work"], 1),
        "resolved": int(found["resolved_of_pace"]),
        "rounded": run.rounded,
        "cases": _to_cases(choices),
        "any_category": _to_cases(choices | {"category": None}),
        "flow": _to_cases(choices | since),
        "pace": _to_cases(choices | {"from": pace_starts, "to": None}),
    }


def _excess(counts: dict[str, int], whole: dict[str, int]) -> dict[str, float]:
    """Return by how many hundredths the share of each age and stage is above the whole's; too few reports say none."""
    if counts["open"] < (FEWEST if rounded() else FEWEST_OPEN) or not whole["open"]:
        return dict.fromkeys((*AGES, *STAGES), 0.0)
    shares = {column: counts[column] / counts["open"] - whole[column] / whole["open"] for column in (*AGES, *STAGES)}
    return {column: round(min(max(share * 100, 0), 40), 1) for column, share in shares.items()}


def _to_cases(choices: dict[str, Any]) -> str:
    reached = address(CASES, **choices)
    return f"{reached}{'&' if '?' in reached else '?'}figure="
