"""The cases to raise at a briefing, each with its holder, the officer and how late it is."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.cases.cases import Order, cases, readable_count
from queries.figures.figures import names
from queries.units.units import heads
from safe_text import plain_text
from ui.address.links import address, carried
from ui.base.figure_names import figure_name
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, language, moment, name, rounding
from ui.base.page_paths import REPORT, UNIT
from ui.base.run import Run
from ui.cases.worklist import deadline, nobody
from ui.figures.count import Count, count_of

_EACH = 2
_GROUPS: tuple[tuple[str, Order, str], ...] = (
    ("urgent_overdue", "worklist", "urgent"),
    ("overdue", "most_late", ""),
    ("reopened_open", "oldest", ""),
    ("escalated_unheld", "oldest", ""),
)
"""The figures whose cases are listed, their order, and another figure to use if one counts nothing."""


@dataclass(frozen=True)
class Case:
    """A case with its holder, who heads that, the officer in charge, and how late it is."""

    title: str
    href: str
    unit: str
    unit_href: str
    head: str
    officer: str
    late: bool
    deadline: str


@dataclass(frozen=True)
class Group:
    """The first cases of a figure; `alarm` marks one that should count nothing."""

    title: str
    count: Count
    alarm: bool
    cases: list[Case]


@dataclass(frozen=True)
class Named(View):
    """The cases to raise, as cases/named.html draws them."""

    groups: list[Group]


def named(run: Run, *, key: str) -> None:
    """Draw the first cases of each group; nothing for a viewer who may read no case. Raises DatabaseAway."""
    if run.filters.scope.sees_cases:
        with rounding(False):  # it counts only cases the viewer may read
            shared_panel(run, "named", key=key, make=lambda: _named(run))


def _named(run: Run) -> Named:
    units = names(run.reports, "unit").to_dict("index")
    heading = heads(run.reports, run.filters)
    groups = []
    for wanted, order, instead in _GROUPS:
        count, figure = readable_count(run.reports, run.filters, figure=wanted), wanted
        if not count and instead:
            count, figure = readable_count(run.reports, run.filters, figure=instead), instead
        table = cases(run.reports, run.filters, figure=figure, order=order, limit=_EACH)
        groups.append(
            Group(
                title=figure_name(figure) if figure != "overdue" else _("Overdue the longest"),
                count=count_of(run, figure, count, sort=None if order == "worklist" else order),
                alarm=count > 0 and figure in {"urgent_overdue", "escalated_unheld"},
                cases=[_case(run, case, units, heading) for case in table.to_dict("records")],
            )
        )
    return Named(groups)


def _case(run: Run, case: Any, units: dict[Any, Any], heading: dict[int, Any]) -> Case:
    unit, choices = units.get(case["unit_id"]), carried(run)
    head = heading.get(int(case["unit_id"])) if unit else None
    return Case(
        title=case["title"],
        href=address(REPORT, **choices | {"code": case["public_code"]}),
        unit=name(unit) if unit else nobody(escalated=not pd.isna(case["escalated_at"])),
        unit_href=address(UNIT, **choices | {"unit": unit["code"]}) if unit else "",
        head=": ".join(map(plain_text, (head[f"title_{language()}"], head["name"]))) if head else "",
        officer=(case["officer"] if isinstance(case["officer"], str) else _("not assigned")) if unit else "",
        late=case["state"] == "overdue",
        deadline=_deadline(case, run),
    )


def _deadline(case: Any, run: Run) -> str:
    """Return how late a case is or how long it has left; without a deadline, since when it is open or escalated."""
    told = deadline(case, run)
    if case["state"] == "overdue":
        return _("overdue {time}", time=told)
    since = case["submitted_at"] if pd.isna(case["escalated_at"]) else case["escalated_at"]
    return told or _("since {at}", at=moment(since))
