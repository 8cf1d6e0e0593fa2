"""Every unit or district by how far behind it is: its place, how the place changed, its worst case and category."""

from typing import Any, Literal

import pandas as pd

from queries.figures import names
from queries.overdue import FEWEST_OPEN, overdue, placed
from ui.filters import carried
from ui.leaders import best, rows
from ui.pages import CASES, OVERDUE, REPORT, UNIT
from ui.panel import address
from ui.viewing import Viewing
from ui.words import _, duration, moment, name, ngettext, number, percent

KINDS = {
    "all": ("city", "district", "commune", "department", "utility"),
    "commune": ("commune",),
    "department": ("city", "department", "utility"),
    "district": ("district",),
}
"""The kinds of units that are compared with each other, by the name of the choice."""


def leaderboard(seen: Viewing, *, by: Literal["unit", "district"], kind: str) -> dict[str, Any]:
    """Return all units of a kind, or all districts, with their places, and those of them that do best, ready to draw.

    Raises DatabaseAway.
    """
    then = seen.filters.before()
    table, before = (overdue(seen.reports, filters, by=by) for filters in (seen.filters, then))
    if by == "unit":
        table, before = (placed(each[each["kind"].isin(KINDS[kind])]) for each in (table, before))
    about = _("Place 1 is the furthest behind.")
    if not before.empty:
        about += " " + _("The change of place is since {since}.", since=moment(seen.local(then.at)))
    ranked = int(table["place"].count())
    places = before.set_index("key")["place"]
    categories = names(seen.reports, "category").to_dict("index")
    choices = carried(seen)
    shown = [_row(row, places, categories, choices, by) for row in table.to_dict("records")]
    return {
        "title": _("Overdue of open reports"),
        "about": about,
        "heading": _("Unit") if by == "unit" else _("District"),
        "rows": shown[:ranked],
        "few": shown[ranked:],
        "few_about": _("With fewer than {count} open reports a share says little.", count=FEWEST_OPEN),
        "best": rows(seen, best(table)) if by == "unit" else [],
        "nothing": (
            _("No unit of this kind holds an open report.")
            if table.empty
            else _("No unit has enough open reports to compare.")
        ),
    }


def _row(
    row: dict[Any, Any], places: "pd.Series[float]", categories: dict[Any, Any], carry: dict[str, Any], by: str
) -> dict[str, Any]:
    choices = carry | {by: row["code"]}
    change, tone = _change(row["place"], places.get(row["key"]))
    category = categories.get(row["worst_category_id"])
    return {
        "place": number(row["place"]) if not pd.isna(row["place"]) else "",
        "name": name(row),
        "name_href": address(UNIT if by == "unit" else OVERDUE, **choices),
        "width": round(row["overdue_share"] * 100, 1),
        "raw": f"{number(row['overdue'])}/{number(row['open'])}",
        "overdue": row["overdue"],
        "overdue_href": address(CASES, **choices | {"figure": "overdue", "sort": "most_late"}),
        "share": percent(row["overdue"], row["open"]),
        "change": change,
        "change_tone": tone,
        "seriously": row["seriously_overdue"],
        "seriously_href": address(CASES, **choices | {"figure": "seriously_overdue", "sort": "most_late"}),
        "oldest": duration(row["oldest_hours"]),
        "oldest_href": row["oldest_code"] and address(REPORT, **carry | {"code": row["oldest_code"]}),
        "category": "" if category is None else name(category),
        "category_count": row["worst_category_overdue"],
        "category_href": ""
        if category is None
        else address(CASES, **choices | {"figure": "overdue", "category": category["code"], "sort": "most_late"}),
    }


def _change(place: float, before: float | None) -> tuple[str, str]:
    """Return how a place changed, in words, and the tone of that: a lower number is further behind."""
    if pd.isna(place):
        return "", "muted"
    if before is None or pd.isna(before):
        return _("not ranked before"), "muted"
    places = int(place - before)
    if places > 0:
        return ngettext("{count} place better", "{count} places better", places), "good"
    if places < 0:
        return ngettext("{count} place worse", "{count} places worse", -places), "overdue"
    return _("same place"), "muted"
