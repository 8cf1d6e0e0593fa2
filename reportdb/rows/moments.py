"""What one written time means, by itself: a pure function of its words and the mapping."""

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

from reportdb.mapping.moments import Moment
from reportdb.time_formats.time_format import TimeFormat, time_format
from reportdb.time_formats.zones import UnknownZone

_YEARS = range(1900, 2200)  # other programs cannot represent times beyond these years
_NO_DAYS = frozenset((date(1, 1, 1), date(1900, 1, 1), date(1970, 1, 1), date(9999, 12, 31)))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # an empty time in many programs, also where it is 31 December in local time
_KEPT = 5000  # words whose meaning is remembered

NO_TIME = "is no time as the mapping writes it"


class Reading(NamedTuple):
    """What the words of one time mean, whatever the rest of the row says."""

    instant: datetime | None  # in UTC; None: unknown, or none is meant
    clock: datetime | None = None  # as written; without a zone if it is in the column's own
    has_time: bool = True  # False: only a day is written
    reason: str | None = None  # why the instant is unknown; follows the column's name: "is no time as ..."
    filled: bool = True  # False: blank, or a placeholder
    as_day: "Reading | None" = None  # what it means in rows in which midnight means the whole day


BLANK = Reading(None, filled=False)


class MomentReader:
    """Reads the words of one time of a mapping. `read` is pure, so a caller may ask once for equal words."""

    def __init__(self, moment: Moment, city_zone: tzinfo) -> None:
        self.moment = moment
        self.zone = moment.zone or city_zone
        self._formats: list[TimeFormat] = [time_format(name, self.zone) for name in moment.formats]
        self._of_day = moment.of_day
        self._midnight_in_all = moment.midnight_is_day and not moment.midnight_categories
        self._midnight_in_some = moment.midnight_is_day and bool(moment.midnight_categories)
        self.read: Callable[[str], Reading] = lru_cache(maxsize=_KEPT)(self._read)
        """Return what words mean, the words of several columns joined by a space; "" is blank."""

    def zone_of(self, reading: Reading) -> tzinfo:
        """Return the zone in which a reading's clock stands."""
        return (reading.clock.tzinfo if reading.clock else None) or self.zone

    def _read(self, words: str) -> Reading:
        if not words:
            return BLANK
        reason = NO_TIME
        for read in self._formats:
            try:
                clock, has_time = read(words)
            except UnknownZone:
                reason = "has an unknown time zone"
                continue
            except ValueError:
                continue
            reading = self._meaning(clock, has_time)
            if reading.instant or not reading.filled:
                return reading
            reason = reading.reason or reason
        return Reading(None, reason=reason)

    def _meaning(self, clock: datetime, has_time: bool) -> Reading:
        moment = self.moment
        if clock.tzinfo and moment.ignore_zone:
            clock = clock.replace(tzinfo=None)
        day = clock.date()
        if day in moment.no_days or (moment.no_times and clock.replace(tzinfo=None) in moment.no_times):
            return BLANK
        if day in _NO_DAYS:
            return Reading(None, reason=f"is a placeholder ({day})", filled=False)
        if clock.year not in _YEARS:
            return Reading(None, reason="is not between 1900 and 2199")
        if not has_time:
            return self._whole_day(clock)
        if moment.midnight_is_day and not (clock.hour or clock.minute or clock.second or clock.microsecond):
            if self._midnight_in_all:
                return self._whole_day(clock)
            return Reading(self._instant(clock), clock, as_day=self._whole_day(clock))
        instant = self._instant(clock)
        if instant == _EPOCH:
            return Reading(None, reason="is a placeholder (1970-01-01)", filled=False)
        return Reading(instant, clock)

    def _whole_day(self, clock: datetime) -> Reading:
        clock = datetime.combine(clock.date(), self._of_day, clock.tzinfo)
        return Reading(self._instant(clock), clock, has_time=False)

    def _instant(self, clock: datetime) -> datetime:
        """Return a time in UTC: the first one if it occurs twice; moved forward if the clock skips it."""
        return (clock if clock.tzinfo else clock.replace(tzinfo=self.zone)).astimezone(UTC)
