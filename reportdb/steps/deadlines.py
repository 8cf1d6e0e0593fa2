"""The deadlines of reports under a rule, after each of their steps."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from reportdb.deadlines.rules import SEVERITIES, STEPS, Ints, Rules
from reportdb.deadlines.rules import Terms as Clock
from reportdb.steps.step import RECOMPUTED, State, Step, Terms, Told


def work_out_terms(
    rules: Rules, zone: ZoneInfo, told: Sequence[Told], first: Sequence[State], steps: Sequence[Sequence[Step]]
) -> None:
    """Give each report and each of its steps the rule and the deadlines that hold from then on.

    For reports that have a rule. A step that gives a due time of its own moves the deadline there; an extension that
    does gets the minutes it adds.
    """
    if not told:
        return
    days = np.array([report.submitted_at.astimezone(zone).date() for report in told], dtype="datetime64[D]")
    categories = np.array([state.category for state in first], dtype=np.int64)
    severities = np.array([SEVERITIES.index(state.severity) for state in first], dtype=np.int64)
    rule = rules.place(np.array([report.rule or 0 for report in told], dtype=np.int64))
    # A report without an earlier version is under the rule of its first category, in force at its submission.
    seen_anew = [
        not report.rule_is_first and (state.category, state.severity) != (report.category, report.severity)
        for report, state in zip(told, first, strict=True)
    ]
    rule = np.where(seen_anew, rules.in_force(categories, severities, days), rule)
    clock = Clock.first(rules, rule, np.array([_naive(report.submitted_at) for report in told], dtype="datetime64[us]"))
    for row, terms in enumerate(_read(rules, clock, np.arange(len(told)))):
        first[row].terms = terms
    for n in range(max(map(len, steps), default=0)):
        rows = np.array([row for row, own in enumerate(steps) if n < len(own)], dtype=np.int64)
        kinds = np.array([steps[row][n].kind for row in rows.tolist()], dtype=object)
        for kind in sorted(set(kinds.tolist())):
            some = rows[kinds == kind]
            own = [steps[row][n] for row in some.tolist()]
            if kind == "recategorised":
                for row, step in zip(some.tolist(), own, strict=True):
                    categories[row] = step.category or categories[row]
                    severities[row] = SEVERITIES.index(step.severity) if step.severity else severities[row]
            if kind == RECOMPUTED:
                _set(rules, clock, some, [step.terms for step in own])
            elif kind in STEPS:
                _take(rules, clock, kind, some, own, rules.in_force(categories[some], severities[some], days[some]))
            for row, step in zip(some.tolist(), own, strict=True):
                if step.due_at:
                    clock.due_at[row] = _naive(step.due_at)
            for step, terms in zip(own, _read(rules, clock, some), strict=True):
                step.terms = terms


def _take(rules: Rules, clock: Clock, kind: str, rows: Ints, steps: Sequence[Step], rule: Ints) -> None:
    at = np.array([_naive(step.at) for step in steps], dtype="datetime64[us]")
    minutes = np.full(len(rows), np.nan)
    if kind == "extended":
        new = np.array([_naive(step.due_at) if step.due_at else "NaT" for step in steps], dtype="datetime64[us]")
        minutes = np.rint(rules.between(clock.rule[rows], clock.due_at[rows], new))
        for n, step in enumerate(steps):
            if step.minutes is None and minutes[n] > 0:
                step.minutes = int(minutes[n])
            minutes[n] = np.nan if step.minutes is None else step.minutes
    clock.take(rules, kind, rows, at, minutes=minutes, rule=rule)


def _set(rules: Rules, clock: Clock, rows: Ints, terms: Sequence[Terms | None]) -> None:
    """Give reports what a recomputation gave them."""
    for row, given in zip(rows.tolist(), terms, strict=True):
        if given is not None:
            clock.rule[row] = rules.place(np.array([given.rule or 0]))[0]
            clock.receive_due_at[row] = _naive(given.receive_due_at) if given.receive_due_at else "NaT"
            clock.due_at[row] = _naive(given.due_at) if given.due_at else "NaT"


def _read(rules: Rules, clock: Clock, rows: Ints) -> list[Terms]:
    """Return the present rule and deadlines of some reports."""
    ids = rules.ids[clock.rule[rows]].tolist()
    receive, handle = clock.receive_due_at[rows].tolist(), clock.due_at[rows].tolist()
    return [
        Terms(rule or None, _aware(receive_due), _aware(due))
        for rule, receive_due, due in zip(ids, receive, handle, strict=True)
    ]


def _naive(at: datetime) -> datetime:
    """Return a time in UTC without its zone, because numpy has none."""
    return at.astimezone(UTC).replace(tzinfo=None)


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None
