"""The steps of reports: their kinds, and a course that collects the steps of many reports at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportdb.demo.intake import Cases
from reportdb.demo_city.city import City
from reportdb.demo_city.draws import Draws

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Moments = NDArray[np.datetime64]

KINDS = (
    "submitted", "routed", "received", "transferred", "extended", "answered", "refused", "resolved", "reopened",
    "rated", "escalated", "recategorised", "paused", "resumed", "returned", "informed",
)  # fmt: skip
RATINGS = ("satisfied", "acceptable", "not_satisfied")
EXTENSION = 0.5  # of the handling term

NEVER = np.datetime64("NaT", "us")  # a step that does not happen
_EVER = np.datetime64("1900-01-01", "us")  # when no unit was dissolved yet
SECOND = np.timedelta64(1_000_000, "us")


@dataclass
class Steps:
    """The steps of reports, one row a report: kind (index of KINDS), moment and receiving unit, in order of time.

    A row has `count` steps; later columns are unused. `rating` is the citizen's rating, `to_category` and `to_severity`
    are the new values if the report is recategorised.
    """

    kind: NDArray[np.int8]
    at: Moments
    to_unit: Ints
    count: Ints
    rating: Ints
    to_category: Ints
    to_severity: Ints


class Course:
    """Computes the steps of many reports at once; each method adds the steps of one part of the course."""

    def __init__(self, city: City, cases: Cases) -> None:
        self.city, self.cases = city, cases
        self.draws = Draws(cases.id, cases.submitted_at)
        self.asides = Draws(~cases.id, cases.submitted_at)  # for rare steps: they leave the main draws alone
        self.size = len(cases.id)
        self.nowhere = np.full(self.size, NEVER)
        self.columns: list[tuple[NDArray[np.int8], Moments, Ints]] = []
        self.place_draw = self.draws.uniform()

    def add(self, kind: str | NDArray[np.int8], at: Moments, to_unit: Ints | None = None) -> None:
        """Add a step: its kind, or one kind a report, its moments, and the unit it goes to, if any."""
        kinds = np.full(self.size, KINDS.index(kind), dtype=np.int8) if isinstance(kind, str) else kind
        self.columns.append((kinds, at, np.zeros(self.size, dtype=np.int64) if to_unit is None else to_unit))

    def later(self, at: Moments, minutes: Floats) -> Moments:
        """Return the moments some working minutes later, not all on the full minute."""
        seconds = (self.draws.uniform() * 6e7).astype("timedelta64[us]")
        moments: Moments = self.city.working_time.add(at, minutes) + seconds
        return moments

    def aside(self, at: Moments, minutes: Floats, which: NDArray[np.bool_]) -> Moments:
        """Return the moments some working minutes later for some of the reports, NaT for the others."""
        seconds = (self.asides.uniform() * 6e7).astype("timedelta64[us]")
        some = np.flatnonzero(which & ~np.isnat(at))
        moments = self.nowhere.copy()
        moments[some] = self.city.working_time.add(at[some], minutes[some]) + seconds[some]
        return moments

    def holding(self, unit: Ints, start: Moments, stop: Moments, received: Moments) -> tuple[Ints, Moments]:
        """Add what a unit does from `start` until `stop`: it receives, and its successor takes over if it is dissolved.

        Returns the last unit to hold the report, and when it received it (NaT: never).
        """
        closes = self.city.units.closes[unit]
        moves = (closes < stop) & ~np.isnat(start)
        moved = np.where(moves, np.maximum(closes, start + SECOND), NEVER)
        received = np.where((received < stop) & ~(received >= moved), received, NEVER)
        self.add("received", received)
        heir = self.city.in_force(unit, self.cases.ward_id, np.where(moves, moved, _EVER), self.place_draw)
        self.add("transferred", moved, heir)
        again = self.later(moved, 20 + 300 * self.draws.uniform())
        again = np.where(again < stop, again, NEVER)
        self.add("received", again)
        return heir, np.where(moves, again, received)

    def time_for_heir(self, unit: Ints, start: Moments, end: Moments) -> Moments:
        """Return the end of work, later where the unit is dissolved before: its successor must first receive it."""
        closes = self.city.units.closes[unit]
        received = self.city.working_time.add(np.minimum(np.maximum(closes, start), end), 480)
        return np.where(closes < end, np.maximum(end, received), end)

    def steps(self, rating: Ints, to_category: Ints, to_severity: Ints) -> Steps:
        """Return all steps added so far in order of time; the parameters are columns of Steps."""
        kind = np.stack([column[0] for column in self.columns], axis=1)
        at = np.stack([column[1] for column in self.columns], axis=1)
        to_unit = np.stack([column[2] for column in self.columns], axis=1)
        order = np.argsort(at, axis=1, kind="stable")  # NaT comes last
        count = (~np.isnat(at)).sum(axis=1)
        width = int(count.max(initial=0))
        order = order[:, :width]
        return Steps(
            kind=np.take_along_axis(kind, order, axis=1),
            at=np.take_along_axis(at, order, axis=1),
            to_unit=np.take_along_axis(to_unit, order, axis=1),
            count=count,
            rating=rating,
            to_category=to_category,
            to_severity=to_severity,
        )
