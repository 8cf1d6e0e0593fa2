"""What one written time means, by itself: a pure function of its words and the mapping."""

import re
from datetime import UTC, date, datetime, tzinfo
from typing import NamedTuple

from reportdb.mapping.moments import Moment
from reportdb.time_formats.time_format import TimeFormat, time_format
from reportdb.time_formats.zones import UnknownZone

_END_YEAR = 2200
_YEARS = range(1900, _END_YEAR)  # other programs cannot represent times beyond these years
_NO_DAYS = frozenset((date(1, 1, 1), date(1900, 1, 1), date(1970, 1, 1), date(9999, 12, 31)))
_EPOCH_YEAR = 1970  # the last year with a usual placeholder, until 9999
_EPOCH = datetime(_EPOCH_YEAR, 1, 1, tzinfo=UTC)  # an empty time in many programs
_TYPED = re.compile(r"\d{4}-\d\d-\d\d")  # as the cells of a workbook arrive, whatever the mapping's format
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
    """Reads the words of one time of a mapping."""

    def __init__(self, moment: Moment, city_zone: tzinfo) -> None:
        self.moment = moment
        self.zone = moment.zone or city_zone
        self._formats: list[TimeFormat] = [time_format(name, self.zone) for name in moment.formats]
        ambiguous = any("%Y-%d" in name for name in moment.formats)
        self._typed = () if ambiguous or "iso" in moment.formats else (time_format("iso", self.zone),)
        self._ignore_zone, self._midnight = moment.ignore_zone, moment.midnight_is_day
        # Nearly every file: times that Python itself reads, and nothing more to say of them.
        peculiar = moment.midnight_is_day or moment.no_days or moment.no_times
        self._plain_iso = moment.formats[0] == "iso" and not peculiar
        self._days: dict[str, Reading] = {}  # words without a time of day, which recur

    def read(self, words: str) -> Reading:
        """Return what words mean, those of several columns joined by a space; "" is blank.

        The same words always mean the same, so a caller may ask once for equal words.
        """
        if self._plain_iso and words[16:17] == ":":
            try:
                clock = datetime.fromisoformat(words)
            except ValueError:
                pass
            else:
                if _EPOCH_YEAR < clock.year < _END_YEAR and words[10] in " T":
                    if self._ignore_zone:
                        clock = clock.replace(tzinfo=None)
                    zoned = clock if clock.tzinfo else clock.replace(tzinfo=self.zone)
                    return Reading(zoned.astimezone(UTC), clock)
        known = self._days.get(words)
        if known is not None:
            return known
        reading = self._read(words)
        if not reading.has_time and len(self._days) < _KEPT:
            self._days[words] = reading
        return reading

    def zone_of(self, reading: Reading) -> tzinfo:
        """Return the zone in which a reading's clock stands."""
        return (reading.clock.tzinfo if reading.clock else None) or self.zone

    def _read(self, words: str) -> Reading:
        if not words:
            return BLANK
        reason = NO_TIME
        for read in (*self._formats, *(self._typed if _TYPED.match(words) else ())):
            try:
                clock, has_time = read(words)
            except UnknownZone:
                reason = "has an unknown time zone"
                continue
            except ValueError:
                continue
            if self._ignore_zone:
                clock = clock.replace(tzinfo=None)
            nothing = self._placeholder(clock)
            if nothing:
                return nothing
            if clock.year in _YEARS:
                return self._meaning(clock, has_time)
            reason = "is not between 1900 and 2199"
        return Reading(None, reason=reason)

    def _placeholder(self, clock: datetime) -> Reading | None:
        """Return the reading of a time that stands for none, or None for any other."""
        day = clock.date()
        if day in self.moment.no_days or clock.replace(tzinfo=None) in self.moment.no_times:
            return BLANK
        if day in _NO_DAYS:
            return Reading(None, reason=f"is a placeholder ({day})", filled=False)
        return None

    def _meaning(self, clock: datetime, has_time: bool) -> Reading:
        """Return the reading of a time."""
        if not has_time:
            return self._whole_day(clock)
        instant = self._instant(clock)
        if self._midnight and not (clock.hour or clock.minute or clock.second or clock.microsecond):
            whole = self._whole_day(clock)
            return Reading(instant, clock, as_day=whole) if self.moment.midnight_categories else whole
        if instant == _EPOCH:
            return Reading(None, reason="is a placeholder (1970-01-01)", filled=False)
        return Reading(instant, clock)

    def _whole_day(self, clock: datetime) -> Reading:
        clock = datetime.combine(clock.date(), self.moment.of_day, clock.tzinfo)
        return Reading(self._instant(clock), clock, has_time=False)

    def _instant(self, clock: datetime) -> datetime:
        """Return a time in UTC: the first one if it occurs twice; moved forward if the clock skips it."""
        return (clock if clock.tzinfo else clock.replace(tzinfo=self.zone)).astimezone(UTC)
