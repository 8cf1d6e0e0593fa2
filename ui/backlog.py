"""The backlog as a table a head reads at a glance: how urgent, how old, at which stage, in and out, how much work."""

from datetime import timedelta
from typing import Any

import pandas as pd

from queries.backlog import AGES, PACE_DAYS, STAGES, URGENCIES
from queries.figures import Dimension, names
from queries.overdue import FEWEST_OPEN
from ui.asked import NOBODY
from ui.filters import carried
from ui.pages import BACKLOG, CASES, UNIT
from ui.panel import address, panel
from ui.theme import Palette
from ui.tiles import Tile, count, counted
from ui.viewing import Viewing
from ui.words import _, language, name, number, percent

USUAL_ROWS = 40
"""More rows than this are drawn when asked for: nobody reads them at a glance."""
BUSIEST = 8
"""How many categories stand side by side."""
NEXT_LEVEL: dict[Dimension, Dimension] = {"district": "ward", "ward": "unit", "unit": "unit"}
SORTS = ("open", *URGENCIES[1:], *AGES, "age_days", *STAGES, "received", "ended", "change", "days_of_work", "name")
_WEEK = {"period": "7d", "from": None, "to": None}


def with_sums(table: pd.DataFrame, seen: Viewing) -> pd.DataFrame:
    """Return a backlog with the change in open reports and the oldest one's age in days."""
    age = (pd.Timestamp(seen.filters.at) - table["oldest"]).dt.total_seconds() / 86400
    return table.assign(change=table["open"] - table["open_before"], age_days=age)


def ordered(table: pd.DataFrame, sort: str) -> pd.DataFrame:
    """Return the rows by a column of SORTS, the largest (names: the first) first; "-" before it turns that about."""
    column = sort.removeprefix("-")
    by = ("name_en" if language() == "en" else "name_vi") if column == "name" else column
    ascending = (column == "name") != sort.startswith("-")
    return table.sort_values([by, "code"], ascending=[ascending, True], na_position="last", ignore_index=True)


def headline(seen: Viewing, total: dict[str, Any], *, since: str) -> list[Tile]:
    """Return the backlog's headline tiles; `since` says in words what open reports are compared with."""
    before = total | {"open": total["open_before"]}
    share = _("{share} of the open", share=percent(total["overdue"], total["open"]))
    return [
        count(seen, _("Open"), "open", total, before, since=since, good=-1),
        plain(seen, _("Overdue"), "overdue", total, share, tone="overdue-tile"),
        plain(seen, _("Due today"), "due_today", total, _("before the day ends"), tone="due-soon-tile"),
        plain(seen, _("Due soon"), "due_soon", total, _("by the end of the next working day"), tone="due-soon-tile"),
        plain(seen, _("Escalated"), "escalated", total, _("beyond the unit's authority")),
        plain(seen, _("No deadline known"), "no_deadline", total, _("never counted as on time")),
    ]


def plain(seen: Viewing, label: str, figure: str, figures: Any, words: str, *, tone: str = "") -> Tile:
    """Return a tile of a count that is compared with nothing: words stand in the place of its change."""
    shown = counted(seen, figure, figures)
    return Tile(label, shown.words, shown, (), words, "muted", tone)


