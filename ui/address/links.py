"""Links to the pages that keep the viewer's choices."""

from typing import Any
from urllib.parse import urlencode

from ui.address import map_cell
from ui.address.url_filters import CHOICES, SEVERITY
from ui.base.run import Run

WHOLE_CITY = dict.fromkeys(("unit", "district", "ward", "officer", map_cell.WORD))
"""The parameters to drop from an address so that it covers the whole city."""
_CARRIED = ("period", "from", "to", "at", "lang", SEVERITY, "officer", map_cell.WORD)


def address(page: str, /, **query: Any) -> str:
    """Return the address of a page with a query, relative to any page; "?" is the current page.

    Empty values are left out of the query.
    """
    given = {name: value for name, value in query.items() if value not in (None, "", (), [])}
    return (page.rstrip("?") if page else "./") + ("?" + urlencode(given, doseq=True) if given or page == "?" else "")


def carried(run: Run) -> dict[str, Any]:
    """Return the viewer's choices as the query that links carry from page to page."""
    return {key: run.query[key] for key in (*_CARRIED, *CHOICES) if key in run.query}
