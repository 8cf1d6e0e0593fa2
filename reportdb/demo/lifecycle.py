"""What becomes of a report: every step of its course, drawn when it comes in.

The draws are a function of the report's id and moment, so the course of a report already in the database can be worked
out again: the simulation goes on where the demo, or an interrupted simulation, left off.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportdb.deadlines.rules import SEVERITIES
from reportdb.demo.city import City
from reportdb.demo.draws import Draws
from reportdb.demo.intake import Cases
from reportdb.demo.rhythm import CLOCK
from reportdb.demo.seed_data import facts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Moments = NDArray[np.datetime64]

KINDS = (
    "submitted", "routed", "received", "transferred", "extended", "answered", "refused", "resolved", "reopened",
    "rated", "escalated", "recategorised", "paused", "resumed", "returned", "informed",
)  # fmt: skip
RATINGS = ("satisfied", "acceptable", "not_satisfied")
EXTENSION = 0.5  # of the handling term
_USUAL_TERM = 2400.0  # minutes: the pace of work where no rule names a term; no deadline comes from it
LONGEST_AFTERMATH = np.timedelta64(12, "D")  # a closed report is reopened or rated within it

_NONE = np.datetime64("NaT", "us")
_EVER = np.datetime64("1900-01-01", "us")  # when no unit was dissolved yet
_SECOND = np.timedelta64(1_000_000, "us")


@dataclass
class Steps:
    """The steps of reports, a row for each: kind (place in KINDS), moment and receiving unit, in order of time.

    A row has `count` steps; what stands beyond is void. `rating` is what the citizen will say, `to_category` and
    `to_severity` what a report becomes if it is recategorised.
    """

    kind: NDArray[np.int8]
    at: Moments
    to_unit: Ints
    count: Ints
    rating: Ints
    to_category: Ints
    to_severity: Ints


class _Course:
    """Works out the steps of many reports side by side; each method adds the steps of one part of the course."""

    def __init__(self, city: City, cases: Cases) -> None:
        self.city, self.cases = city, cases
        self.draws = Draws(cases.id, cases.submitted_at)
        self.asides = Draws(~cases.id, cases.submitted_at)  # for what few reports see, apart from the main course
        self.size = len(cases.id)
        self.nowhere = np.full(self.size, _NONE)
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
        moved = np.where(moves, np.maximum(closes, start + _SECOND), _NONE)
        received = np.where((received < stop) & ~(received >= moved), received, _NONE)
        self.add("received", received)
        heir = self.city.in_force(unit, self.cases.ward_id, np.where(moves, moved, _EVER), self.place_draw)
        self.add("transferred", moved, heir)
        again = self.later(moved, 20 + 300 * self.draws.uniform())
        again = np.where(again < stop, again, _NONE)
        self.add("received", again)
        return heir, np.where(moves, again, received)

    def time_for_heir(self, unit: Ints, start: Moments, end: Moments) -> Moments:
        """Return the end of work, later where a unit is dissolved before it: its successor must first receive."""
        closes = self.city.units.closes[unit]
        received = self.city.working_time.add(np.minimum(np.maximum(closes, start), end), 480)
        return np.where(closes < end, np.maximum(end, received), end)


def plan(city: City, cases: Cases) -> Steps:
    """Return every step that reports will ever take."""
    course = _Course(city, cases)
    draws, units, rules = course.draws, city.units, city.rules
    term = np.nan_to_num(rules.handle_minutes(cases.rule), nan=_USUAL_TERM)
    start = cases.submitted_at
    course.add("submitted", start)
    course.add("routed", start, cases.unit)

    unit, begin = _wander(course)
    pace, strain = units.pace[unit], _strain(city, unit, start)
    urgent = cases.severity == SEVERITIES.index("urgent")
    complicated = cases.severity == SEVERITIES.index("complex")
    escalates = (draws.uniform() < np.where(complicated, 0.07, 0.015)) & ~urgent
    refuses = draws.uniform() < units.refused[unit]

    received = course.later(begin, np.minimum(draws.lognormal(70 + 75 * pace, 0.9) * np.where(urgent, 0.3, 1), 3000))
    length = pace * strain * draws.lognormal(1.0, 0.26 + 0.14 * np.minimum(pace, 2))
    length *= np.where(escalates, 1.9, 1) * np.where(refuses, 0.6, 1)
    stuck = draws.uniform() < 0.012 * np.maximum(pace - 0.35, 0)
    length += np.where(stuck, 1.2 - 3 * np.log1p(-draws.uniform()), 0)
    base = np.where(rules.from_receipt(cases.rule), received, start)
    end = course.later(base, np.minimum(length, 14) * term)
    end = np.maximum(end, course.later(received, 10 + 60 * draws.uniform()))
    end = _wait(course, received, end)
    end = course.time_for_heir(unit, begin, end)
    unit, received = course.holding(unit, begin, end, received)

    to_category, to_severity = _see_anew(course, pace, received, end)
    unit = _ask_higher(course, escalates & ~refuses, unit, received, end)
    extends = (draws.uniform() < np.where(complicated, 0.14, 0.03)) & ~urgent
    extended = course.later(start, term * (0.6 + 0.35 * draws.uniform()))
    course.add("extended", np.where(extends & (extended < end) & (extended > received), extended, _NONE))
    ended = np.where(refuses, KINDS.index("refused"), KINDS.index("resolved")).astype(np.int8)
    course.add(ended, end)

    last_end, late = _come_back(course, unit, end, ~refuses, length, term)
    rating = _rate(course, last_end, late, units.satisfied[unit], ~refuses)
    return _in_order(course, rating, to_category, to_severity)


def _wait(course: _Course, received: Moments, end: Moments) -> Moments:
    """Add the wait for the citizen or another authority, and return the ends of work, later by as much."""
    severity, asides = course.cases.severity, course.asides
    waits = asides.uniform() < np.array([0.0, 0.08, 0.025])[severity]  # urgent, complex, normal
    paused = course.aside(received, 60 + 1200 * asides.uniform(), waits)
    paused = np.where(paused < end, paused, _NONE)
    course.add("paused", paused)
    resumed = course.aside(paused, np.minimum(asides.lognormal(900, 0.8), 6000), waits)
    course.add("resumed", resumed)
    some = np.flatnonzero(~np.isnat(resumed))
    work = course.city.working_time
    later = end.copy()
    later[some] = np.maximum(work.add(end[some], work.between(paused[some], resumed[some])), resumed[some] + _SECOND)
    return later


def _see_anew(course: _Course, pace: Floats, received: Moments, end: Moments) -> tuple[Ints, Ints]:
    """Add a new category or severity once the unit has looked; return both for every report."""
    cases, asides = course.cases, course.asides
    urgent = cases.severity == SEVERITIES.index("urgent")
    changes = asides.uniform() < np.where(urgent, 0.04, 0.012 + 0.012 * np.minimum(pace, 2))
    at = course.aside(received, 30 + 900 * asides.uniform(), changes)
    course.add("recategorised", np.where(at < end, at, _NONE))
    graver = (asides.uniform() < 0.6) & (cases.severity == SEVERITIES.index("normal"))
    severity = np.where(graver, SEVERITIES.index("complex"), cases.severity)
    severity = np.where(urgent, SEVERITIES.index("normal"), severity)
    category = np.where(graver | urgent, cases.category, course.city.sibling[cases.category])
    return category, severity


def _wander(course: _Course) -> tuple[Ints, Moments]:
    """Add the hops until the report is where it belongs; return that unit and since when."""
    city, cases, draws = course.city, course.cases, course.draws
    first, start = cases.unit, cases.submitted_at
    from_desk = first == city.units.desk
    owner = city.owner(cases.category, draws.uniform())
    local = city.in_force(_committee(course), cases.ward_id, start, course.place_draw)
    other = np.where(city.units.local[first], city.other_owner[cases.category], local)
    target = np.where(from_desk, np.where(owner == 0, local, owner), other)
    wrong = from_desk | (draws.uniform() < 0.032)
    first_hop = course.later(start, np.where(from_desk, 15 + 200 * draws.uniform(), 60 + 800 * draws.uniform()))
    first_hop = np.where(wrong, first_hop, _NONE)
    half_way = course.later(start, np.where(from_desk, np.nan, 20 + 300 * draws.uniform()))
    course.holding(first, np.where(wrong, start, _NONE), np.where(wrong, first_hop, start), half_way)
    target = city.in_force(target, cases.ward_id, np.where(wrong, first_hop, start), course.place_draw)
    unit = np.where(wrong, target, first)
    course.add("transferred", first_hop, unit)

    back = wrong & ~from_desk & (draws.uniform() < 0.15)
    second_hop = np.where(back, course.later(first_hop, 200 + 1200 * draws.uniform()), _NONE)
    course.holding(unit, np.where(back, first_hop, _NONE), np.where(back, second_hop, start), course.nowhere)
    home = city.in_force(first, cases.ward_id, np.where(back, second_hop, start), course.place_draw)
    unit = np.where(back, home, unit)
    course.add("transferred", second_hop, unit)
    return unit, np.where(back, second_hop, np.where(wrong, first_hop, start))


def _committee(course: _Course) -> Ints:
    """Return the committee of each report's place; where that is not known, one drawn by lot."""
    city, cases = course.city, course.cases
    wards = city.wards
    lot = np.minimum(
        np.searchsorted(np.cumsum(wards.weight) / wards.weight.sum(), course.place_draw), len(wards.ids) - 1
    )
    known = cases.ward_id > 0
    place = np.where(known, np.searchsorted(wards.ids, cases.ward_id), lot)
    return city.committee(wards.ids[place], wards.district[place], cases.submitted_at)


