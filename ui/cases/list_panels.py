"""One page of a list of cases, and its head: the contents, the count, and alternatives."""

from dataclasses import dataclass

from queries.cases.cases import cases, found_count, orders, readable_count
from ui.access.record import no_file_from_a_copy, no_files_here
from ui.address.case_list import CaseList, default_order, page_of
from ui.address.links import address
from ui.address.url_filters import SAID
from ui.base.figure_names import figure_name
from ui.base.html_panel import View
from ui.base.i18n import _, ngettext, number
from ui.base.run import Run
from ui.cases.case_list import described, order_name
from ui.cases.downloads import CASES_A_SECOND
from ui.cases.exports import MOST_FOUND
from ui.cases.worklist import Page, hidden_cases_note, rows
from ui.figures.unconfirmed import mark

PAGE_LENGTH = 50
_SECONDS_WORTH_A_WORD = 3
_OFFERED = ("submitted", "received", "open", "overdue", "due_soon", "no_deadline", "resolved", "refused")


@dataclass(frozen=True)
class Choice:
    """A figure or an order that could be listed instead; `here` marks the one that is."""

    name: str
    href: str
    here: bool


@dataclass(frozen=True)
class File:
    """A file of the list, and what to know of it before it is asked for."""

    name: str
    href: str
    about: str


@dataclass(frozen=True)
class About(View):
    """What is listed, in words, and the ways to other figures, orders and files, as cases/cases.html draws them."""

    title: str
    count: int
    found: str
    facts: list[tuple[str, str]]
    figures: list[Choice]
    orders: list[Choice]
    files: list[File]
    no_files: str


def counted(run: Run, listing: CaseList) -> tuple[int, bool]:
    """Return how many cases a list has for this viewer, and whether a search found more than it counts.

    Raises DatabaseAway.
    """
    if listing.search is None:
        return readable_count(run.reports, run.filters, figure=listing.figure), False
    return found_count(run.reports, run.filters, figure=listing.figure, search=listing.search)


def about(run: Run, listing: CaseList) -> About:
    """Return a list's contents with links to what else could be. Raises DatabaseAway."""
    count, more = counted(run, listing)
    here = {word: value for word, value in run.query.items() if word != "page"}
    # A file has the moment of its page, however much later it is requested.
    there = here | {"at": run.filters.at.isoformat()}
    others = "" if listing.search else hidden_cases_note(run, listing.figure, count)
    default = default_order(listing.figure, listing.search)
    figures = _OFFERED if listing.figure in _OFFERED else (listing.figure, *_OFFERED)
    if more:
        found = _("More than {count} cases", count=number(count))
    else:
        found = ngettext("{count} case", "{count} cases", count)
    return About(
        title=figure_name(listing.figure),
        count=count,
        found=found,
        facts=[
            *described(listing, run.filters, run.city, run.reports)[:-1],
            *([(_("Not listed"), others)] if others else []),
        ],
        figures=[
            Choice(
                figure_name(figure),
                address("?", **here | {"figure": figure} | ({} if figure == listing.figure else {SAID: ""})),
                figure == listing.figure,
            )
            for figure in figures
        ],
        orders=[
            Choice(
                order_name(order),
                address("?", **here | {"sort": "" if order == default else order}),
                order == listing.order,
            )
            for order in orders(listing.figure)
        ],
        files=[
            File(kind.upper(), address(f"cases.{kind}", **there), _about_file(kind, count, more))
            for kind in ("csv", "xlsx")
        ],
        no_files=no_file_from_a_copy() if no_files_here() else "",
    )


def _about_file(kind: str, count: int, more: bool) -> str:
    """Return notes on a file before it is requested: that it is not complete, or that it takes long."""
    words = []
    if more:
        words.append(_("at most {count}", count=number(MOST_FOUND)))
    # A browser shows the progress of a CSV file; a workbook sends nothing until it is made.
    if kind == "xlsx" and (seconds := count / CASES_A_SECOND) >= _SECONDS_WORTH_A_WORD:
        about = (
            ngettext("{count} second", "{count} seconds", round(seconds))
            if seconds < 90
            else ngettext("{count} minute", "{count} minutes", round(seconds / 60))
        )
        words.append(_("about {time} to make", time=about))
    return ", ".join(words)


def page(run: Run, listing: CaseList) -> Page:
    """Return the page of a list that is asked for. Raises DatabaseAway."""
    count, _more = counted(run, listing)
    shown, last = page_of(listing, count, PAGE_LENGTH)
    before = (shown - 1) * PAGE_LENGTH
    table = cases(
        run.reports,
        run.filters,
        figure=listing.figure,
        order=listing.order,
        search=listing.search,
        limit=PAGE_LENGTH,
        offset=before,
    )
    return Page(
        title=_("The cases"),
        about=order_name(listing.order),
        found=_("{first} to {last}", first=number(before + 1), last=number(before + len(table))),
        nothing="",
        cases=rows(run, table),
        mark=mark(run, "handle"),
        page=shown,
        last=last,
        turns={other: address("?", **run.query | {"page": other}) for other in (shown - 1, shown + 1)},
    )