def table(seen: Viewing, rows: pd.DataFrame, total: dict[str, Any], *, by: Dimension, sort: str, every: bool) -> None:
    """Draw the backlog of a dimension's members under the total of all, with a link behind every count.

    `rows` and `total` are `with_sums`; `every` draws more than USUAL_ROWS.
    """
    shown = rows if every else rows.head(USUAL_ROWS)
    whole = _total(seen, total)
    lines = [row | {"excess": _excess(row["counts"], whole["counts"])} for row in (whole, *_rows(seen, shown, by))]
    groups = [
        (_("How urgent"), [(column, _headings()[column]) for column in URGENCIES]),
        (_("Age since submission, days"), [(column, _headings()[column]) for column in (*AGES, "age_days")]),
        (_("Stage"), [(column, _headings()[column]) for column in STAGES]),
        (_("Last 7 days"), [(column, _headings()[column]) for column in ("received", "ended", "change")]),
        (_("At this pace"), [("days_of_work", _headings()["days_of_work"])]),
    ]
    panel(
        "backlog",
        key="backlog_table",
        title=_title(by),
        name_heading=_("Name"),
        about=_("Click a number for its cases, a name for its own page, a heading to sort"),
        groups=groups,
        sort=sort,
        sorts={column: _sorted_address(seen, column, sort) for column in SORTS},
        rows=lines,
        most=max(1, int(rows["open"].max())),
        total_rows=len(rows),
        hidden=len(rows) - len(shown),
        every_href=address("?", **seen.query | {"rows": "all"}),
        notes=[
            _("Grey: ages and stages whose share is above that of the whole."),
            _("Due soon: by the end of the next working day, today included."),
            _("Days of work: open, divided by how many were resolved a day in the last {count} days.", count=PACE_DAYS),
        ],
    )


def heat(seen: Viewing, rows: pd.DataFrame, mixed: pd.DataFrame, *, by: Dimension) -> None:
    """Draw where which category lies: the rows' open reports of the busiest categories, darker where more.

    `mixed` as queries.backlog.mix gives it.
    """
    known = names(seen.reports, "category").to_dict("index")
    busiest = mixed.groupby("category_id")["open"].sum().sort_values(ascending=False, kind="stable").head(BUSIEST)
    counts = {
        (None if pd.isna(cell["key"]) else int(cell["key"]), cell["category_id"]): (cell["open"], cell["overdue"])
        for cell in mixed.to_dict("records")
    }
    shown = []
    for row in _rows(seen, rows.head(USUAL_ROWS), by):
        cells = [
            {"code": known[category]["code"], "open": opened, "overdue": late}
            for category in busiest.index
            for opened, late in [counts.get((row["key"], category), (0, 0))]
        ]
        shown.append(row | {"cells": cells})
    panel(
        "backlog_heat",
        key="backlog_heat",
        title=_("What is it about?"),
        about=_(
            "Open reports of the {count} busiest categories: the darker the more; in red those overdue",
            count=number(len(busiest)),
        ),
        name_heading=_("Name"),
        columns=[name(known[category]) for category in busiest.index],
        rows=shown,
        most=max([5, *(cell["open"] for row in shown for cell in row["cells"])]),
    )


def pace(seen: Viewing, total: dict[str, Any]) -> None:
    """Draw what came in and went out in seven days, whether the pile grows, and how many days of work it is."""
    panel("backlog_pace", key="backlog_pace", row=_total(seen, total), days=PACE_DAYS)


def history(days: pd.DataFrame, colours: Palette) -> dict[str, Any]:
    """Return the chart of what was open at the end of each step (queries.days), the last value written beside it."""
    last = days.iloc[-1]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": days["day"].astype(str).tolist(),
                "y": days["open"].tolist(),
                "line": {"color": colours.in_time, "width": 3},
                "hovertemplate": "%{x|%d/%m/%Y}: <b>%{y:,}</b><extra></extra>",
            }
        ],
        "layout": {
            "height": 300,
            "margin": {"l": 8, "r": 64, "t": 12, "b": 8},
            "separators": ",." if language() == "vi" else ".,",
            "font": {"family": "Be Vietnam Pro, sans-serif", "size": 14, "color": colours.text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hoverlabel": {"bgcolor": colours.surface, "font": {"color": colours.text}},
            "showlegend": False,
            "annotations": [
                {
                    "x": str(last["day"]),
                    "y": int(last["open"]),
                    "text": f"<b>{number(int(last['open']))}</b>",
                    "xanchor": "left",
                    "xshift": 8,
                    "showarrow": False,
                    "font": {"color": colours.in_time, "size": 16},
                }
            ],
            "xaxis": {"type": "date", "tickformat": "%d/%m", "showgrid": False, "automargin": True},
            "yaxis": {
                "rangemode": "tozero",
                "gridcolor": colours.line,
                "automargin": True,
                "tickformat": ",d",
                "dtick": 1 if days["open"].max() <= 5 else None,
                "zeroline": False,
            },
        },
    }


