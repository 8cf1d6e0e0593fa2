"""One case in words: the five clears, its deadline with its reason, and every step."""

from typing import Any

import pandas as pd

from queries.cases.report import NEAR_METRES, Held, held, nearby, worked_minutes
from queries.figures.figures import names
from queries.rules.deadlines import path
from ui.address.links import address, carried
from ui.base import levels
from ui.base.i18n import _, duration, in_hours, moment, name, ngettext, number
from ui.base.page_paths import REPORT, UNIT
from ui.base.run import Run
from ui.base.states import TONES, severity, state
from ui.cases.worklist import deadline, informed, nobody, results

Case = dict[str, Any]


def head(run: Run, case: Case) -> dict[str, Any]:
    """Return a case's five clears (queries.report) for cases/report.html."""
    category, channel, ward, district = (
        _named(run, dimension, case) for dimension in ("category", "channel", "ward", "district")
    )
    place = [area for area in (ward, district) if area]
    shown = {
        "code": case["public_code"],
        "title": case["title"],
        "text": case["text"] or "",
        "category": category,
        "severity": severity(case["severity"]),
        "urgent": case["severity"] == "urgent",
        "channel": channel,
        "address": case["address"] or "",
        "place": ", ".join(dict.fromkeys(place)) or _("not located"),
        "placed_by": _placed_by(run, case),
        "unit": _unit(run, case["unit_id"], escalated=case["escalated_at"] is not None),
        "officer": case["officer"] or _("not assigned"),
        "handed_up": _handed_up(run, case),
        "state": _("Clock stopped") if case["stopped_at"] else state(case["state"]),
        "tone": TONES[case["state"]],
        "deadline": deadline(case, run),
        "due": _due(case),
        "submitted": moment(case["submitted_at"]),
        "results": results(case),
        "answer": (case["answer"] or "").strip(),
        "resolved": case["status"] == "resolved",
        "stale": moment(case["stale_since"]) if case["stale_since"] else "",
    }
    return {"case": shown}


def _placed_by(run: Run, case: Case) -> str:
    """Say which of a case's areas come from the source's own words instead of a point; empty if none does."""
    marked = [level for level in ("ward", "district") if case[f"{level}_from_source"]]
    if len(marked) == 1:
        return _("{level} as the source names it, not by a point", level=levels.one(run.city, marked[0]))
    return _("Area as the source names it, not by a point") if marked else ""


def way(run: Run, case: Case, steps: pd.DataFrame) -> dict[str, Any]:
    """Return a case's holders and steps for cases/report_way.html."""
    spans = held(steps, run.filters.at)
    worked = worked_minutes(run.reports, spans)
    shown = timeline(run, steps)
    if case["ended_at"] is not None and not case["ended_known"]:
        end = max(n for n, kind in enumerate(steps["kind"]) if kind in ("resolved", "refused"))
        shown[end]["note"] = _("The source does not say when it was closed; by this time it was.")
    return {"steps": shown, "holders": holders(run, spans, worked, still=case["ended_at"] is None)}


def deadline_terms(run: Run, case: Case, steps: pd.DataFrame) -> dict[str, Any]:
    """Return a case's terms, the history of its handle deadline and the rule's source, for cases/report_terms.html.
    Raises DatabaseAway.
    """
    way = deadline_way(path(run.reports, run.filters, case["id"]), names(run.reports, "category"), case["clock"])
    return {"terms": terms(case, steps), "way": way if len(way) > 1 else [], "source": case["rule_source"]}


