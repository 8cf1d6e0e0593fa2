"""The newest reports."""

from dataclasses import dataclass

import pandas as pd

from queries.cases.cases import cases
from queries.figures.figures import names
from ui.address.links import address, carried
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, ago, name
from ui.base.page_paths import REPORT
from ui.base.run import Run
from ui.base.states import TONES, state
from ui.cases.worklist import hidden_cases_note

_SHOWN = 7


@dataclass(frozen=True)
class Case:
    """A case in two lines: its title, and its state and what, where, who and when."""

    title: str
    href: str
    state: str
    tone: str
    facts: str


@dataclass(frozen=True)
class Newest(View):
    """The last reports received, as cases/newest.html draws them."""

    title: str
    about: str
    nothing: str
    cases: list[Case]


def newest(run: Run, *, key: str) -> None:
    """Draw the newest reports: what, where, who holds it, how long ago."""
    shared_panel(run, "newest", key=key, make=lambda: _newest(run))


def _newest(run: Run) -> Newest:
    table = cases(run.reports, run.filters, figure="received", limit=_SHOWN)
    known = {dimension: names(run.reports, dimension) for dimension in ("category", "ward", "district", "unit")}
    shown = []
    for case in table.to_dict("records"):
        places = [("category", "category_id"), ("ward", "ward_id"), ("unit", "unit_id")]
        facts = [name(known[kind].loc[case[column]]) for kind, column in places if not pd.isna(case[column])]
        shown.append(
            Case(
                title=case["title"],
                href=address(REPORT, **carried(run) | {"code": case["public_code"]}),
                state=state(case["state"]),
                tone=TONES[case["state"]],
                facts=" · ".join([*facts, ago(case["submitted_at"], run.filters.at)]),
            )
        )
    return Newest(
        title=_("Newest reports"),
        about=_("What, where, who holds it, since when"),
        nothing="" if shown else hidden_cases_note(run, "received", 0) or _("No report was received in this period."),
        cases=shown,
    )
