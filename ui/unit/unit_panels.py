"""What a unit has to do and how it does: its duties, its people, its categories, its places and its ratings."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.cases.cases import case_count
from queries.engine.filters import Filters
from queries.figures.figures import Dimension, figures
from queries.registry.registry import SUMS
from queries.units import units
from ui.address.links import WHOLE_CITY
from ui.address.url_filters import NOBODY
from ui.base import levels
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, name, ngettext, number, percent
from ui.base.run import Run
from ui.cases.worklist import hidden_cases_note, worklist
from ui.figures import tiles
from ui.figures.count import Count, count_of, counted
from ui.figures.headline import urgent

_LONGEST = 10
_WORK_LENGTH = 10


@dataclass(frozen=True)
class Person:
    """An officer, or `nobody` where the name is empty, with the overdue and the open reports they answer for."""

    name: str | None
    nobody: str
    overdue: Count
    open: Count
    width: float


@dataclass(frozen=True)
class People(View):
    """A unit's people as unit/unit_people.html draws them; `more` says how many are not among the first."""

    rows: list[Person]
    at_first: int
    more: str
    nothing: str


@dataclass(frozen=True)
class Category:
    """A category's part of what a unit received, and the same of the city; widths are in hundredths."""

    name: str
    received: Count
    open: Count
    overdue: Count
    share: str
    city: str
    city_counts: tuple[Count, Count]
    width: float
    city_width: float


@dataclass(frozen=True)
class Categories(View):
    """What a unit's cases are about, as unit/unit_categories.html draws it."""

    rows: list[Category]
    whole: Count
    more: str


@dataclass(frozen=True)
class Place:
    """The overdue and the open reports of a unit in one place; widths are in hundredths."""

    name: str
    overdue: Count
    open: Count
    width: float
    late: float


@dataclass(frozen=True)
class Places(View):
    """Where a unit's open cases lie, as unit/unit_places.html draws it."""

    about: str
    rows: list[Place]
    more: str


@dataclass(frozen=True)
class Rating:
    """One answer of citizens: how many gave it, and what share of all that is."""

    label: str
    tone: str
    count: Count
    share: str
    width: float


@dataclass(frozen=True)
class Ratings(View):
    """How citizens rated a unit's answers, as unit/unit_ratings.html draws it."""

    rows: list[Rating]
    rated: Count
    resolved: Count
    reopened: Count


def duties(run: Run, own: dict[str, Any]) -> None:
    """Draw what waits for the unit's head: urgent, due today, new, transferred, sent back. `own` are its figures.

    Raises DatabaseAway.
    """
    tiles.tiles(run, lambda: _duties(run, own), key="unit_duties")


def _duties(run: Run, own: dict[str, Any]) -> list[tiles.Tile]:
    waiting = units.duties(run.reports, run.filters)
    late = counted(run, "overdue", own)
    return [
        urgent(run, own),
        tiles.plain(
            run,
            "due_today",
            waiting,
            "",
            parts=(late, " " + _("overdue")),
            tone="overdue-tile" if late.count else "due-soon-tile",
        ),
        tiles.plain(run, "new_here", waiting, ""),
        tiles.plain(run, "by_transfer", waiting, ""),
        tiles.plain(run, "sent_back", waiting, "", tone="due-soon-tile"),
    ]


def work(run: Run) -> None:
    """Draw the unit's worklist, and what it escalated, with the holders. Raises DatabaseAway."""
    worklist(run, key="unit_worklist", length=_WORK_LENGTH)
    if case_count(run.reports, run.filters, figure="with_higher"):
        worklist(
            run,
            key="unit_with_higher",
            figure="with_higher",
            order="oldest",
            title=_("With a higher level"),
            about=_("Escalated by this unit, counted for the unit that holds it now"),
            length=_WORK_LENGTH,
            turn="higher",
        )


def people(run: Run) -> None:
    """Draw the open cases of each of the unit's officers. Raises DatabaseAway."""
    shared_panel(
        run, "unit_people", key="unit_people", make=lambda: _people(run, units.officers(run.reports, run.filters))
    )


def categories(run: Run, city: Filters) -> None:
    """Draw the unit's cases by category, beside the city's mix, whose filters are given."""
    shared_panel(
        run,
        "unit_categories",
        key="unit_categories",
        make=lambda: _categories(
            run, *(figures(run.reports, filters, by="category") for filters in (run.filters, city))
        ),
    )


