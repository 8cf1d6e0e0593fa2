"""The state of reports, and what each step of their course changes in it.

The demo plays whole courses up to now; the simulation plays the steps that have become due. Both write what comes out
here: the events, and the earlier version of a report wherever its history would otherwise be lost.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from reportdb.demo.city import City
from reportdb.demo.course import EXTENSION, KINDS, Steps
from reportdb.demo.intake import Cases

Ints = NDArray[np.int64]
Moments = NDArray[np.datetime64]

STATUSES = ("waiting", "in_progress", "resolved", "refused")
WAITING, IN_PROGRESS, RESOLVED, REFUSED = range(4)
_EVER = np.datetime64("1900-01-01", "us")
_NONE = np.datetime64("NaT", "us")


@dataclass
class States:
    """What changes in a report, one place in every array for each.

    `status` is a place in STATUSES, `rating` one in RATINGS or -1. `since` is when this version of the report began,
    `done` how many steps of the course are behind it.
    """

    unit: Ints
    received_at: Moments
    receive_due_at: Moments
    due_at: Moments
    status: Ints
    escalated_at: Moments
    ended_at: Moments
    rating: Ints
    rated_at: Moments
    reopen_count: Ints
    transfer_count: Ints
    updated_at: Moments
    since: Moments
    done: Ints

    def take(self, rows: Ints) -> "States":
        """Return a copy of some of the reports' states."""
        return States(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass
class Events:
    """Rows of report_event: the report's place, its number, and what happened; 0 is no unit."""

    row: Ints
    n: Ints
    at: Moments
    kind: Ints
    from_unit: Ints
    to_unit: Ints


@dataclass
class Past:
    """Rows of report_past: the report's place, its state until `until`."""

    row: Ints
    state: States
    until: Moments


def first_states(city: City, cases: Cases) -> States:
    """Return the states of reports at the moment they come in."""
    size = len(cases.id)
    nowhere, nothing = np.full(size, _NONE), np.zeros(size, dtype=np.int64)
    receive_due = city.rules.receive_due(cases.rule, cases.submitted_at)
    # While a report is not received, its term runs from the last moment at which it should have been.
    base = np.where(city.rules.from_receipt(cases.rule), receive_due, cases.submitted_at)
    return States(
        unit=cases.unit.copy(),
        received_at=nowhere.copy(),
        receive_due_at=receive_due,
        due_at=city.rules.handle_due(cases.rule, base),
        status=nothing.copy(),
        escalated_at=nowhere.copy(),
        ended_at=nowhere.copy(),
        rating=np.full(size, -1),
        rated_at=nowhere.copy(),
        reopen_count=nothing.copy(),
        transfer_count=nothing.copy(),
        updated_at=cases.submitted_at.copy(),
        since=cases.submitted_at.copy(),
        done=nothing.copy(),
    )


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
            events.append(turn.take(kind, steps.to_unit[rows, n], steps.rating[rows]))
    return _joined(events), past


def _fits(kind: Ints, state: States) -> NDArray[np.bool_]:
    ended = state.status >= RESOLVED
    after_the_end = {"reopened": state.status == RESOLVED, "rated": (state.status == RESOLVED) & (state.rating < 0)}
    fits = ~ended
    for name, possible in after_the_end.items():
        fits = np.where(kind == KINDS.index(name), possible, fits)
    first = (kind == KINDS.index("submitted")) | (kind == KINDS.index("routed"))
    return np.where(first, True, fits & ~((kind == KINDS.index("received")) & ~np.isnat(state.received_at)))


class _Turn:
    """One step for each of many reports (`rows`), at its own moment."""

    def __init__(self, city: City, cases: Cases, states: States, rows: Ints, at: Moments, past: list[Past]) -> None:
        self.city, self.cases, self.states, self.rows, self.at, self.past = city, cases, states, rows, at, past

    def take(self, kind: Ints, to_unit: Ints, rating: Ints) -> Events:
        """Apply the steps and return their events."""
        states, rows, at = self.states, self.rows, self.at
        holder = states.unit[rows]
        does = {name: kind == place for place, name in enumerate(KINDS)}
        self._receive(does["received"])
        self._transfer(does["transferred"], to_unit)
        self._extend(does["extended"])
        self._reopen(does["reopened"])
        states.escalated_at[rows[does["escalated"]]] = at[does["escalated"]]
        for name, status in (("resolved", RESOLVED), ("refused", REFUSED)):
            states.status[rows[does[name]]] = status
            states.ended_at[rows[does[name]]] = at[does[name]]
        states.rating[rows[does["rated"]]] = rating[does["rated"]]
        states.rated_at[rows[does["rated"]]] = at[does["rated"]]
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
        )

    def _keep(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Keep the version of these reports that ends now; return their places."""
        rows, at = self.rows[which], self.at[which]
        # A version that lasted no time was never anyone's past.
        lasted = self.states.since[rows] < at
        if lasted.any():
            self.past.append(Past(rows[lasted], self.states.take(rows[lasted]), at[lasted]))
        self.states.since[rows] = at
        return rows

    def _receive(self, which: NDArray[np.bool_]) -> None:
        """Receive; a term that runs from receipt then ends sooner, but never later than it did."""
        states, rules = self.states, self.city.rules
        rows, at = self.rows[which], self.at[which]
        due = rules.handle_due(self.cases.rule[rows], at)
        sooner = rules.from_receipt(self.cases.rule[rows]) & (due < states.due_at[rows])
        changed = np.zeros(len(self.rows), dtype=bool)
        changed[np.flatnonzero(which)[sooner]] = True
        states.due_at[self._keep(changed)] = due[sooner]
        states.received_at[rows] = at
        states.status[rows] = IN_PROGRESS

    def _transfer(self, which: NDArray[np.bool_], to_unit: Ints) -> None:
        states = self.states
        rows = self._keep(which)
        states.unit[rows] = to_unit[which]
        states.received_at[rows] = _NONE
        states.receive_due_at[rows] = self.city.rules.receive_due(self.cases.rule[rows], self.at[which])
        states.status[rows] = WAITING
        states.transfer_count[rows] += 1

    def _extend(self, which: NDArray[np.bool_]) -> None:
        rows = self._keep(which)
        self.states.due_at[rows] = self.city.rules.handle_due(
            self.cases.rule[rows], self.states.due_at[rows], EXTENSION
        )

    def _reopen(self, which: NDArray[np.bool_]) -> None:
        """Open again: the unit has the handling term once more."""
        states = self.states
        rows = self._keep(which)
        states.status[rows] = IN_PROGRESS
        states.ended_at[rows] = states.rated_at[rows] = _NONE
        states.rating[rows] = -1
        states.due_at[rows] = self.city.rules.handle_due(self.cases.rule[rows], self.at[which])
        states.reopen_count[rows] += 1


def _joined(events: list[Events]) -> Events:
    if not events:
        none = np.zeros(0, dtype=np.int64)
        return Events(none, none, none.astype("datetime64[us]"), none, none, none)
    columns = {field.name: np.concatenate([getattr(each, field.name) for each in events]) for field in fields(Events)}
    order = np.lexsort((columns["n"], columns["row"]))
    return Events(**{name: column[order] for name, column in columns.items()})
