"""Deadlines: which rule applies to a report, and how each step affects its two terms.

docs/deadlines.md explains the rules. Everything here is vectorised: a report is an index into arrays, a rule an index
into the table deadline_rule, -1 is no rule. Times are datetime64 in UTC. If a rule, its minutes or the calendar do not
determine a deadline, it is NaT: unknown, never a guess.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import psycopg
from numpy.typing import NDArray

from reportdb.deadlines.working_time import CalendarError, WorkingTime

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]

SEVERITIES = ("urgent", "complex", "normal")
ENDS = ("resolved", "refused")
STEPS = ("received", "transferred", "recategorised", "extended", "paused", "resumed", "reopened", *ENDS)
"""The kinds of events that may affect a term."""

_NONE = np.datetime64("NaT", "us")
_MINUTE = np.timedelta64(60_000_000, "us")


class Rules:
    """The table deadline_rule. Reports refer to a rule by its index, -1 if none is in force."""

    def __init__(self, rows: Sequence[Sequence[Any]], working_time: WorkingTime) -> None:
        self._working_time = working_time
        self._rows = rows
        self.ids = np.array([row[0] for row in rows] + [0], dtype=np.int64)
        self._receive = np.array([row[3] for row in rows] + [None], dtype=float)
        self._handle = np.array([row[4] for row in rows] + [None], dtype=float)
        self._calendar = np.array([row[5] == "calendar" for row in rows] + [False])
        self._from_receipt = np.array([row[6] == "received" for row in rows] + [False])

    @classmethod
    def from_database(cls, connection: psycopg.Connection, working_time: WorkingTime) -> Self:
        """Read the rules, the least specific first, so that a later matching one overrides."""
        rows = connection.execute(
            """select id, category_id, severity, receive_minutes, handle_minutes, clock, handle_from, valid_from,
                   valid_to
               from deadline_rule
               order by category_id is not null, severity is not null, category_id, severity, valid_from, id"""
        ).fetchall()
        return cls(rows, working_time)

    def in_force(self, category_id: Ints, severity: Ints, day: NDArray[np.datetime64]) -> Ints:
        """Return the rule of reports submitted on a local `day`; severities as in SEVERITIES.

        Category and severity override category, category overrides severity, severity overrides neither. Two rules of
        equal rank in force on the day count as none, because the choice is ambiguous.
        """
        found = np.full(len(category_id), -1)
        unclear = np.zeros(len(category_id), dtype=bool)
        last: tuple[Any, Any] | None = None
        before = np.zeros(len(category_id), dtype=bool)  # where a rule of the same rank already applies
        for n, (_, category, word, *_, valid_from, valid_to) in enumerate(self._rows):
            fits = day >= np.datetime64(valid_from)
            if valid_to is not None:
                fits &= day < np.datetime64(valid_to)
            if category is not None:
                fits &= category_id == category
            if word is not None:
                fits &= severity == SEVERITIES.index(word)
            before = before if last == (category, word) else np.zeros_like(before)
            unclear = np.where(fits, before, unclear)
            before, last = before | fits, (category, word)
            found[fits] = n
        return np.where(unclear, -1, found)

    def place(self, rule_id: Ints) -> Ints:
        """Return the indexes of rules by their ids; 0 is none."""
        places = {identity: n for n, identity in enumerate(self.ids[:-1].tolist())}
        return np.array([places.get(identity, -1) for identity in rule_id.tolist()], dtype=np.int64)

    def from_receipt(self, rule: Ints) -> NDArray[np.bool_]:
        """Return whether the handling term runs from receipt instead of submission."""
        return np.asarray(self._from_receipt[rule])

    def handle_minutes(self, rule: Ints) -> Floats:
        """Return the handling term in minutes of the rule's clock, NaN if not set."""
        return np.asarray(self._handle[rule])

    def receive_due(self, rule: Ints, at: Moments) -> Moments:
        """Return by when a unit that got the report `at` must receive it; NaT if no rule says."""
        return self.after(rule, at, self._receive[rule])

    def after(self, rule: Ints, at: Moments, minutes: Floats) -> Moments:
        """Return the times some minutes of each rule's clock after `at`."""
        due = np.full(len(at), _NONE)
        by_calendar = self._calendar[rule]
        known = ~np.isnan(minutes)
        days = np.flatnonzero(by_calendar & known)
        due[days] = at[days] + np.rint(minutes[days] * 6e7).astype("timedelta64[us]")
        work = np.flatnonzero(~by_calendar & known)
        due[work] = _where_known(self._working_time.add, _NONE, at[work], minutes[work])
        return due

    def between(self, rule: Ints, start: Moments, end: Moments) -> Floats:
        """Return the minutes of each rule's clock from `start` to `end`, NaN if one of them is NaT."""
        by_calendar = self._calendar[rule]
        minutes = np.asarray((end - start) / _MINUTE)
        work = np.flatnonzero(~by_calendar)
        minutes[work] = _where_known(self._working_time.between, np.float64("nan"), start[work], end[work])
        return minutes