def places(run: Run) -> None:
    """Draw the unit's open cases by ward, or other areas of the city. Raises DatabaseAway."""
    level = levels.default(run.reports, "ward")
    shared_panel(
        run,
        "unit_places",
        key="unit_places",
        make=lambda: _places(run, figures(run.reports, run.filters, by=level), level),
    )


def ratings(run: Run, own: dict[str, Any]) -> None:
    """Draw the citizens' ratings of the unit's answers, and the share that was rated. Raises DatabaseAway."""
    shared_panel(
        run,
        "unit_ratings",
        key="unit_ratings",
        make=lambda: _ratings(run, units.ratings(run.reports, run.filters), own),
    )


def _people(run: Run, table: pd.DataFrame) -> People:
    rows = []
    for row in table.to_dict("records"):
        officer = row["officer"] or NOBODY
        rows.append(
            Person(
                name=row["officer"],
                nobody=_("not assigned") if run.live else _("not assigned, or no longer known"),
                overdue=count_of(run, "overdue", row["overdue"], officer=officer),
                open=count_of(run, "open", row["open"], officer=officer),
                width=round(row["overdue"] / row["open"] * 100, 1),
            )
        )
    more = max(0, len(rows) - _LONGEST)
    return People(
        rows=rows,
        at_first=_LONGEST,
        more=ngettext("and {count} more officer", "and {count} more officers", more) if more else "",
        nothing=hidden_cases_note(run, "open", len(rows)) if not rows else "",
    )


def _categories(run: Run, own: pd.DataFrame, city: pd.DataFrame) -> Categories:
    of_city, whole = city.set_index("key")["received"], city["received"].sum()
    shares = of_city / max(1, whole)
    received = own["received"].sum()
    shown = own[(own["received"] > 0) | (own["open"] > 0)].sort_values(["received", "open"], ascending=False)
    most = max([0.01, *(shown["received"] / max(1, received)), *shares])
    rows = [
        Category(
            name=name(row),
            received=count_of(run, "received", row["received"], category=row["code"]),
            open=count_of(run, "open", row["open"], category=row["code"]),
            overdue=count_of(run, "overdue", row["overdue"], category=row["code"]),
            share=percent(row["received"], received),
            city=percent(of_city[row["key"]], whole),
            city_counts=(
                count_of(run, "received", of_city[row["key"]], **WHOLE_CITY, category=row["code"]),
                count_of(run, "received", whole, **WHOLE_CITY),
            ),
            width=round(row["received"] / max(1, received) / most * 100, 1),
            city_width=round(shares[row["key"]] / most * 100, 1),
        )
        for row in shown.head(_LONGEST).to_dict("records")
    ]
    more = max(0, len(shown) - _LONGEST)
    return Categories(
        rows=rows,
        whole=count_of(run, "received", received),
        more=ngettext("and {count} more category", "and {count} more categories", more) if more else "",
    )


def _places(run: Run, table: pd.DataFrame, level: Dimension) -> Places:
    shown = table[table["open"] > 0].sort_values(["open", "overdue"], ascending=False)
    most = max(1, int(shown["open"].max())) if len(shown) else 1
    rows = []
    for row in shown.head(_LONGEST).to_dict("records"):
        nowhere = pd.isna(row["code"])
        here = {level: NOBODY if nowhere else row["code"]}
        rows.append(
            Place(
                name=_("not located") if nowhere else name(row),
                overdue=count_of(run, "overdue", row["overdue"], **here),
                open=count_of(run, "open", row["open"], **here),
                width=round(row["open"] / most * 100, 1),
                late=round(row["overdue"] / row["open"] * 100, 1),
            )
        )
    more = max(0, len(shown) - _LONGEST)
    return Places(
        about=_("Overdue of open, by {place}", place=levels.within(run.city, level, many=False)),
        rows=rows,
        more=_("and {count} more", count=number(more)) if more else "",
    )


def _ratings(run: Run, counts: dict[str, int], own: dict[str, Any]) -> Ratings:
    rated = counts["rated"]
    labels = (_("Satisfied"), "good"), (_("Acceptable"), "muted"), (_("Not satisfied"), "overdue")
    return Ratings(
        rows=[
            Rating(
                label=label,
                tone=tone,
                count=count_of(run, figure, counts[figure]),
                share=percent(counts[figure], rated),
                width=round(counts[figure] / max(1, rated) * 100, 2),
            )
            for figure, (label, tone) in zip(SUMS["rated"].sum_of, labels, strict=True)
        ],
        rated=count_of(run, "rated", rated),
        resolved=count_of(run, "resolved", own["resolved"]),
        reopened=count_of(run, "reopened", own["reopened"]),
    )