def _headings() -> dict[str, str]:
    return {
        "open": _("Open"),
        "overdue": _("Overdue"),
        "due_today": _("Due today"),
        "due_soon": _("Due soon"),
        "no_deadline": _("No deadline"),
        "age_under_3": _("under 3"),
        "age_3_to_7": "3–7",
        "age_7_to_14": "7–14",
        "age_14_to_30": "14–30",
        "age_over_30": _("30 and more"),
        "age_days": _("Oldest"),
        "waiting": _("Waiting"),
        "in_progress": _("In progress"),
        "escalated": _("Escalated"),
        "received": _("In"),
        "ended": _("Out"),
        "change": _("Change"),
        "days_of_work": _("Days of work"),
    }


def _title(by: Dimension) -> str:
    return {
        "district": _("The backlog, district by district"),
        "ward": _("The backlog, ward by ward"),
        "unit": _("The backlog, unit by unit"),
    }[by]


def _sorted_address(seen: Viewing, column: str, sort: str) -> str:
    return address("?", **seen.query | {"sort": f"-{column}" if sort == column else column})


def _total(seen: Viewing, total: dict[str, Any]) -> dict[str, Any]:
    return _row(seen, total, carried(seen)) | {"name": _("All"), "key": None, "href": None, "total": True}


def _rows(seen: Viewing, rows: pd.DataFrame, by: Dimension) -> list[dict[str, Any]]:
    nobody = _("no unit yet") if by == "unit" else _("not located")
    made = []
    for row in rows.to_dict("records"):
        nowhere = bool(pd.isna(row["key"]))
        choices = carried(seen) | {by: NOBODY if nowhere else row["code"]}
        page, more = (UNIT, {}) if by == "unit" and not nowhere else (BACKLOG, {"by": NEXT_LEVEL[by]})
        made.append(
            _row(seen, row, choices)
            | {
                "name": nobody if nowhere else name(row),
                "key": None if nowhere else int(row["key"]),
                "href": address(page, **choices | more),
                "total": False,
            }
        )
    return made


def _row(seen: Viewing, row: Any, choices: dict[str, Any]) -> dict[str, Any]:
    """Return a row ready to draw; `cases` and `week` are addresses to which the figure's name is added."""
    pace_starts = seen.local(seen.filters.at - timedelta(days=PACE_DAYS)).isoformat()
    return {
        "counts": {column: int(row[column]) for column in (*URGENCIES, *AGES, *STAGES, "received", "ended")},
        "late": percent(row["overdue"], row["open"]),
        "oldest": None if pd.isna(row["age_days"]) else int(row["age_days"]),
        "change": int(row["change"]),
        "days_of_work": None if pd.isna(row["days_of_work"]) else number(row["days_of_work"], 1),
        "resolved": int(row["resolved_of_pace"]),
        "cases": _to_cases(choices),
        "any_category": _to_cases(choices | {"category": None}),
        "week": _to_cases(choices | _WEEK),
        "pace": _to_cases(choices | {"from": pace_starts, "to": None}),
    }


def _excess(counts: dict[str, int], whole: dict[str, int]) -> dict[str, float]:
    """Return by how many hundredths the share of each age and stage is above the whole's; too few reports say none."""
    if counts["open"] < FEWEST_OPEN:
        return dict.fromkeys((*AGES, *STAGES), 0.0)
    shares = {column: counts[column] / counts["open"] - whole[column] / whole["open"] for column in (*AGES, *STAGES)}
    return {column: round(min(max(share * 100, 0), 40), 1) for column, share in shares.items()}


def _to_cases(choices: dict[str, Any]) -> str:
    reached = address(CASES, **choices)
    return f"{reached}{'&' if '?' in reached else '?'}figure="
