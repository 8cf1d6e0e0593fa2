"""Which cases does this number count?"""

from queries.search import may_be_code
from ui import access, case_pages, examples, status
from ui.case_list import asked_list
from ui.controls import words_of
from ui.panel import panel, shared_panel
from ui.viewing import Complete, viewing
from ui.words import _

seen = viewing()
words_of(_("Search"), "q", example=examples.of_search(seen.reports))
listing = seen.shared("list", lambda: asked_list(seen.query, seen.reports, seen.filters.scope))
if not seen.filters.scope.reads_all and may_be_code(listing.typed) and not (listing.search and listing.search.code):
    access.refused_here("search refused", listing.typed)
if listing.strange:
    panel("notice", key="notice_list", words=", ".join(listing.strange[:5]))

shared_panel(seen, "cases", key="cases_about", make=lambda: case_pages.about(seen, listing))
if not case_pages.counted(seen, listing)[0]:
    status.nothing_found(seen.city)
    raise Complete
shared_panel(seen, "worklist", key="cases", make=lambda: case_pages.page(seen, listing))
