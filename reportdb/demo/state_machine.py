"""What each step of a report's course changes in its state.

The demo applies whole courses up to now; the simulation applies the steps that have become due. Both write the results:
the events, and the earlier version of a report wherever its history would otherwise be lost.
"""

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from reportdb.demo.intake import Cases
from reportdb.demo.states import IN_PROGRESS, REFUSED, RESOLVED, WAITING, Events, Past, States
from reportdb.demo.steps import EXTENSION, KINDS, NEVER, Ints, Moments, Steps
from reportdb.demo_city.city import City
from reportdb.demo_city.rhythm import CLOCK

_SOON = np.timedelta64(7, "D")  # reopened_soon in the schema
_EVER = np.datetime64("1900-01-01", "us")


def advance(
    city: City,
    cases: Cases,
    steps: Steps,
    states: States,
    until: np.datetime64,
    *,
    settled: np.datetime64 = _EVER,
) -> tuple[Events, list[Past]]:
    """Take every step not yet done up to a moment; return what happened, and change `states` accordingly.

    A step that does not fit the state (the calendar or a rule was edited since the report came in) is left out. A step
    that lies before the report's last change, or before `settled` (what is past stays as it was), happens then.
    """
    events: list[Events] = []
    past: list[Past] = []
    for n in range(int(states.done.min(initial=0)), steps.at.shape[1]):
        rows = np.flatnonzero((states.done <= n) & (n < steps.count) & (steps.at[:, n] <= until))
        kind, at = steps.kind[rows, n].astype(np.int64), steps.at[rows, n]
        fits = _fits(kind, states.take(rows))
        rows, kind, at = (
            rows[fits],
            kind[fits],
            np.maximum(np.maximum(at[fits], settled), states.updated_at[rows[fits]]),
        )
        if len(rows):
            turn = _Turn(city, cases, states, rows, at, past)
            events.append(turn.take(kind, steps.to_unit[rows, n], steps))
    return _joined(events), past


def _fits(kind: Ints, state: States) -> NDArray[np.bool_]:
    ended = state.status >= RESOLVED
    after_the_end = {"reopened": state.status == RESOLVED, "rated": (state.status == RESOLVED) & (state.rating < 0)}
    fits = ~ended
    for name, possible in after_the_end.items():
        fits = np.where(kind == KINDS.index(name), possible, fits)
    first = (kind == KINDS.index("submitted")) | (kind == KINDS.index("routed"))
    again = (kind == KINDS.index("received")) & ~np.isnat(state.received_at)
    again |= (kind == KINDS.index("paused")) & state.paused
    again |= (kind == KINDS.index("resumed")) & ~state.paused
    again |= (kind == KINDS.index("returned")) & np.isnat(state.escalated_at)
    return np.where(first, True, fits & ~again)


