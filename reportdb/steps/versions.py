"""What a report was between its steps, and what it is after the last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reportdb.steps.step import RECOMPUTED, State, Step, Terms, Told

_KEPT = frozenset(
    {"routed", "transferred", "escalated", "returned", "extended", "recategorised", "reopened", RECOMPUTED}
)
"""The steps that change what no time in the report can tell of the past. Others do so if they move the deadline."""


@dataclass(frozen=True)
class Version:
    """What a report was from `since` to `until`."""

    since: datetime
    until: datetime
    state: State


@dataclass(frozen=True)
class Course:
    """A report's earlier versions, what it is now, and its last answer (None: no step told one)."""

    past: list[Version]
    now: State
    answer: str | None


def course(told: Told, first: State, steps: Sequence[Step]) -> Course:
    """Return what a report was and is by its steps, which are in order."""
    state, since, past, answer = replace(first), told.submitted_at, [], None
    for step in steps:
        after = _after(told, state, step)
        if step.kind in _KEPT or after.terms.due_at != state.terms.due_at:
            if since < step.at:  # a version that lasted no time is not kept
                past.append(Version(since, step.at, state))
            since = step.at
        state = after
        if step.kind == "answered" and step.note:
            answer = step.note
    if state.ended_at is None and told.status == "in_progress" and not _received(steps):
        state.status = "in_progress"  # its steps tell of no receipt, so the file's word counts
    return Course(past, state, answer)


def _received(steps: Sequence[Step]) -> bool:
    return any(step.kind == "received" for step in steps)


def _after(told: Told, state: State, step: Step) -> State:
    """Return what a step makes of a report."""
    new = replace(state, terms=step.terms or _without_rule(state.terms, step))
    match step.kind:
        case "received":
            new.received_at, new.status = step.at, "in_progress"
        case "routed":
            new.unit = step.to_unit
        case "transferred":
            new.unit, new.received_at, new.status = step.to_unit, None, "waiting"
            new.transfer_count += 1
        case "escalated":
            new.unit, new.escalated_at, new.escalated_by = step.to_unit, step.at, step.from_unit
        case "returned":
            new.unit, new.escalated_at, new.escalated_by = step.to_unit, None, None
        case "recategorised":
            new.category, new.severity = step.category or state.category, step.severity or state.severity
        case "resolved" | "refused":
            new.status, new.ended_at = step.kind, step.at
            new.ended_known = told.ended_known or step.at != told.ended_at
        case "reopened":
            new.status, new.ended_at, new.ended_known = "in_progress", None, True
            new.rating = new.rated_at = None
            new.reopen_count += 1
        case "rated":
            new.rating, new.rated_at = step.rating, step.at
    return new


def _without_rule(terms: Terms, step: Step) -> Terms:
    """Return the terms of a report whose deadline is its source's: a step moves it only if it says where to."""
    return terms._replace(due_at=step.due_at) if step.due_at else terms
