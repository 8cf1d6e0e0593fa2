"""Units or districts ranked by how far behind they are: place, change of place, worst case and category."""

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.figures.figures import names
from queries.figures.overdue import overdue
from queries.figures.ranking import Order, changed, ranked
from ui.address.links import address, carried
from ui.base import levels
from ui.base.html_panel import View
from ui.base.i18n import NOTHING, _, duration, name, ngettext, number, percent, signed
from ui.base.page_paths import CASES, DEFINITIONS, OVERDUE, REPORT, UNIT
from ui.base.run import Run
from ui.figures.change import Then, standing_before
from ui.figures.count import Count
from ui.figures.unconfirmed import Mark, mark
from ui.unit.best_and_worst import Leader, best, rows
from ui.unit.intervals import Drawn, Legend, Scale, scale

KINDS = {
    "all": ("city", "district", "commune", "department", "utility"),
    "commune": ("commune",),
    "department": ("city", "department", "utility"),
    "district": ("district",),
}
"""The kinds of units that are compared with each other, by choice."""
_AT_FIRST = 10  # on a phone; the rest is folded


@dataclass(frozen=True)
class Change:
    """What became of a unit since the compared moment, in words and in a few; empty where nothing is compared."""

    words: str = ""
    short: str = ""
    tone: str = "muted"
    before: str = ""


@dataclass(frozen=True)
class Row:
    """A unit or district: its place (empty: not ranked), its share and interval, and what makes it late.

    `elsewhere` says which place it has in the other ranking, `unknown` why its share says nothing. `oldest_href` is
    None where no case of it may be read; `worst` counts the overdue reports of its worst category, if any.
    """

    place: str
    elsewhere: str
    name: str
    name_href: str
    drawn: Drawn
    overdue: Count
    share: str
    unknown: str
    change: Change
    ratio: str
    expected: str
    seriously: Count
    receive: Count
    oldest: str
    oldest_href: str | None
    category: str
    worst: Count | None


@dataclass(frozen=True)
class Leaderboard(View):
    """Units or districts in their order, as unit/overdue.html draws them: the ranked `rows`, and the `few` unranked."""

    title: str
    mark: Mark | None
    about: list[str]
    definitions: str
    scale: Legend
    heading: str
    rows: list[Row]
    at_first: int
    few: list[Row]
    few_about: str
    best: list[Leader]
    nothing: str


def leaderboard(
    run: Run, *, by: Literal["unit", "district"], kind: str, order: Order, most: int | None = None
) -> Leaderboard:
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
        _row(row, drawn_on, categories, choices, by, order, compared=then is not None)
        for row in table.iloc[:most].to_dict("records")
    ]
    return Leaderboard(
        title=_("Overdue of open reports"),
        mark=mark(run),
        about=_about(table, order, Then(run).at),
        definitions=address(DEFINITIONS, **choices),
        scale=drawn_on.legend,
        heading=_("Unit") if by == "unit" else levels.one(run.city, by),
        rows=shown[:ranks],
        at_first=_AT_FIRST,
        few=shown[ranks:],
        few_about=_("With fewer than {count} open reports a share says little.", count=run.fewest_open),
        best=rows(run, best(table), drawn_on) if by == "unit" else [],
        nothing=(
            _("No unit of this kind holds an open report.")
            if table.empty
            else _("No unit has enough open reports to compare.")
        ),
    )


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
    row: dict[Any, Any],
    drawn_on: Scale,
    categories: dict[Any, Any],
    carry: dict[str, Any],
    by: str,
    order: Order,
    *,
    compared: bool,
) -> Row:
    choices = carry | {by: row["code"]}
    category = categories.get(row["worst_category_id"])
    undue = row["no_deadline"] == row["open"]

    def count(figure: str, sort: str, number_of: Any, text: str = "", **more: Any) -> Count:
        """Return a number with the way to its cases, in an order."""
        return Count(
            figure, int(number_of), address(CASES, **choices | {"figure": figure} | more | {"sort": sort}), text
        )

    raw = f"{number(row['overdue'])}/{number(row['open'])}"
    return Row(
        place=number(row["place"]) if not pd.isna(row["place"]) else "",
        elsewhere=_elsewhere(row) if order == "naive" else "",
        name=name(row),
        name_href=address(UNIT if by == "unit" else OVERDUE, **choices),
        drawn=drawn_on.drawn(row),
        overdue=count("overdue", "most_late", row["overdue"], raw),
        share=NOTHING if undue else percent(row["overdue"], row["open"]),
        unknown=_("none of them with a deadline") if undue else "",
        change=_change(row, compared=compared),
        ratio=number(row["ratio"], 1) + ("" if pd.isna(row["ratio"]) else "×"),
        expected="" if pd.isna(row["expected"]) else f"{number(row['overdue'])} / {number(row['expected'], 1)}",
        seriously=count("seriously_overdue", "most_late", row["seriously_overdue"]),
        receive=count("receive_overdue", "oldest", row["receive_overdue"]),
        oldest=duration(row["oldest_hours"]),
        oldest_href=address(REPORT, **carry | {"code": row["oldest_code"]}) if row["oldest_code"] else None,
        category="" if category is None else name(category),
        worst=None
        if category is None
        else count("overdue", "most_late", row["worst_category_overdue"], category=category["code"]),
    )


def _change(row: dict[Any, Any], *, compared: bool) -> Change:
    """Return what became of a unit; nothing where nothing is compared."""
    place = row["place_before"]
    before = "" if pd.isna(place) else _("place {place} before", place=number(place))
    if not compared or pd.isna(row["place"]):
        return Change(before=before)
    words, short, tone = {
        "better": (_("better"), _("better"), "good"),
        "worse": (_("worse"), _("worse"), "overdue"),
        "unclear": (_("no clear change"), "≈ " + _("unclear"), "muted"),
        None: (_("not ranked before"), "+ " + _("newly in"), "muted"),
    }[row["change"]]
    return Change(words, short, tone, before)


def _elsewhere(row: dict[Any, Any]) -> str:
    """Return a unit's place in the fair ranking and its distance from this one; empty if it is the same."""
    apart = row["fair_place"] - row["naive_place"]
    if pd.isna(apart) or not apart:
        return ""
    return _("fair: {place} ({apart})", place=number(row["fair_place"]), apart=signed(apart))
