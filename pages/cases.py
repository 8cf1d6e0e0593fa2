"""Which cases does this number count?"""

from queries.cases.search import may_be_code
from ui.access import accounts
from ui.address.controls import words_of
from ui.base import examples
from ui.base.html_panel import panel, shared_panel
from ui.base.i18n import _
from ui.base.run import Complete, viewing
from ui.cases import list_panels
from ui.cases.case_list import asked_list
from ui.live import freshness

seen = viewing()
words_of(_("Search"), "q", example=examples.of_search(seen.reports))
listing = seen.shared("list", lambda: asked_list(seen.query, seen.reports, seen.filters.scope))
if not seen.filters.scope.reads_all and may_be_code(listing.typed) and not (listing.search and listing.search.code):
    accounts.refused_here("search refused", listing.typed)
if listing.strange:
    panel("notice", key="notice_list", words=", ".join(listing.strange[:5]))

shared_panel(seen, "cases", key="cases_about", make=lambda: list_panels.about(seen, listing))
if not list_panels.counted(seen, listing)[0]:
    freshness.nothing_found(seen.city)
    raise Complete
shared_panel(seen, "worklist", key="cases", make=lambda: list_panels.page(seen, listing))
