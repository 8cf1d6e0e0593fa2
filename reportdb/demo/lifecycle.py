"""The course of a report: every step, drawn when the report is submitted.

The draws are a function of the report's id and moment, so the course of a report already in the database can be worked
out again: the simulation goes on where the demo, or an interrupted simulation, left off.
"""

import numpy as np
from numpy.typing import NDArray

from reportdb.deadlines.rules import SEVERITIES
from reportdb.demo.intake import Cases
from reportdb.demo.steps import KINDS, NEVER, SECOND, Course, Floats, Ints, Moments, Steps
from reportdb.demo_city.city import City
from reportdb.demo_city.rhythm import CLOCK
from reportdb.demo_city.seed_data import facts

_USUAL_TERM = 2400.0  # minutes: sets the pace of work where no rule gives a term; it makes no deadline
LONGEST_AFTERMATH = np.timedelta64(12, "D")  # a closed report is reopened or rated within it


def plan(city: City, cases: Cases) -> Steps:
    """Return every step that reports will ever take."""
    course = Course(city, cases)
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
    course.add("extended", np.where(extends & (extended < end) & (extended > received), extended, NEVER))
    ended = np.where(refuses, KINDS.index("refused"), KINDS.index("resolved")).astype(np.int8)
    course.add(ended, end)

    last_end, late = _come_back(course, unit, end, ~refuses, length, term)
    rating = _rate(course, last_end, late, units.satisfied[unit], ~refuses)
    return course.steps(rating, to_category, to_severity)


def _wait(course: Course, received: Moments, end: Moments) -> Moments:
    """Add the wait for the citizen or another authority, and return the ends of work, delayed by it."""
    severity, asides = course.cases.severity, course.asides
    waits = asides.uniform() < np.array([0.0, 0.08, 0.025])[severity]  # urgent, complex, normal
    paused = course.aside(received, 60 + 1200 * asides.uniform(), waits)
    paused = np.where(paused < end, paused, NEVER)
    course.add("paused", paused)
    resumed = course.aside(paused, np.minimum(asides.lognormal(900, 0.8), 6000), waits)
    course.add("resumed", resumed)
    some = np.flatnonzero(~np.isnat(resumed))
    work = course.city.working_time
    later = end.copy()
    later[some] = np.maximum(work.add(end[some], work.between(paused[some], resumed[some])), resumed[some] + SECOND)
    return later


def _see_anew(course: Course, pace: Floats, received: Moments, end: Moments) -> tuple[Ints, Ints]:
    """Add a new category or severity once the unit has looked; return both for every report."""
    cases, asides = course.cases, course.asides
    urgent = cases.severity == SEVERITIES.index("urgent")
    changes = asides.uniform() < np.where(urgent, 0.04, 0.012 + 0.012 * np.minimum(pace, 2))
    at = course.aside(received, 30 + 900 * asides.uniform(), changes)
    course.add("recategorised", np.where(at < end, at, NEVER))
    graver = (asides.uniform() < 0.6) & (cases.severity == SEVERITIES.index("normal"))
    severity = np.where(graver, SEVERITIES.index("complex"), cases.severity)
    severity = np.where(urgent, SEVERITIES.index("normal"), severity)
    category = np.where(graver | urgent, cases.category, course.city.sibling[cases.category])
    return category, severity


def _wander(course: Course) -> tuple[Ints, Moments]:
    """Add the transfers until the report reaches the right unit; return that unit and since when."""
    city, cases, draws = course.city, course.cases, course.draws
    first, start = cases.unit, cases.submitted_at
    from_desk = first == city.units.desk
    owner = city.owner(cases.category, draws.uniform())
    local = city.in_force(_committee(course), cases.ward_id, start, course.place_draw)
    other = np.where(city.units.local[first], city.other_owner[cases.category], local)
    target = np.where(from_desk, np.where(owner == 0, local, owner), other)
    wrong = from_desk | (draws.uniform() < 0.032)
    first_hop = course.later(start, np.where(from_desk, 15 + 200 * draws.uniform(), 60 + 800 * draws.uniform()))
    first_hop = np.where(wrong, first_hop, NEVER)
    half_way = course.later(start, np.where(from_desk, np.nan, 20 + 300 * draws.uniform()))
    course.holding(first, np.where(wrong, start, NEVER), np.where(wrong, first_hop, start), half_way)
    target = city.in_force(target, cases.ward_id, np.where(wrong, first_hop, start), course.place_draw)
    unit = np.where(wrong, target, first)
    course.add("transferred", first_hop, unit)

    back = wrong & ~from_desk & (draws.uniform() < 0.15)
    second_hop = np.where(back, course.later(first_hop, 200 + 1200 * draws.uniform()), NEVER)
    course.holding(unit, np.where(back, first_hop, NEVER), np.where(back, second_hop, start), course.nowhere)
    home = city.in_force(first, cases.ward_id, np.where(back, second_hop, start), course.place_draw)
    unit = np.where(back, home, unit)
    course.add("transferred", second_hop, unit)
    return unit, np.where(back, second_hop, np.where(wrong, first_hop, start))