def deadline_way(path: pd.DataFrame, categories: pd.DataFrame, clock: str | None) -> list[dict[str, str]]:
    """Return the history of a handle deadline (queries.deadlines.path): each change, when, why, the new deadline."""
    shown: list[dict[str, str]] = []
    before = None
    for step in path.to_dict("records"):
        due = None if pd.isna(step["due_at"]) else step["due_at"]
        kind = None if pd.isna(step["kind"]) else step["kind"]
        if shown and due == before and kind != "recategorised":
            continue
        category = name(categories.loc[step["category_id"]])
        minutes = "" if pd.isna(step["minutes"]) else in_hours(step["minutes"])
        extension = _("Deadline extended by {hours} {clock}", hours=minutes, clock=_clock(clock))
        resumed = _("Clock resumed; it was stopped since {at}", at=moment(step["stopped_at"]))
        why = {
            "submitted": _("Submitted by the citizen"),
            "received": _("Counted from receipt"),
            "recategorised": _("Now {category}, {severity}", category=category, severity=severity(step["severity"])),
            "extended": extension if minutes else _("Deadline extended"),
            "paused": _("Clock stopped"),
            "resumed": resumed,
            "resolved": resumed,
            "refused": resumed,
            "reopened": _("Reopened: the full term starts again"),
        }
        shown.append(
            {
                "at": moment(step["at"]),
                "why": why.get(kind or "", _("Recomputed after a change of the rules or the calendar")),
                "due": _("due {at}", at=moment(due)) if due is not None else _("no deadline"),
            }
        )
        before = due
    return shown