class _Turn:
    """One step for each of many reports (`rows`), at its own moment."""

    def __init__(self, city: City, cases: Cases, states: States, rows: Ints, at: Moments, past: list[Past]) -> None:
        self.city, self.cases, self.states, self.rows, self.at, self.past = city, cases, states, rows, at, past

    def take(self, kind: Ints, to_unit: Ints, steps: Steps) -> Events:
        """Apply the steps and return their events."""
        states, rows, at = self.states, self.rows, self.at
        holder = states.unit[rows]
        does = {name: kind == place for place, name in enumerate(KINDS)}
        self._receive(does["received"])
        self._transfer(does["transferred"], to_unit)
        minutes = self._extend(does["extended"])
        self._recategorise(does["recategorised"], steps)
        self._pause(does["paused"])
        self._resume(does["resumed"])
        self._reopen(does["reopened"])
        self._escalate(does["escalated"], to_unit)
        self._give_back(does["returned"], to_unit)
        self._end("resolved", does["resolved"], RESOLVED)
        self._end("refused", does["refused"], REFUSED)
        rated = rows[does["rated"]]
        states.rating[rated] = steps.rating[rated]
        states.rated_at[rated] = at[does["rated"]]
        states.updated_at[rows] = at
        states.done[rows] += 1
        nobody = does["submitted"] | does["rated"]
        gets = does["routed"] | does["received"] | does["reopened"]
        return Events(
            row=rows,
            n=states.done[rows],
            at=at,
            kind=kind,
            from_unit=np.where(nobody | gets, 0, holder),
            to_unit=np.where(gets, holder, to_unit),
            minutes=minutes,
        )

    def _keep(self, rows: Ints, before: States, at: Moments) -> None:
        """Keep the versions of these reports that end now."""
        # A version that lasted no time is not kept.
        lasted = np.flatnonzero(before.since < at)
        if len(lasted):
            self.past.append(Past(rows[lasted], before.take(lasted), at[lasted]))
        self.states.since[rows] = at

    def _moves(self, kind: str, rows: Ints, at: Moments) -> None:
        """Apply a step to the terms; if it moves a deadline, keep the previous version."""
        before = self.states.take(rows)
        self.states.terms.take(self.city.rules, kind, rows, at)
        due, due_before = self.states.terms.due_at[rows], before.terms.due_at
        moved = np.flatnonzero((due != due_before) & ~(np.isnat(due) & np.isnat(due_before)))
        self._keep(rows[moved], before.take(moved), at[moved])

    def _receive(self, which: NDArray[np.bool_]) -> None:
        states, rules = self.states, self.city.rules
        rows, at = self.rows[which], self.at[which]
        moves = rules.from_receipt(states.terms.rule[rows])
        self._moves("received", rows[moves], at[moves])
        states.terms.take(rules, "received", rows[~moves], at[~moves])
        states.received_at[rows] = at
        states.status[rows] = IN_PROGRESS

    def _transfer(self, which: NDArray[np.bool_], to_unit: Ints) -> None:
        states, rows, at = self.states, self.rows[which], self.at[which]
        self._keep(rows, states.take(rows), at)
        states.terms.take(self.city.rules, "transferred", rows, at)
        states.unit[rows] = to_unit[which]
        states.received_at[rows] = NEVER
        states.status[rows] = WAITING
        states.transfer_count[rows] += 1

    def _escalate(self, which: NDArray[np.bool_], to_unit: Ints) -> None:
        """Escalate to the unit in `to_unit`, or to none; the terms continue."""
        states, rows, at = self.states, self.rows[which], self.at[which]
        self._keep(rows, states.take(rows), at)
        states.escalated_at[rows], states.escalated_by[rows] = at, states.unit[rows]
        states.unit[rows] = to_unit[which]

    def _give_back(self, which: NDArray[np.bool_], to_unit: Ints) -> None:
        """Return reports from the higher level; the terms continue."""
        states, rows, at = self.states, self.rows[which], self.at[which]
        self._keep(rows, states.take(rows), at)
        states.escalated_at[rows], states.escalated_by[rows] = NEVER, 0
        states.unit[rows] = to_unit[which]

    def _extend(self, which: NDArray[np.bool_]) -> Ints:
        """Extend by a share of the term; return the minutes each report got, 0 for none."""
        states, rows, at = self.states, self.rows[which], self.at[which]
        minutes = np.rint(EXTENSION * self.city.rules.handle_minutes(states.terms.rule[rows]))
        self._keep(rows, states.take(rows), at)
        states.terms.take(self.city.rules, "extended", rows, at, minutes=minutes)
        given = np.zeros(len(self.rows), dtype=np.int64)
        given[which] = np.nan_to_num(minutes).astype(np.int64)
        return given

    def _recategorise(self, which: NDArray[np.bool_], steps: Steps) -> None:
        """Give the new category and severity, and the rule that held for them when the report came in."""
        states, rows, at = self.states, self.rows[which], self.at[which]
        before = states.take(rows)
        self._keep(rows, before, at)
        states.category[rows], states.severity[rows] = steps.to_category[rows], steps.to_severity[rows]
        day = (self.cases.submitted_at[rows] + CLOCK).astype("datetime64[D]")
        rules = self.city.rules
        rule = rules.in_force(self.city.category_ids[states.category[rows]], states.severity[rows], day)
        states.terms.take(rules, "recategorised", rows, at, rule=rule)
        # A change at the moment a version began starts no new version.
        later = (states.terms.due_at[rows] > before.terms.due_at) & (before.since < at)
        first = later & np.isnat(states.deadline_moved_at[rows])
        states.deadline_moved_at[rows[first]] = at[first]

    def _pause(self, which: NDArray[np.bool_]) -> None:
        self._moves("paused", self.rows[which], self.at[which])
        self.states.paused[self.rows[which]] = True

    def _resume(self, which: NDArray[np.bool_]) -> None:
        self._moves("resumed", self.rows[which], self.at[which])
        self.states.paused[self.rows[which]] = False

    def _end(self, kind: str, which: NDArray[np.bool_], status: int) -> None:
        states, rows = self.states, self.rows[which]
        waits = which & states.paused[self.rows]
        self._moves(kind, self.rows[waits], self.at[waits])
        states.paused[rows] = False
        states.status[rows] = status
        states.ended_at[rows] = self.at[which]

    def _reopen(self, which: NDArray[np.bool_]) -> None:
        """Open again: the unit has the handling term once more."""
        states, rows, at = self.states, self.rows[which], self.at[which]
        before = states.take(rows)
        self._keep(rows, before, at)
        soon = (at - before.ended_at <= _SOON) & (before.since < at) & np.isnat(before.reopened_soon_at)
        states.reopened_soon_at[rows[soon]] = at[soon]
        states.terms.take(self.city.rules, "reopened", rows, at)
        states.status[rows] = IN_PROGRESS
        states.ended_at[rows] = states.rated_at[rows] = NEVER
        states.rating[rows] = -1
        states.reopen_count[rows] += 1


def _joined(events: list[Events]) -> Events:
    if not events:
        none = np.zeros(0, dtype=np.int64)
        return Events(none, none, none.astype("datetime64[us]"), none, none, none, none)
    columns = {field.name: np.concatenate([getattr(each, field.name) for each in events]) for field in fields(Events)}
    order = np.lexsort((columns["n"], columns["row"]))
    return Events(**{name: column[order] for name, column in columns.items()})
