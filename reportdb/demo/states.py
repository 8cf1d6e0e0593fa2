"""The state of reports at a moment, what happened to them, and their earlier versions."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from reportdb.deadlines.rules import Terms
from reportdb.demo.intake import Cases
from reportdb.demo.steps import NEVER, Ints, Moments
from reportdb.demo_city.city import City

STATUSES = ("waiting", "in_progress", "resolved", "refused")
WAITING, IN_PROGRESS, RESOLVED, REFUSED = range(4)


@dataclass
class States:
    """The attributes of reports that change; each array has one element per report.

    `unit` and `escalated_by` are 0 for none. `category` and `severity` are indexes as in Cases, `status` is an index of
    STATUSES, `rating` of RATINGS or -1. `paused` says that the unit waits for others, whether or not that stops the
    clock. `since` is when this version of the report began, `done` the number of steps already applied,
    `deadline_moved_at` when a new category or severity first gave it a later deadline, `reopened_soon_at` when it was
    reopened within a week.
    """

    unit: Ints
    category: Ints
    severity: Ints
    terms: Terms
    received_at: Moments
    paused: NDArray[np.bool_]
    status: Ints
    escalated_at: Moments
    escalated_by: Ints
    ended_at: Moments
    rating: Ints
    rated_at: Moments
    reopen_count: Ints
    transfer_count: Ints
    updated_at: Moments
    since: Moments
    done: Ints
    deadline_moved_at: Moments
    reopened_soon_at: Moments

    def take(self, rows: Ints) -> "States":
        """Return a copy of some of the reports' states."""
        return States(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass
class Events:
    """Rows of report_event: the report's index, the event's number, and what happened; 0 means no unit or minutes."""

    row: Ints
    n: Ints
    at: Moments
    kind: Ints
    from_unit: Ints
    to_unit: Ints
    minutes: Ints


@dataclass
class Past:
    """Rows of report_past: the report's index, and its state until `until`."""

    row: Ints
    state: States
    until: Moments


def first_states(city: City, cases: Cases) -> States:
    """Return the states of reports at the moment they are submitted."""
    size = len(cases.id)
    nowhere, nothing = np.full(size, NEVER), np.zeros(size, dtype=np.int64)
    return States(
        unit=cases.unit.copy(),
        category=cases.category.copy(),
        severity=cases.severity.copy(),
        terms=Terms.first(city.rules, cases.rule, cases.submitted_at),
        received_at=nowhere.copy(),
        paused=np.zeros(size, dtype=bool),
        status=nothing.copy(),
        escalated_at=nowhere.copy(),
        escalated_by=nothing.copy(),
        ended_at=nowhere.copy(),
        rating=np.full(size, -1),
        rated_at=nowhere.copy(),
        reopen_count=nothing.copy(),
        transfer_count=nothing.copy(),
        updated_at=cases.submitted_at.copy(),
        since=cases.submitted_at.copy(),
        done=nothing.copy(),
        deadline_moved_at=nowhere.copy(),
        reopened_soon_at=nowhere.copy(),
    )
