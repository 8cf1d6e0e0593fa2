"""Which cases does this number count?"""

import streamlit as st

from queries.cases import MOST_FOUND, ORDERS, case_count, cases
from ui.case_list import asked_list, described, order_name, page_of, usual_order
from ui.controls import words_of
from ui.exports import MOST_EXPORTED
from ui.meanings import figure_name
from ui.panel import address, panel
from ui.viewing import viewing
from ui.words import _, ngettext, number
from ui.worklist import rows

PAGE_LENGTH = 50
OFFERED = ("submitted", "received", "open", "overdue", "due_soon", "no_deadline", "resolved", "refused")

seen = viewing()
words_of(_("Search"), "q", example=_("rac thai dong da, a code, a unit, a street"), forgets="page")
listing = asked_list(seen.query, seen.reports)
if listing.strange:
    st.warning(_("Not understood in the address and left out: {words}", words=", ".join(listing.strange[:5])))
count = case_count(seen.reports, seen.filters, figure=listing.figure, search=listing.search)
many = listing.search is not None and count > MOST_FOUND
page, last = page_of(listing, min(count, MOST_FOUND) if many else count, PAGE_LENGTH)

here = {word: value for word, value in seen.query.items() if word != "page"}
fixed = here | {"at": seen.filters.at.isoformat()}
figures = OFFERED if listing.figure in OFFERED else (listing.figure, *OFFERED)
panel(
    "cases",
    key="cases_about",
    title=figure_name(listing.figure),
    count=MOST_FOUND if many else count,
    found=(
        _("More than {count} cases", count=number(MOST_FOUND))
        if many
        else ngettext("{count} case", "{count} cases", count)
    ),
    facts=described(listing, seen.filters, seen.city, seen.reports)[:-1],
    figures=[
        {"name": figure_name(each), "href": address("?", **here | {"figure": each}), "here": each == listing.figure}
        for each in figures
    ],
    orders=[
        {
            "name": order_name(each),
            "href": address(
                "?", **here | {"sort": each if each != usual_order(listing.figure, listing.search) else ""}
            ),
            "here": each == listing.order,
        }
        for each in ORDERS
    ],
    files=[
        {
            "name": kind.upper(),
            "href": address(f"cases.{kind}", **fixed),
            "most": _("the first {count}", count=number(most)) if many or count > most else "",
        }
        for kind, most in MOST_EXPORTED.items()
    ],
)
if not count:
    st.info(
        _("No report matches these filters. Widen the period or remove a filter."), icon=":material/filter_alt_off:"
    )
    st.stop()

table = cases(
    seen.reports,
    seen.filters,
    figure=listing.figure,
    order=listing.order,
    search=listing.search,
    limit=PAGE_LENGTH,
    offset=(page - 1) * PAGE_LENGTH,
)
panel(
    "worklist",
    key="cases",
    title=_("The cases"),
    about=order_name(listing.order),
    found=_(
        "{first} to {last}",
        first=number((page - 1) * PAGE_LENGTH + 1),
        last=number((page - 1) * PAGE_LENGTH + len(table)),
    ),
    nothing="",
    cases=rows(seen, table),
    page=page,
    last=last,
    turns={other: address("?", **seen.query | {"page": other}) for other in (page - 1, page + 1)},
)