def _strain(city: City, unit: Ints, at: Moments) -> Floats:
    """Return how much slower than usual units work: the reform, and each unit's own better and worse months."""
    day = (at + CLOCK - np.datetime64("2024-01-01")) / np.timedelta64(1, "D")
    reform = (np.datetime64(facts("city")["turns"]["reform"]) - np.datetime64("2024-01-01")) / np.timedelta64(1, "D")
    rush = 0.5 * np.exp(-(((day - reform - 15) / 20) ** 2)) * city.units.local[unit]
    return np.asarray((1 + rush) * (1 + 0.12 * np.sin(day / 27 + unit * 2.399)))


def _ask_higher(course: _Course, escalates: NDArray[np.bool_], unit: Ints, received: Moments, end: Moments) -> Ints:
    """Add the escalation of what is beyond a unit's authority and what a higher level makes of it; return who has it
    in the end.

    It goes to the city's desk, or for a while to nobody. The desk keeps it, hands it on to a department, or gives it
    back. Most citizens are told that it is with others.
    """
    city, asides, units = course.city, course.asides, course.city.units
    at = course.later(received, 200 + 1500 * course.draws.uniform())
    at = np.where(escalates & (unit != units.desk) & (at < end), at, _NONE)
    told = course.later(at, 60 + 500 * course.draws.uniform())
    course.add("informed", np.where((told < end) & (asides.uniform() < 0.7), told, _NONE))
    some = ~np.isnat(at)

    taken = course.aside(at, 600 + 3000 * asides.uniform(), some)
    untaken = (asides.uniform() < 0.2) & (taken < end)
    course.add("escalated", at, np.where(untaken, 0, units.desk))
    course.add("transferred", np.where(untaken, taken, _NONE), np.full(course.size, units.desk))
    since = np.where(untaken, taken, at)

    fate = asides.uniform()
    moves = course.aside(since, 120 + 1500 * asides.uniform(), some)
    owner = city.in_force(city.other_owner[course.cases.category], course.cases.ward_id, moves, course.place_draw)
    hands_on = (moves < end) & (fate < 0.55) & (owner != unit) & (owner != units.desk) & (units.closes[owner] >= end)
    returns = (moves < end) & (fate > 0.8) & (units.closes[unit] >= end)
    course.add("transferred", np.where(hands_on, moves, _NONE), owner)
    again = course.aside(moves, 20 + 300 * asides.uniform(), hands_on)
    course.add("received", np.where(again < end, again, _NONE))
    course.add("returned", np.where(returns, moves, _NONE), unit)
    return np.where(hands_on, owner, np.where(some & ~returns, units.desk, unit))