def terms(case: Case, steps: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a case's two terms, to receive and to handle: due time, kept or not, rule, confirmed or not."""
    ruled = case["rule_source"] is not None
    received = {
        "name": _("To be received by the unit"),
        "due": case["receive_due_at"],
        "done": case["received_at"],
        "done_words": _("received {at}", at=moment(case["received_at"])),
        "minutes": case["receive_minutes"],
        "start": _start("submitted", steps, "transferred"),
        "confirmed": case["receive_confirmed"],
    }
    handled = {
        "name": _("To be handled"),
        "due": case["due_at"],
        "done": case["ended_at"],
        "done_words": _("ended {at}", at=moment(case["ended_at"])) if case["ended_known"] else _("ended, time unknown"),
        "minutes": case["handle_minutes"],
        "start": _start(case["handle_from"] or "submitted", steps, "reopened"),
        "confirmed": case["handle_confirmed"],
    }
    clock = _clock(case["clock"])
    sure_hours = case["clock"] != "working" or bool(case["hours_confirmed"])
    extended = int((steps["kind"] == "extended").sum())
    shown = []
    for term in (received, handled):
        stopped = term is handled and case["stopped_at"] is not None
        if term["due"] is None and not stopped:
            continue
        rule = _("given by the source of the report, not by a rule")
        if ruled and term["minutes"] is not None:
            rule = _("{hours} {clock} {start}", hours=in_hours(term["minutes"]), clock=clock, start=term["start"])
        more = [ngettext("extended {count} time", "extended {count} times", extended)] if extended else []
        unknown = term is handled and not case["ended_known"]
        late = term["done"] is not None and not unknown and term["done"] > term["due"]
        shown.append(
            {
                "name": term["name"],
                "due": _due(case) if stopped else moment(term["due"]),
                "done": term["done_words"] if term["done"] is not None else "",
                "late": _("neither late nor in time") if unknown else _("late") if late else _("in time"),
                "tone": "muted" if unknown else "overdue" if late else "good",
                "rule": ", ".join([rule, *(more if term is handled else [])]),
                "sure": not ruled or bool(term["confirmed"] and sure_hours),
                "why_unsure": _("the office hours are an assumption") if term["confirmed"] else "",
            }
        )
    return shown


def _handed_up(run: Run, case: Case) -> dict[str, Any] | None:
    """Return who escalated an open case and when, and whether the citizen was informed since."""
    if case["escalated_at"] is None or case["ended_at"] is not None:
        return None
    by = case["escalated_by_id"]
    return {
        "by": _unit(run, by) if by is not None else None,
        "at": moment(case["escalated_at"]),
        "informed": informed(case),
        "told": case["informed_at"] is not None,
    }


def _due(case: Case) -> str:
    if case["stopped_at"]:
        return _("Clock stopped since {at}", at=moment(case["stopped_at"]))
    return moment(case["due_at"]) if case["due_at"] else _("No deadline known")


def _clock(clock: str | None) -> str:
    return _("working hours") if clock == "working" else _("hours by the calendar")


def _start(default: str, steps: pd.DataFrame, *again: str) -> str:
    """Return where a term starts: at the last step that restarted it, if any."""
    restarts = steps[steps["kind"].isin(again)]["kind"]
    return {
        "submitted": _("from submission"),
        "received": _("from receipt"),
        "transferred": _("from the transfer"),
        "reopened": _("from the reopening"),
    }[default if restarts.empty or default == "received" else restarts.iloc[-1]]


def timeline(run: Run, steps: pd.DataFrame) -> list[dict[str, str]]:
    """Return every step of a case in words, with the time since the step before."""
    known = names(run.reports, "unit").to_dict("index")
    shown = []
    before = None
    for step in steps.to_dict("records"):
        units = [
            "" if pd.isna(step[column]) else name(known[int(step[column])]) for column in ("from_unit_id", "to_unit_id")
        ]
        later = (step["at"] - before).total_seconds() / 3600 if before is not None else 0
        shown.append(
            {
                "at": moment(step["at"]),
                "words": _step(step["kind"], *units),
                "note": step["note"] if isinstance(step["note"], str) else "",
                "later": duration(later) if later >= 1 / 60 else "",
                "tone": _STEP_TONES.get(step["kind"], ""),
            }
        )
        before = step["at"]
    return shown


def holders(run: Run, spans: list[Held], worked: list[float | None], *, still: bool) -> list[dict[str, Any]]:
    """Return a case's holders with their times as shares of the longest; `still`: the last one holds it now.

    `worked` are the working minutes of each span, None if unknown.
    """
    longest = max((span.hours for span in spans), default=1)
    return [
        _unit(run, span.unit_id, escalated=True)
        | {
            "since": moment(run.local(span.since)),
            "until": _("still") if still and span is spans[-1] else moment(run.local(span.until)),
            "time": duration(span.hours),
            "worked": "" if minutes is None else _("{hours} working hours", hours=number(minutes / 60, 1)),
            "width": round(100 * span.hours / longest, 1),
        }
        for span, minutes in zip(spans, worked, strict=True)
    ]


def neighbours(run: Run, case: Case) -> dict[str, Any]:
    """Return the similar open cases near a case with links to them, for cases/report_near.html.

    Raises DatabaseAway.
    """
    shown = [
        {
            "title": near["title"],
            "href": address(REPORT, **carried(run) | {"code": near["public_code"]}),
            "state": state(near["state"]),
            "tone": TONES[near["state"]],
            "away": _("{metres} m away", metres=number(near["metres"])),
            "deadline": deadline(near, run),
        }
        for near in nearby(run.reports, run.filters, case).to_dict("records")
    ]
    return {"metres": number(NEAR_METRES), "located": case["lat"] is not None, "cases": shown}


_STEP_TONES = {
    "resolved": "good", "refused": "due-soon", "reopened": "overdue", "escalated": "due-soon", "paused": "due-soon",
}  # fmt: skip


def _step(kind: str, from_unit: str, to_unit: str) -> str:
    here, there = from_unit or _("a unit"), to_unit or _("a unit")
    return {
        "submitted": _("Submitted by the citizen"),
        "routed": _("Sent to {unit}", unit=there),
        "received": _("Received by {unit}", unit=there),
        "transferred": _("Transferred by {here} to {there}", here=here, there=there),
        "extended": _("Deadline extended"),
        "recategorised": _("Category or severity changed"),
        "paused": _("Waiting for the citizen or another authority"),
        "resumed": _("Resumed"),
        "answered": _("Interim answer"),
        "refused": _("Refused"),
        "resolved": _("Resolved"),
        "reopened": _("Opened again"),
        "rated": _("Rated by the citizen"),
        "escalated": _("Escalated to {unit}", unit=to_unit) if to_unit else _("Escalated to a higher level"),
        "returned": _("Returned by {here} to {there}", here=here, there=there),
        "informed": _("Citizen informed"),
    }[kind]


def _unit(run: Run, key: int | None, *, escalated: bool = False) -> dict[str, Any]:
    """Return a unit's name and page; an `escalated` case without a unit is held by nobody."""
    if key is None:
        return {"name": nobody(escalated=escalated), "href": ""}
    unit = names(run.reports, "unit").loc[key]
    return {"name": name(unit), "href": address(UNIT, **carried(run) | {"unit": unit["code"]})}


def _named(run: Run, dimension: Any, case: Case) -> str:
    key = case[f"{dimension}_id"]
    return "" if key is None else name(names(run.reports, dimension).loc[key])
