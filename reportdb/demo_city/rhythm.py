"""When citizens report: hours of the day, weekdays, Tết, storms, and the growth since the launch."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from reportdb.demo_city.seed_data import facts, storms

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]

CLOCK = np.timedelta64(7, "h")  # Hanoi is seven hours ahead of UTC all year
_HOUR = np.timedelta64(1, "h")
# Reports by local hour: a peak on the way to work, another after it.
_HOURS = [6, 4, 3, 2, 3, 10, 34, 66, 72, 66, 58, 50, 40, 42, 52, 54, 54, 62, 66, 62, 56, 46, 28, 14]
_WEEKDAYS = [1.12, 1.08, 1.05, 1.05, 1.04, 0.88, 0.78]  # Monday first
_GROWTH_DAYS = 300  # time constant of the app's growth


class Rhythm:
    """How busy the city is between two moments, hour by hour; an ordinary week has the mean 1."""

    def __init__(self, start: datetime, end: datetime) -> None:
        first = (start - timedelta(days=10)).date()
        self._first = np.datetime64(first)
        days = (end.date() - first).days + 12
        self.storm: Floats = np.zeros(days)  # the storms' strength by local day
        self._quiet = np.ones(days)
        for storm in storms(first, first + timedelta(days=days)):
            for n in range((storm.last - storm.first).days + 1):
                self._mark(self.storm, storm.first, n, storm.force)
        for tet in facts("city")["tet"]["days"]:
            for n in range(-3, 7):
                self._mark(self._quiet, tet, n, 0.3 if 0 <= n < 4 else 0.55)
        self._week = np.outer(np.array(_WEEKDAYS) / np.mean(_WEEKDAYS), np.array(_HOURS) / np.mean(_HOURS))

    def _mark(self, by_day: Floats, day: date, n: int, value: float) -> None:
        place = (day - self._first.item()).days + n
        if 0 <= place < len(by_day):
            by_day[place] = value

    def force(self, at: Moments) -> Floats:
        """Return the storm's strength on each moment's local day."""
        return np.asarray(self.storm[((at + CLOCK).astype("datetime64[D]") - self._first).astype(int)])

    def _busy(self, hours: Moments) -> Floats:
        local = hours + CLOCK
        day = local.astype("datetime64[D]")
        weekday = (day.astype(int) + 3) % 7  # 1970-01-01 was a Thursday
        clock = (local - day).astype("timedelta64[h]").astype(int)
        place = (day - self._first).astype(int)
        return np.asarray(self._week[weekday, clock] * self._quiet[place] * (1 + 0.8 * self.storm[place]))

    def hours(self, start: datetime, end: datetime) -> tuple[Moments, Moments, Floats]:
        """Split a span at full hours; return each piece's start and end, and its weight in mean hours."""
        begin, finish = moment(start), moment(end)
        full = np.arange(begin.astype("datetime64[h]"), finish.astype("datetime64[h]") + _HOUR, _HOUR)
        begins = np.maximum(full.astype("datetime64[us]"), begin)
        ends = np.minimum((full + _HOUR).astype("datetime64[us]"), finish)
        return begins, ends, self._busy(begins) * ((ends - begins) / np.timedelta64(1, "h"))


def growth(at: Moments) -> Floats:
    """Return how far reporting had grown by each moment, towards 1; 0 before the launch."""
    since = (at + CLOCK - np.datetime64(facts("city")["turns"]["launch"])) / np.timedelta64(1, "D")
    return np.asarray(np.where(since > 0, 1 - np.exp(-np.maximum(since, 0) / _GROWTH_DAYS), 0))


def midnight(day: date) -> datetime:
    """Return when a day begins in Hanoi."""
    return datetime.combine(day, time(), UTC) - CLOCK.item()


def local_day(at: datetime) -> date:
    """Return the day in Hanoi at a moment."""
    return (at.astimezone(UTC) + CLOCK.item()).date()


def aware(at: np.datetime64) -> datetime:
    """Return numpy's time, which is in UTC, as an aware datetime."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(at.astype(np.int64)))


def moment(at: datetime) -> np.datetime64:
    """Return an aware datetime as numpy's, in UTC and microseconds."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")


def draw_times(rng: np.random.Generator, begin: Moments, end: Moments, counts: NDArray[np.int64]) -> Moments:
    """Return sorted times, `counts` of them in each span."""
    spans = np.repeat((end - begin).astype(np.int64), counts)
    at = np.repeat(begin, counts) + np.floor(rng.random(len(spans)) * spans).astype("timedelta64[us]")
    return np.sort(at)