def _come_back(
    course: _Course, unit: Ints, end: Moments, resolved: NDArray[np.bool_], length: Floats, term: Floats
) -> tuple[Moments, NDArray[np.bool_]]:
    """Add a reopening and the second end; return the last end of each report, and whether the work was slow."""
    draws, units = course.draws, course.city.units
    reopens = resolved & (draws.uniform() < 0.06 * (1.1 - units.satisfied[unit]))
    at = np.where(reopens, _daytime(end + ((0.2 + 6 * draws.uniform()) * 8.64e10).astype("timedelta64[us]")), _NONE)
    course.add("reopened", at)
    pause = np.minimum(draws.lognormal(0.7 * units.pace[unit], 0.5), 6) * term
    second = course.time_for_heir(unit, at, course.later(at, 60 + pause))
    course.holding(unit, at, second, course.nowhere)
    course.add("resolved", second)
    return np.where(reopens, second, end), length > 1


def _rate(course: _Course, end: Moments, late: NDArray[np.bool_], quality: Floats, resolved: NDArray[np.bool_]) -> Ints:
    """Add the citizen's rating, and return what it will be (place in RATINGS)."""
    draws = course.draws
    rates = resolved & (draws.uniform() < 0.34)
    days = np.minimum(-2.2 * np.log1p(-draws.uniform()) + 0.02, 10)
    course.add("rated", np.where(rates, _daytime(end + (days * 8.64e10).astype("timedelta64[us]")), _NONE))
    good = quality * np.where(late, 0.8, 1.0)
    draw = draws.uniform()
    return np.where(draw < good * 0.68, 0, np.where(draw < good, 1, 2))


def _daytime(at: Moments) -> Moments:
    """Move what citizens would do in the small hours into the morning."""
    local = at + CLOCK
    hour = (local - local.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return np.where(hour < 6.5, at + np.timedelta64(6, "h"), at)


def _in_order(course: _Course, rating: Ints, to_category: Ints, to_severity: Ints) -> Steps:
    kind = np.stack([column[0] for column in course.columns], axis=1)
    at = np.stack([column[1] for column in course.columns], axis=1)
    to_unit = np.stack([column[2] for column in course.columns], axis=1)
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
