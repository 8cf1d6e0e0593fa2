"""The deadline rules in force, applied to many reports at once."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import psycopg
from numpy.typing import NDArray

from reportdb.working_time import WorkingTime

Ints = NDArray[np.int64]
Moments = NDArray[np.datetime64]

SEVERITIES = ("urgent", "complex", "normal")


class Rules:
    """The table deadline_rule. Reports refer to a rule by its place in the table, -1 where none is in force."""

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
        """Read the rules, the least specific first, so that a later one that fits prevails."""
        rows = connection.execute(
            """select id, category_id, severity, receive_minutes, handle_minutes, clock, handle_from, valid_from,
                   valid_to
               from deadline_rule
               order by category_id is not null, severity is not null, valid_from, id"""
        ).fetchall()
        return cls(rows, working_time)

    def in_force(self, category_id: Ints, severity: Ints, day: NDArray[np.datetime64]) -> Ints:
        """Return the rule of reports that came in on a local `day`; severities count as in SEVERITIES."""
        found = np.full(len(category_id), -1)
        for n, (_, category, word, *_, valid_from, valid_to) in enumerate(self._rows):
            fits = day >= np.datetime64(valid_from)
            if valid_to is not None:
                fits &= day < np.datetime64(valid_to)
            if category is not None:
                fits &= category_id == category
            if word is not None:
                fits &= severity == SEVERITIES.index(word)
            found[fits] = n
        return found

    def place(self, rule_id: Ints) -> Ints:
        """Return the places of rules named by their ids; 0 is none."""
        places = {identity: n for n, identity in enumerate(self.ids[:-1].tolist())}
        return np.array([places.get(identity, -1) for identity in rule_id.tolist()], dtype=np.int64)

    def from_receipt(self, rule: Ints) -> NDArray[np.bool_]:
        """Say whether the handling term runs from receipt rather than from submission."""
        return np.asarray(self._from_receipt[rule])

    def term(self, rule: Ints) -> NDArray[np.float64]:
        """Return the handling term in minutes, five working days where none is set."""
        return np.asarray(np.nan_to_num(self._handle[rule], nan=2400.0))

    def receive_due(self, rule: Ints, at: Moments) -> Moments:
        """Return by when a unit that got the report `at` must receive it; NaT where no rule says."""
        return self._after(rule, at, self._receive[rule])

    def handle_due(self, rule: Ints, at: Moments, share: float = 1) -> Moments:
        """Return the moment a share of the handling term after `at`; NaT where no rule says."""
        return self._after(rule, at, self._handle[rule] * share)

    def _after(self, rule: Ints, at: Moments, minutes: NDArray[np.float64]) -> Moments:
        due = self._working_time.add(at, minutes)
        by_calendar = self._calendar[rule] & ~np.isnan(minutes)
        if by_calendar.any():
            due[by_calendar] = at[by_calendar] + np.rint(minutes[by_calendar] * 6e7).astype("timedelta64[us]")
        return due
