"""Working time: minutes counted only while the city's offices are open.

All office intervals of the calendar are on one axis of UTC microseconds, with the cumulative working time before each.
A question takes two binary searches, for one time or for millions.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Self, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from numpy.typing import ArrayLike, NDArray

_MINUTE = 60_000_000  # microseconds
_Value = TypeVar("_Value", bound=np.generic)
_CURE = "Fill the tables working_day and office_hours for these days."


class CalendarError(Exception):
    """The calendar cannot answer; the message says which days are missing or wrong and what to do."""


class OfficeHours(NamedTuple):
    """One interval of an office day, in local time, in force from a day on; a later day replaces all of them."""

    valid_from: date
    opens: time
    closes: time


class WorkingTime:
    """The working time of one city.

    `days` says whether each day is a working day, `hours` when offices are open on one, `zone` is their time zone.
    Times are datetime64 in UTC, of any shape, and so are the answers, to the microsecond; a scalar gives an array
    without dimensions. NaT gives NaT or NaN. Working time runs from opening (inclusive) to closing (exclusive). Raises
    CalendarError if a required day is missing, or office hours overlap.
    """

    def __init__(self, days: Mapping[date, bool], hours: Sequence[OfficeHours], zone: ZoneInfo) -> None:
        if not days or not hours:
            raise CalendarError(f"The calendar is empty. {_CURE}")
        first, last = min(days), max(days)
        calendar = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        in_force = {day: _in_force(hours, day) for day in calendar}
        missing = [day not in days or not in_force[day] for day in calendar]
        worked = [
            (_utc(day, opens, zone), _utc(day, closes, zone))
            for day in calendar
            if days.get(day)
            for opens, closes in in_force[day]
        ]
        self._days = np.array([*calendar, last + timedelta(days=1)], dtype="datetime64[D]")
        self._midnights = np.array([_utc(day, time(), zone) for day in self._days.tolist()], dtype=np.int64)
        self._missing = np.cumsum([0, *missing])  # missing days before each day
        self._working = np.array([bool(days.get(day)) for day in calendar])
        # An empty interval at the start, so that every time has an interval before it.
        start = self._midnights[0]
        self._opens, self._closes = np.array([(start, start), *worked], dtype=np.int64).T
        if (overlaps := self._opens[1:] < self._closes[:-1]).any():
            day = self._days[self._day_of(self._opens[1:][overlaps][:1])[0]]
            raise CalendarError(f"Two intervals of office_hours overlap on {day}. Correct opens and closes there.")
        self._done = np.cumsum(self._closes - self._opens)  # cumulative working time at the closing of each interval

    @classmethod
    def from_database(cls, connection: psycopg.Connection) -> Self:
        """Read the calendar of the report database: city.time_zone, working_day and office_hours."""
        city = connection.execute("select time_zone from city").fetchone()
        if city is None:
            raise CalendarError("The table city is empty: whose time is meant? Give it its one row.")
        days = connection.execute("select day, working from working_day").fetchall()
        hours = connection.execute("select valid_from, opens, closes from office_hours").fetchall()
        return cls(dict(days), [OfficeHours(*row) for row in hours], ZoneInfo(city[0]))

    def add(self, moments: ArrayLike, minutes: ArrayLike) -> NDArray[np.datetime64]:
        """Return the times at which `minutes` of working time have passed since `moments`.

        A time outside working hours starts at the next opening, so adding 0 gives the time itself while offices are
        open, else the next opening. Work that fills an interval ends at its closing, not at the next opening. Minutes
        may be fractional but not negative.
        """
        at, spans = np.broadcast_arrays(np.asarray(moments, dtype="datetime64[us]"), np.asarray(minutes, dtype=float))
        if (spans < 0).any():
            raise ValueError("Working time is added, never taken away: minutes must not be negative.")
        known = ~(np.isnat(at) | np.isnan(spans))
        begin = at[known].astype(np.int64)
        begin_days = self._day_of(begin)
        before = self._work_before(begin)
        done = before + np.rint(spans[known] * _MINUTE).astype(np.int64)
        # At least one microsecond must fit into the interval: that skips a closed one when adding 0.
        interval = np.searchsorted(self._done, np.maximum(done, before + 1))
        if (interval == len(self._done)).any():
            raise CalendarError(f"The calendar ends on {self._days[-2]}, before the work is done. {_CURE}")
        end = self._closes[interval] - (self._done[interval] - done)
        self._refuse_gaps(begin_days, self._day_of(end))
        return _scatter(end.astype("datetime64[us]"), known, np.datetime64("NaT", "us"))

    def between(self, start: ArrayLike, end: ArrayLike) -> NDArray[np.float64]:
        """Return the working minutes from `start` to `end`; negative if `end` comes first."""
        starts, ends = np.broadcast_arrays(
            np.asarray(start, dtype="datetime64[us]"), np.asarray(end, dtype="datetime64[us]")
        )
        known = ~(np.isnat(starts) | np.isnat(ends))
        begin, finish = starts[known].astype(np.int64), ends[known].astype(np.int64)
        self._refuse_gaps(self._day_of(np.minimum(begin, finish)), self._day_of(np.maximum(begin, finish)))
        worked = self._work_before(finish) - self._work_before(begin)
        return _scatter(worked / _MINUTE, known, np.float64("nan"))

    def next_working_day_end(self, moments: ArrayLike) -> NDArray[np.datetime64]:
        """Return the local midnight that ends the first working day after each time's day."""
        at = np.asarray(moments, dtype="datetime64[us]")
        known = ~np.isnat(at)
        today = self._day_of(at[known].astype(np.int64))
        working = np.flatnonzero(self._working)
        following = np.searchsorted(working, today, side="right")
        if (following == len(working)).any():
            raise CalendarError(f"The calendar ends on {self._days[-2]}, before the next working day. {_CURE}")
        found = working[following]
        self._refuse_gaps(today, found)
        return _scatter(self._midnights[found + 1].astype("datetime64[us]"), known, np.datetime64("NaT", "us"))

    def _work_before(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        begun = np.searchsorted(self._opens, at, side="right") - 1
        return np.asarray(self._done[begun] - np.maximum(self._closes[begun] - at, 0))

    def _day_of(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return each time's local day as an index into the calendar; raises for a time outside it."""
        if len(at) and (at.min() < self._midnights[0] or at.max() >= self._midnights[-1]):
            outside = at.min() if at.min() < self._midnights[0] else at.max()
            raise CalendarError(
                f"The calendar runs from {self._days[0]} to {self._days[-2]} and does not reach "
                f"{np.datetime64(int(outside), 'us').astype('datetime64[D]')} (UTC). {_CURE}"
            )
        return np.asarray(np.searchsorted(self._midnights, at, side="right") - 1, dtype=np.int64)

    def _refuse_gaps(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> None:
        gaps = self._missing[last + 1] > self._missing[first]
        if not gaps.any():
            return
        start, end = int(first[gaps][0]), int(last[gaps][0])
        days = [str(self._days[n]) for n in range(start, end + 1) if self._missing[n + 1] > self._missing[n]]
        more = f" and {len(days) - 5} more" if len(days) > 5 else ""
        raise CalendarError(f"The calendar lacks {', '.join(days[:5])}{more}. {_CURE}")


def _in_force(hours: Sequence[OfficeHours], day: date) -> list[tuple[time, time]]:
    """Return the day's intervals in order: those of the latest date not after it."""
    since = max((each.valid_from for each in hours if each.valid_from <= day), default=None)
    return sorted((each.opens, each.closes) for each in hours if each.valid_from == since)


def _utc(day: date, clock: time, zone: ZoneInfo) -> int:
    """Return a local time as microseconds since 1970 in UTC."""
    return round(datetime.combine(day, clock, zone).timestamp() * 1_000_000)


def _scatter(values: NDArray[_Value], where: NDArray[np.bool_], otherwise: _Value) -> NDArray[_Value]:
    """Put the values into a new array where `where` is true, and `otherwise` elsewhere."""
    placed = np.full(where.shape, otherwise)
    placed[where] = values
    return placed
