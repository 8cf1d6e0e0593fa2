"""Cases in rows with the five clears: what, where, who, progress, result."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.cases.cases import Order, case_count, cases, readable_count, working_left
from queries.figures import published
from queries.figures.figures import names
from ui.address.links import address, carried
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, duration, moment, name, ngettext, number, rounding
from ui.base.page_paths import REPORT, UNIT
from ui.base.run import Run
from ui.base.states import TONES, state
from ui.figures.published_case import OfCase, of_case
from ui.figures.unconfirmed import Mark, mark

PAGE_LENGTH = 20


@dataclass(frozen=True)
class Row:
    """One case in the words of the five clears. Words are empty where nothing is known; `unit_href` is None without a
    holder, and `city` where the city publishes nothing.
    """

    title: str
    code: str
    href: str
    category: str
    severity: str
    address: str
    place: str
    unit: str
    unit_href: str | None
    officer: str
    state: str
    tone: str
    deadline: str
    due: str
    results: list[str]
    city: OfCase | None


@dataclass(frozen=True)
class Page(View):
    """One page of a list of cases, as cases/worklist.html draws it; `turns` are the addresses of its neighbours."""

    title: str
    about: str
    found: str
    nothing: str
    cases: list[Row]
    mark: Mark | None
    page: int
    last: int
    turns: dict[int, str]


def worklist(
    run: Run,
    *,
    key: str,
    figure: str = "open",
    order: Order = "worklist",
    title: str = "",
    about: str = "",
    length: int = PAGE_LENGTH,
    turn: str = "page",
) -> None:
    """Draw the cases of a figure in worklist order, `length` a page; `turn` is the page's parameter in the address.

    Raises DatabaseAway.
    """
    with rounding(False):  # it counts only cases the viewer may read
        shared_panel(run, "worklist", key=key, make=lambda: _page(run, figure, order, title, about, length, turn))


def rows(run: Run, table: pd.DataFrame) -> list[Row]:
    """Return cases (of queries.cases) in the words of the five clears, with links to case and unit."""
    known = {
        dimension: names(run.reports, dimension).to_dict("index")
        for dimension in ("category", "ward", "district", "unit")
    }
    units = known["unit"]
    told = published.kinds(run.reports)
    choices = carried(run)
    left = working_left(run.reports, run.filters, [int(number) for number in table["id"]])
    shown = []
    for case in table.to_dict("records"):
        facts = {kind: members.get(case[f"{kind}_id"]) for kind, members in known.items()}
        unit = facts["unit"]
        place = [name(facts[kind]) for kind in ("ward", "district") if facts[kind]]
        shown.append(
            Row(
                title=case["title"],
                code=case["public_code"],
                href=address(REPORT, **choices | {"code": case["public_code"]}),
                category=name(facts["category"]),
                severity=_severity(case["severity"]),
                address=case["address"] if isinstance(case["address"], str) else "",
                place=", ".join(dict.fromkeys(place)) or _("not located"),
                unit=name(unit) if unit else nobody(escalated=not pd.isna(case["escalated_at"])),
                unit_href=address(UNIT, **choices | {"unit": unit["code"]}) if unit else None,
                officer=case["officer"] if isinstance(case["officer"], str) else "",
                state=state(case["state"]),
                tone=TONES[case["state"]],
                deadline=deadline(case, run, left.get(case["id"])),
                due=moment(case["due_at"]) if not pd.isna(case["due_at"]) else "",
                results=[*results(case), *handed_up(case, units), *receipt(case, run)],
                city=of_case(case, told),
            )
        )
    return shown


def deadline(case: Any, run: Run, working_minutes: float | None = None) -> str:
    """Return a case's time to or past its deadline in words; empty if it has none or has ended.

    The time left is working time if `working_minutes` is given, else calendar time.
    """
    if pd.isna(case["due_at"]) or not pd.isna(case["ended_at"]):
        return ""
    if working_minutes is not None and working_minutes < 60:
        return ngettext("{count} working minute left", "{count} working minutes left", int(working_minutes))
    if working_minutes is not None:
        return _("{hours} working hours left", hours=number(working_minutes / 60, 1))
    hours = (case["due_at"] - run.filters.at).total_seconds() / 3600
    return _("for {time}", time=duration(-hours)) if hours < 0 else _("{time} left", time=duration(hours))


def nobody(*, escalated: bool) -> str:
    """Return the words shown instead of a holder."""
    return _("nobody holds it") if escalated else _("no unit yet")


def handed_up(case: Any, units: dict[Any, Any]) -> list[str]:
    """Return who escalated an open case, since when its holder has it, and whether the citizen was informed since."""
    if pd.isna(case["escalated_at"]) or not pd.isna(case["ended_at"]):
        return []
    by = units.get(case["escalated_by_id"])
    return [
        *([_("by {unit}", unit=name(by))] if by else []),
        *([_("with its holder since {at}", at=moment(case["held_since"]))] if not pd.isna(case["held_since"]) else []),
        informed(case),
    ]


def informed(case: Any) -> str:
    """Return whether and when the citizen was last informed after the escalation."""
    if pd.isna(case["informed_at"]):
        return _("citizen not informed yet")
    return _("citizen informed {at}", at=moment(case["informed_at"]))


def receipt(case: Any, run: Run) -> list[str]:
    """Return by when the unit has to receive a waiting case; nothing if it has, or if no term is known."""
    if case["status"] != "waiting" or pd.isna(case["receive_due_at"]):
        return []
    at = moment(case["receive_due_at"])
    late = case["receive_due_at"] < run.filters.at
    return [_("should have been taken on by {at}", at=at) if late else _("to be taken on by {at}", at=at)]


def results(case: Any) -> list[str]:
    """Return a case's results so far, the latest first: end, escalation, receipt, transfers."""
    ratings = {
        "satisfied": _("the citizen is satisfied"),
        "acceptable": _("the citizen finds it acceptable"),
        "not_satisfied": _("the citizen is not satisfied"),
    }
    said = []
    if not pd.isna(case["ended_at"]):
        at, refused = moment(case["ended_at"]), case["status"] == "refused"
        if case["ended_known"]:
            said.append(_("Refused {at}", at=at) if refused else _("Answered {at}", at=at))
        else:
            said.append(_("Refused, time unknown") if refused else _("Answered, time unknown"))
        said.append(ratings.get(case["rating"], _("not rated yet")))
    elif not pd.isna(case["escalated_at"]):
        said.append(_("Escalated {at}", at=moment(case["escalated_at"])))
    elif not pd.isna(case["received_at"]):
        said.append(_("Being handled since {at}", at=moment(case["received_at"])))
    elif case["status"] == "in_progress":
        said.append(_("Being handled"))
    else:
        said.append(_("Not yet received by the unit"))
    if case["reopen_count"]:
        said.append(ngettext("reopened {count} time", "reopened {count} times", case["reopen_count"]))
    if case["transfer_count"]:
        said.append(ngettext("transferred {count} time", "transferred {count} times", case["transfer_count"]))
    return said


