"""Which cases a list shows, as parsed from the address: figure, search, order, page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from queries.cases.cases import ORDERS, Order, orders
from queries.cases.search import Search, search
from queries.engine.database import ReportDatabase
from queries.engine.scope import NOTHING, Scope
from queries.figures.published import SAID
from queries.registry.registry import FIGURES

USUAL_FIGURE = "open"
_MOST_PAGES = 200


@dataclass(frozen=True)
class CaseList:
    """The contents of a list of cases. `unrecognised` holds the values of the address that were not understood."""

    figure: str
    order: Order
    typed: str
    search: Search | None
    page: int
    unrecognised: tuple[str, ...] = ()


def asked_list(query: Mapping[str, Iterable[str]], reports: ReportDatabase, scope: Scope = NOTHING) -> CaseList:
    """Parse a list of cases from an address. A search without a figure covers all reports. Raises DatabaseAway."""
    words = {word: next(iter(query.get(word, ())), "") for word in ("figure", "q", "sort", "page")}
    unrecognised = []
    found = search(reports, words["q"], scope) if words["q"].strip() else None
    if words["q"].strip() and found is None:
        unrecognised.append(words["q"])
    if words["figure"] and words["figure"] not in FIGURES:
        unrecognised.append(words["figure"])
    figure = figure_of({"figure": words["figure"], "q": words["q"] if found else ""})
    if figure in SAID and not any(query.get("said", ())):
        unrecognised.append(figure)
        figure = USUAL_FIGURE
    order = default_order(figure, found)
    if words["sort"] in orders(figure):
        order = next(known for known in ORDERS if known == words["sort"])
    elif words["sort"]:
        unrecognised.append(words["sort"])
    page = 1
    if words["page"].isdecimal() and len(words["page"]) < 10:
        page = max(int(words["page"]), 1)
    elif words["page"]:
        unrecognised.append(words["page"])
    return CaseList(figure, order, words["q"].strip(), found, page, tuple(unrecognised))


def figure_of(words: Mapping[str, str]) -> str:
    """Return the figure whose cases an address asks for; a search without one covers all reports."""
    figure = words.get("figure") or ("submitted" if words.get("q", "").strip() else USUAL_FIGURE)
    return figure if figure in FIGURES else USUAL_FIGURE


def default_order(figure: str, found: Search | None) -> Order:
    """Return the default order: the worklist's for what is open now, else the newest first."""
    return "worklist" if "worklist" in orders(figure) and found is None else "newest"


def page_of(listing: CaseList, count: int, length: int) -> tuple[int, int]:
    """Return the page to show of `count` cases, and the last page; the number of pages is limited."""
    last = min(max(1, -(-count // length)), _MOST_PAGES)
    return min(listing.page, last), last
