"""What a list of cases shows, in words."""

from queries.cases.cases import Order, speaks_of_the_period
from queries.engine.database import ReportDatabase
from queries.engine.filters import NONE, Filters
from queries.figures.figures import City, Dimension, names
from queries.figures.published import SAID
from ui.address import map_cell, periods
from ui.address.case_list import CaseList
from ui.base import levels
from ui.base.figure_names import figure_name, meaning
from ui.base.i18n import _, moment, name
from ui.base.states import severity
from ui.figures.published import said_name


def order_name(order: Order) -> str:
    """Return an order's name in the viewer's language."""
    return {
        "newest": _("Newest first"),
        "oldest": _("Oldest first"),
        "worklist": _("What to do first"),
        "most_late": _("Most overdue first"),
    }[order]


def described(listing: CaseList, filters: Filters, city: City, reports: ReportDatabase) -> list[tuple[str, str]]:
    """Return a list's contents in words, as headings and texts. Raises DatabaseAway."""
    at = moment(filters.at.astimezone(city.zone))
    facts = [
        (_("What is listed"), f"{figure_name(listing.figure)}: {meaning(listing.figure)}"),
        (_("Moment"), f"{at} ({city.time_zone})"),
    ]
    if listing.figure in SAID:
        facts.append((_("In the city's own words"), said_name(SAID[listing.figure], filters.said or "")))
    if speaks_of_the_period(listing.figure):
        facts.append((_("Period"), periods.in_words(filters)))
    if listing.search is not None:
        facts.append((_("Search"), listing.typed))
    chosen: list[tuple[str, Dimension, tuple[int, ...]]] = [
        (levels.one(city, "district"), "district", filters.districts),
        (levels.one(city, "ward"), "ward", filters.wards),
        (_("Unit"), "unit", filters.units),
        (_("Category"), "category", filters.categories),
        (_("Channel"), "channel", filters.channels),
    ]
    for title, dimension, keys in chosen:
        if keys:
            known = names(reports, dimension).to_dict("index")
            facts.append((title, ", ".join(_("none") if key == NONE else name(known[key]) for key in keys)))
    if filters.severities:
        facts.append((_("Severity"), ", ".join(severity(one) for one in filters.severities)))
    if filters.officers:
        facts.append((_("Officer"), ", ".join(officer or _("not assigned") for officer in filters.officers)))
    if filters.square:
        facts.append((_("Square"), map_cell.in_words(filters.square)))
    return [*facts, (_("Order"), order_name(listing.order))]