def _page(run: Run, figure: str, order: Order, title: str, about: str, length: int, turn: str) -> Page:
    count = readable_count(run.reports, run.filters, figure=figure)
    last = max(1, -(-count // length))
    wanted = next(iter(run.query.get(turn, [])), "1")
    # More than ten digits exceed any number of pages, and int() is slow with a thousand.
    page = min(max(int(wanted), 1), last) if wanted.isdecimal() and len(wanted) < 10 else 1
    table = cases(run.reports, run.filters, figure=figure, order=order, limit=length, offset=(page - 1) * length)
    others = hidden_cases_note(run, figure, count)
    found = [ngettext("{count} case", "{count} cases", count), others if count else ""]
    return Page(
        title=title or _("What to do first"),
        about=about or _("Overdue and urgent, urgent, overdue, due today, then by deadline"),
        found=" · ".join(filter(None, found)),
        nothing=others or _("Nothing is open here."),
        cases=rows(run, table),
        mark=mark(run, "handle"),
        page=page,
        last=last,
        turns={other: address("?", **run.query | {turn: other}) for other in (page - 1, page + 1)},
    )


def hidden_cases_note(run: Run, figure: str, readable: int) -> str:
    """Return why fewer cases are listed than a figure counts; empty if all are. Raises DatabaseAway."""
    if not run.filters.scope.sees_cases:
        return _("Single cases are open to the unit that holds them and to the city's leadership.")
    if run.filters.scope.reads_all:
        return ""
    count = max(0, case_count(run.reports, run.filters, figure=figure) - readable)
    return (
        ngettext("{count} more is held by another unit", "{count} more are held by other units", count) if count else ""
    )


def _severity(severity: str) -> str:
    return {"urgent": _("urgent"), "complex": _("complex")}.get(severity, "")
