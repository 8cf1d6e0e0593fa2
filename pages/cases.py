"""Which cases does this number count?"""

from queries.cases.search import may_be_code
from ui.access import accounts
from ui.address import examples
from ui.address.case_list import asked_list
from ui.address.controls import words_of
from ui.base.html_panel import panel, shared_panel
from ui.base.i18n import _
from ui.base.run import Complete, current_run
from ui.cases import list_panels
from ui.live import freshness

run = current_run()
words_of(_("Search"), "q", example=examples.of_search(run.reports))
listing = run.shared("list", lambda: asked_list(run.query, run.reports, run.filters.scope))
if not run.filters.scope.reads_all and may_be_code(listing.typed) and not (listing.search and listing.search.code):
    accounts.refused_here("search refused", listing.typed)
if listing.unrecognised:
    panel("notice", key="notice_list", words=", ".join(listing.unrecognised[:5]))

shared_panel(run, "cases", key="cases_about", make=lambda: list_panels.about(run, listing))
if not list_panels.counted(run, listing)[0]:
    freshness.nothing_found(run.city)
    raise Complete
shared_panel(run, "worklist", key="cases", make=lambda: list_panels.page(run, listing))
