"""Units or districts ranked by how far behind they are: place, change of place, worst case and category."""

from typing import Any, Literal

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.figures.figures import names
from queries.figures.overdue import overdue
from queries.figures.ranking import Order, changed, ranked
from ui.address.links import address, carried
from ui.base import levels
from ui.base.i18n import NOTHING, _, duration, name, ngettext, number, percent, signed
from ui.base.page_paths import CASES, DEFINITIONS, OVERDUE, REPORT, UNIT
from ui.base.run import Run
from ui.figures.change import Then, standing_before
from ui.figures.unconfirmed import mark
from ui.unit.best_and_worst import best, rows
from ui.unit.intervals import Scale, scale

KINDS = {
    "all": ("city", "district", "commune", "department", "utility"),
    "commune": ("commune",),
    "department": ("city", "department", "utility"),
    "district": ("district",),
}
"""The kinds of units that are compared with each other, by choice."""
_AT_FIRST = 10  # on a phone; the rest is folded


def leaderboard(
    run: Run, *, by: Literal["unit", "district"], kind: str, order: Order, most: int | None = None
) -> dict[str, Any]:
    """Return the ranking of a kind of units, or of districts, and the best ones, ready to draw: all, or the first so
    many. Raises DatabaseAway.
    """
    then = standing_before(run)
    now = overdue(run.reports, run.filters, by=by)
    before = now.head(0) if then is None else overdue(run.reports, then, by=by)
    if by == "unit":
        now, before = (each[each["kind"].isin(KINDS[kind])] for each in (now, before))
    table = changed(ranked(now, order), ranked(before, order))
    drawn_on = scale(run, table)
    ranks = int(table["place"].count())
    categories = names(run.reports, "category").to_dict("index")
    choices = carried(run)
    shown = [
        _row(row, drawn_on, categories, choices, by, order) | _changes(row, compared=then is not None)
        for row in table.iloc[:most].to_dict("records")
    ]
    return {
        "title": _("Overdue of open reports"),
        "mark": mark(run),
        "about": _about(table, order, Then(run).at),
        "definitions": address(DEFINITIONS, **choices),
        "scale": drawn_on.words,
        "heading": _("Unit") if by == "unit" else levels.one(run.city, by),
        "rows": shown[:ranks],
        "at_first": _AT_FIRST,
        "few": shown[ranks:],
        "few_about": _("With fewer than {count} open reports a share says little.", count=run.fewest_open),
        "best": rows(run, best(table), drawn_on) if by == "unit" else [],
        "nothing": (
            _("No unit of this kind holds an open report.")
            if table.empty
            else _("No unit has enough open reports to compare.")
        ),
    }


def kinds_of(reports: ReportDatabase) -> tuple[str, ...]:
    """Return the KINDS among the city's units; none if all are of one kind. Raises DatabaseAway."""
    known = set(names(reports, "unit")["kind"])
    found = tuple(kind for kind, kinds in KINDS.items() if kind == "all" or known & set(kinds))
    return found if len(found) > 2 else ()


def _about(table: pd.DataFrame, order: Order, since: str) -> list[str]:
    """Return a description of the ranking, in sentences."""
    if order == "fair":
        said = [
            _(
                "A share of few cases is shrunk toward the average of those compared, so that nobody "
                "comes first by chance alone."
            )
        ]
    else:
        elsewhere = int((table["naive_place"] != table["fair_place"])[table["place"].notna()].sum())
        said = [
            _("Ranked by plain share, those with few cases come first or last by chance."),
            ngettext(
                "{count} has a different place in the fair ranking; it is marked.",
                "{count} have a different place in the fair ranking; they are marked.",
                elsewhere,
            ),
        ]
    said.append(_("Place 1 is the furthest behind."))
    if since:
        said.append(_("Changes are since {since}, shown only if they are at least 95% probable.", since=since))
    return said


def _row(
    row: dict[Any, Any], drawn_on: Scale, categories: dict[Any, Any], carry: dict[str, Any], by: str, order: Order
) -> dict[str, Any]:
    choices = carry | {by: row["code"]}
    category = categories.get(row["worst_category_id"])
    return {
        "place": number(row["place"]) if not pd.isna(row["place"]) else "",
        "elsewhere": _elsewhere(row) if order == "naive" else "",
        "name": name(row),
        "name_href": address(UNIT if by == "unit" else OVERDUE, **choices),
        "drawn": drawn_on.drawn(row),
        "raw": f"{number(row['overdue'])}/{number(row['open'])}",
        "overdue": row["overdue"],
        "overdue_href": address(CASES, **choices | {"figure": "overdue", "sort": "most_late"}),
        "share": NOTHING if row["no_deadline"] == row["open"] else percent(row["overdue"], row["open"]),
        "unknown": _("none of them with a deadline") if row["no_deadline"] == row["open"] else "",
        "ratio": number(row["ratio"], 1) + ("" if pd.isna(row["ratio"]) else "×"),
        "expected": "" if pd.isna(row["expected"]) else f"{number(row['overdue'])} / {number(row['expected'], 1)}",
        "seriously": row["seriously_overdue"],
        "seriously_href": address(CASES, **choices | {"figure": "seriously_overdue", "sort": "most_late"}),
        "receive": row["receive_overdue"],
        "receive_href": address(CASES, **choices | {"figure": "receive_overdue", "sort": "oldest"}),
        "oldest": duration(row["oldest_hours"]),
        "oldest_href": row["oldest_code"] and address(REPORT, **carry | {"code": row["oldest_code"]}),
        "category": "" if category is None else name(category),
        "category_count": row["worst_category_overdue"],
        "category_href": ""
        if category is None
        else address(CASES, **choices | {"figure": "overdue", "category": category["code"], "sort": "most_late"}),
    }


def _changes(row: dict[Any, Any], *, compared: bool) -> dict[str, str]:
    """Return a unit's change in long and short words with its tone; empty if nothing is compared."""
    words, short, tone = "", "", "muted"
    if compared and not pd.isna(row["place"]):
        words, short, tone = {
            "better": (_("better"), _("better"), "good"),
            "worse": (_("worse"), _("worse"), "overdue"),
            "unclear": (_("no clear change"), "≈ " + _("unclear"), "muted"),
            None: (_("not ranked before"), "+ " + _("newly in"), "muted"),
        }[row["change"]]
    place = row["place_before"]
    return {
        "change": words,
        "change_short": short,
        "change_tone": tone,
        "before": "" if pd.isna(place) else _("place {place} before", place=number(place)),
    }


def _elsewhere(row: dict[Any, Any]) -> str:
    """Return a unit's place in the fair ranking and its distance from this one; empty if it is the same."""
    apart = row["fair_place"] - row["naive_place"]
    if pd.isna(apart) or not apart:
        return ""
    return _("fair: {place} ({apart})", place=number(row["fair_place"]), apart=signed(apart))