def _committee(course: Course) -> Ints:
    """Return the committee of each report's ward, or a random one where the ward is unknown."""
    city, cases = course.city, course.cases
    wards = city.wards
    lot = np.minimum(
        np.searchsorted(np.cumsum(wards.weight) / wards.weight.sum(), course.place_draw), len(wards.ids) - 1
    )
    known = cases.ward_id > 0
    place = np.where(known, np.searchsorted(wards.ids, cases.ward_id), lot)
    return city.committee(wards.ids[place], wards.district[place], cases.submitted_at)


def _strain(city: City, unit: Ints, at: Moments) -> Floats:
    """Return the factor by which units are slower than usual: the reform, and each unit's better and worse months."""
    day = (at + CLOCK - np.datetime64("2024-01-01")) / np.timedelta64(1, "D")
    reform = (np.datetime64(facts("city")["turns"]["reform"]) - np.datetime64("2024-01-01")) / np.timedelta64(1, "D")
    rush = 0.5 * np.exp(-(((day - reform - 15) / 20) ** 2)) * city.units.local[unit]
    return np.asarray((1 + rush) * (1 + 0.12 * np.sin(day / 27 + unit * 2.399)))


def _ask_higher(course: Course, escalates: NDArray[np.bool_], unit: Ints, received: Moments, end: Moments) -> Ints:
    """Add the escalation of what is beyond a unit's authority and what a higher level makes of it; return who has it
    in the end.

    It goes to the city's desk, or for a while to nobody. The desk keeps it, hands it on to a department, or gives it
    back. Most citizens are told that it is with others.
    """
    city, asides, units = course.city, course.asides, course.city.units
    at = course.later(received, 200 + 1500 * course.draws.uniform())
    at = np.where(escalates & (unit != units.desk) & (at < end), at, NEVER)
    told = course.later(at, 60 + 500 * course.draws.uniform())
    course.add("informed", np.where((told < end) & (asides.uniform() < 0.7), told, NEVER))
    some = ~np.isnat(at)

    taken = course.aside(at, 600 + 3000 * asides.uniform(), some)
    untaken = (asides.uniform() < 0.2) & (taken < end)
    course.add("escalated", at, np.where(untaken, 0, units.desk))
    course.add("transferred", np.where(untaken, taken, NEVER), np.full(course.size, units.desk))
    since = np.where(untaken, taken, at)

    fate = asides.uniform()
    moves = course.aside(since, 120 + 1500 * asides.uniform(), some)
    owner = city.in_force(city.other_owner[course.cases.category], course.cases.ward_id, moves, course.place_draw)
    hands_on = (moves < end) & (fate < 0.55) & (owner != unit) & (owner != units.desk) & (units.closes[owner] >= end)
    returns = (moves < end) & (fate > 0.8) & (units.closes[unit] >= end)
    course.add("transferred", np.where(hands_on, moves, NEVER), owner)
    again = course.aside(moves, 20 + 300 * asides.uniform(), hands_on)
    course.add("received", np.where(again < end, again, NEVER))
    course.add("returned", np.where(returns, moves, NEVER), unit)
    return np.where(hands_on, owner, np.where(some & ~returns, units.desk, unit))


def _come_back(
    course: Course, unit: Ints, end: Moments, resolved: NDArray[np.bool_], length: Floats, term: Floats
) -> tuple[Moments, NDArray[np.bool_]]:
    """Add a reopening and the second end; return the last end of each report, and whether the work was slow."""
    draws, units = course.draws, course.city.units
    reopens = resolved & (draws.uniform() < 0.06 * (1.1 - units.satisfied[unit]))
    at = np.where(reopens, _daytime(end + ((0.2 + 6 * draws.uniform()) * 8.64e10).astype("timedelta64[us]")), NEVER)
    course.add("reopened", at)
    pause = np.minimum(draws.lognormal(0.7 * units.pace[unit], 0.5), 6) * term
    second = course.time_for_heir(unit, at, course.later(at, 60 + pause))
    course.holding(unit, at, second, course.nowhere)
    course.add("resolved", second)
    return np.where(reopens, second, end), length > 1


def _rate(course: Course, end: Moments, late: NDArray[np.bool_], quality: Floats, resolved: NDArray[np.bool_]) -> Ints:
    """Add the citizen's rating, and return what it will be (place in RATINGS)."""
    draws = course.draws
    rates = resolved & (draws.uniform() < 0.34)
    days = np.minimum(-2.2 * np.log1p(-draws.uniform()) + 0.02, 10)
    course.add("rated", np.where(rates, _daytime(end + (days * 8.64e10).astype("timedelta64[us]")), NEVER))
    good = quality * np.where(late, 0.8, 1.0)
    draw = draws.uniform()
    return np.where(draw < good * 0.68, 0, np.where(draw < good, 1, 2))


def _daytime(at: Moments) -> Moments:
    """Move what citizens would do at night into the morning."""
    local = at + CLOCK
    hour = (local - local.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return np.where(hour < 6.5, at + np.timedelta64(6, "h"), at)