def _where_known(answer: Callable[[Any, Any], Any], nothing: Any, one: Any, other: Any) -> Any:
    """Return the calendar's answers, and `nothing` for rows outside it: one such row would make it refuse all."""
    try:
        return answer(one, other)
    except CalendarError:
        if len(one) == 1:
            return np.array([nothing])
        half = len(one) // 2
        parts = (slice(half), slice(half, None))
        return np.concatenate([_where_known(answer, nothing, one[part], other[part]) for part in parts])


@dataclass
class Terms:
    """The two terms of reports, one row in each array per report, and what they depend on.

    `asked_at` is the start of the receive term: submission, or the last transfer. `received`: the holding unit has
    received the report. `extended` is the sum of extensions, in minutes of the rule's clock. `stopped_at` and
    `going_at` are the start and end of the pauses that count, a column each; an end of NaT means that it lasts.
    """

    rule: Ints
    submitted_at: Moments
    asked_at: Moments
    received: NDArray[np.bool_]
    first_received_at: Moments
    reopened_at: Moments
    extended: Floats
    stopped_at: Moments
    going_at: Moments
    receive_due_at: Moments
    due_at: Moments

    @classmethod
    def first(cls, rules: Rules, rule: Ints, submitted_at: Moments) -> Self:
        """Return the terms of reports at intake."""
        size = len(rule)
        terms = cls(
            rule=rule.copy(),
            submitted_at=submitted_at.copy(),
            asked_at=submitted_at.copy(),
            received=np.zeros(size, dtype=bool),
            first_received_at=np.full(size, _NONE),
            reopened_at=np.full(size, _NONE),
            extended=np.zeros(size),
            stopped_at=np.full((size, 1), _NONE),
            going_at=np.full((size, 1), _NONE),
            receive_due_at=rules.receive_due(rule, submitted_at),
            due_at=np.full(size, _NONE),
        )
        terms._work_out(rules, np.arange(size))
        return terms

    def __getitem__(self, rows: Ints) -> "Terms":
        return Terms(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def take(
        self,
        rules: Rules,
        kind: str,
        rows: Ints,
        at: Moments,
        *,
        minutes: Floats | None = None,
        rule: Ints | None = None,
    ) -> None:
        """Apply one step to each of some reports (`rows`, each at most once), at its own time.

        `kind` is one of STEPS; an extension has its `minutes`, a new category or severity its `rule`.
        """
        match kind:
            case "received":
                self._receive(rules, rows, at)
            case "transferred":
                self.received[rows] = False
                self.asked_at[rows] = at
                self.receive_due_at[rows] = rules.receive_due(self.rule[rows], at)
            case "recategorised" if rule is not None:
                self.rule[rows] = rule
                waiting = rows[~self.received[rows]]
                self.receive_due_at[waiting] = rules.receive_due(self.rule[waiting], self.asked_at[waiting])
                self._work_out(rules, rows)
            case "extended" if minutes is not None:
                self.extended[rows] += minutes
                self._work_out(rules, rows)
            case "paused":
                self._pause(rows, at)
            case "resumed" | "resolved" | "refused":  # an end resumes a stopped clock and then stops it
                self._resume(rules, rows, at)
            case "reopened":
                self.reopened_at[rows] = at
                self.extended[rows] = 0
                self.stopped_at[rows] = self.going_at[rows] = _NONE
                self._work_out(rules, rows)
            case _:
                raise ValueError(f"{kind!r} is no step that touches a term, or lacks what it brings.")

    def _receive(self, rules: Rules, rows: Ints, at: Moments) -> None:
        """Receive: only the first receipt counts, so that transfers gain no time."""
        self.received[rows] = True
        first = np.isnat(self.first_received_at[rows])
        rows, at = rows[first], at[first]
        self.first_received_at[rows] = at
        self._work_out(rules, rows[rules.from_receipt(self.rule[rows])])

    def _pause(self, rows: Ints, at: Moments) -> None:
        """Stop the clock, unless the deadline has passed or it is already stopped."""
        counted = ~(self.due_at[rows] <= at) & ~self._standing(rows).any(axis=1)
        rows, at = rows[counted], at[counted]
        place = (~np.isnat(self.stopped_at[rows])).sum(axis=1)
        if (place >= self.stopped_at.shape[1]).any():
            more = np.full((len(self.rule), 1), _NONE)
            self.stopped_at, self.going_at = np.hstack([self.stopped_at, more]), np.hstack([self.going_at, more])
        self.stopped_at[rows, place] = at
        self.due_at[rows] = _NONE

    def _resume(self, rules: Rules, rows: Ints, at: Moments) -> None:
        standing, column = np.nonzero(self._standing(rows))
        self.going_at[rows[standing], column] = at[standing]
        self._work_out(rules, rows[standing])

    def _standing(self, rows: Ints) -> NDArray[np.bool_]:
        return np.asarray(~np.isnat(self.stopped_at[rows]) & np.isnat(self.going_at[rows]))

    def _work_out(self, rules: Rules, rows: Ints) -> None:
        """Compute the handle deadlines: the start plus the term, the extensions and the duration of pauses."""
        if not len(rows):
            return
        rule, start = self.rule[rows], self._start(rules, rows)
        minutes = rules.handle_minutes(rule) + self.extended[rows]
        for stopped_at, going_at in zip(self.stopped_at[rows].T, self.going_at[rows].T, strict=True):
            some = np.flatnonzero(~np.isnat(stopped_at))
            if len(some):
                # A pause cannot begin before the term starts; while one lasts (NaT), the deadline is unknown.
                since, until = np.maximum(stopped_at[some], start[some]), np.maximum(going_at[some], start[some])
                minutes[some] += rules.between(rule[some], since, until)
        self.due_at[rows] = rules.after(rule, start, minutes)

    def _start(self, rules: Rules, rows: Ints) -> Moments:
        """Return the start of the handling terms: submission, receipt but no later than it was due, or reopening."""
        start = self.submitted_at[rows]
        some = np.flatnonzero(rules.from_receipt(self.rule[rows]))
        if len(some):
            receive_due = rules.receive_due(self.rule[rows[some]], start[some])
            start[some] = np.fmin(self.first_received_at[rows[some]], receive_due)
        reopened = self.reopened_at[rows]
        return np.where(np.isnat(reopened), start, reopened)


@dataclass
class Steps:
    """Steps of reports that affect their terms, in order of time: the report's index, kind, time.

    `minutes` is what an extension adds, `rule` what applies after a new category or severity; otherwise unused.
    """

    row: Ints
    kind: NDArray[np.object_]
    at: Moments
    minutes: Floats
    rule: Ints


def replay(rules: Rules, rule: Ints, submitted_at: Moments, steps: Steps) -> Terms:
    """Return the terms of reports after all their steps, from the rule at intake."""
    terms = Terms.first(rules, rule, submitted_at)
    order = np.argsort(steps.row, kind="stable")
    row = steps.row[order]
    turn = np.arange(len(row)) - np.searchsorted(row, row)  # the step's number within its report
    for n in range(int(turn.max(initial=-1)) + 1):
        now = order[turn == n]
        kinds = steps.kind[now]
        for kind in sorted(set(kinds.tolist())):
            some = now[kinds == kind]
            terms.take(rules, kind, steps.row[some], steps.at[some], minutes=steps.minutes[some], rule=steps.rule[some])
    return terms
