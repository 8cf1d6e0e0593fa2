"""The newest reports."""

from typing import Any

import pandas as pd

from queries.cases.cases import cases
from queries.figures.figures import names
from ui.address.links import address, carried
from ui.base.html_panel import shared_panel
from ui.base.i18n import _, ago, name
from ui.base.page_paths import REPORT
from ui.base.run import Run
from ui.base.states import TONES, state
from ui.cases.worklist import hidden_cases_note

_SHOWN = 7


def newest(run: Run, *, key: str) -> None:
    """Draw the newest reports: what, where, who holds it, how long ago."""
    shared_panel(run, "newest", key=key, make=lambda: _newest(run))


def _newest(run: Run) -> dict[str, Any]:
    table = cases(run.reports, run.filters, figure="received", limit=_SHOWN)
    known = {dimension: names(run.reports, dimension) for dimension in ("category", "ward", "district", "unit")}
    shown = []
    for case in table.to_dict("records"):
        places = [("category", "category_id"), ("ward", "ward_id"), ("unit", "unit_id")]
        facts = [name(known[kind].loc[case[column]]) for kind, column in places if not pd.isna(case[column])]
        shown.append(
            {
                "title": case["title"],
                "href": address(REPORT, **carried(run) | {"code": case["public_code"]}),
                "state": state(case["state"]),
                "tone": TONES[case["state"]],
                "facts": " · ".join([*facts, ago(case["submitted_at"], run.filters.at)]),
            }
        )
    return {
        "title": _("Newest reports"),
        "about": _("What, where, who holds it, since when"),
        "nothing": ""
        if shown
        else hidden_cases_note(run, "received", 0) or _("No report was received in this period."),
        "cases": shown,
    }
