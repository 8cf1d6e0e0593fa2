"""The times of a row, in their order: nothing happens to a report before it is submitted."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdb.mapping.mapping import Mapping
from reportdb.mapping.moments import Moment
from reportdb.rows.moments import BLANK, MomentReader, Reading
from reportdb.rows.row import Fields, Rejected, shown
from reportdb.spelling import one_spelling

SLACK = timedelta(days=1)  # after the import: the end of a day, and clocks that go wrong


class Times(NamedTuple):
    """The times of a row in UTC. A time that is None is unknown or not written."""

    submitted: datetime
    received: datetime | None
    due: datetime | None
    ended: datetime | None
    end_filled: bool  # a closing time is written, readable or not
    changed: datetime | None  # when the source last changed the row, as it writes it
    changed_in_order: datetime | None  # likewise, unless it lies before the submission


class TimeReader:
    """Reads the times of the row that `fields` holds.

    `at` is the time of the import: whatever happened did so until a day after it. None: the future is not looked at.
    """

    def __init__(self, mapping: Mapping, fields: Fields, at: datetime | None = None) -> None:
        self._fields, self._category = fields, mapping.category
        self._early_is_submission = mapping.early_end_is_submission
        self._latest = at + SLACK if at else None
        self._city_zone = ZoneInfo(mapping.city.time_zone)
        self._submitted = MomentReader(mapping.submitted, self._city_zone)
        self._received, self._due, self._changed = (
            MomentReader(moment, self._city_zone) if moment else None
            for moment in (mapping.received, mapping.due, mapping.changed)
        )
        self._others: dict[tuple[str, ...], MomentReader] = {}
        self._ended = [MomentReader(moment, self._city_zone) for moment in mapping.ended]

    def read(self) -> Times:
        """Return the times of the row. Raises Rejected if the time of submission is not known."""
        start, submitted = self._start()
        received = self._happened(self._received, start, "received")[0] if self._received else None
        due = self._optional(self._due).instant if self._due else None
        ended, end_filled = None, False
        for reader in self._ended:
            ended, filled = self._happened(reader, start, "closed")
            end_filled = end_filled or filled
            if ended:
                break
        changed = in_order = None
        if self._changed:
            reading = self._optional(self._changed, past="changed")
            changed = reading.instant
            in_order = self._in_order(reading, self._changed, start) if changed else None
        return Times(submitted, received, due, ended, end_filled, changed, in_order)

    def changed(self) -> datetime | None:
        """Return when the source last changed the row, in UTC, also of a row that is rejected; None: unknown."""
        changed = self._reading(self._changed).instant if self._changed else None
        return None if changed and self._latest and changed > self._latest else changed

    def optional(self, moment: Moment) -> datetime | None:
        """Return another time of the row in UTC, or None; one that cannot be read is noted."""
        if moment.columns not in self._others:
            self._others[moment.columns] = MomentReader(moment, self._city_zone)
        return self._optional(self._others[moment.columns]).instant

    def _start(self) -> tuple[Reading, datetime]:
        reader = self._submitted
        reading = self._reading(reader)
        if reading.instant is None:
            name = reader.moment.name
            if reading.reason is None:
                raise Rejected(f"{name}: no time of submission", "no time of submission")
            words = " ".join(filter(None, map(self._fields.value, reader.moment.columns)))
            raise Rejected(f"{name} {shown(words)} {reading.reason}", f"{name} {reading.reason}")
        return reading, reading.instant

    def _reading(self, reader: MomentReader) -> Reading:
        """Return what the row's words for a time mean, by themselves or with the row's category."""
        columns, value = reader.moment.columns, self._fields.value
        words = value(columns[0]) if len(columns) == 1 else " ".join([part for part in map(value, columns) if part])
        if not words:
            return BLANK
        reading = reader.read(words)
        if reading.as_day and one_spelling(value(self._category) or "") in reader.moment.midnight_categories:
            return reading.as_day
        return reading

    def _optional(self, reader: MomentReader, past: str | None = None) -> Reading:
        """Return a reading, and note why its time is unknown. `past`: what happened then, which the future cannot."""
        reading = self._reading(reader)
        if reading.reason:
            self._note(reader, f"{reader.moment.name} {reading.reason}")
        elif past and self._latest and reading.instant and reading.instant > self._latest:
            self._note(reader, f"{past} in the future")
            return Reading(None, reason="in the future")
        return reading

    def _happened(self, reader: MomentReader, start: Reading, event: str) -> tuple[datetime | None, bool]:
        """Return when a step was taken, not before the submission, and whether a time for it is written."""
        reading = self._optional(reader, past=event)
        if reading.instant is None:
            return None, reading.filled
        if start.instant and reading.instant >= start.instant:
            return reading.instant, True
        instant = self._in_order(reading, reader, start)
        if instant is None:
            self._note(reader, f"{event} before it was submitted")
            instant = start.instant if self._early_is_submission else None
        return instant, True

    def _in_order(self, reading: Reading, reader: MomentReader, start: Reading) -> datetime | None:
        """Return the instant of a reading that can be meant and is not before the submission, or None."""
        instant, begin, clock = reading.instant, start.instant, reading.clock
        if instant is None or begin is None or clock is None or start.clock is None or instant >= begin:
            return instant
        zone, start_zone = reader.zone_of(reading), self._submitted.zone_of(start)
        # Where one of the two is a day without a time, the same day is in order.
        if not reading.has_time and begin.astimezone(zone).date() == clock.date():
            return begin
        if not start.has_time and instant.astimezone(start_zone).date() == start.clock.date():
            return begin
        if clock.tzinfo is None:
            # The hour that summer time repeats: its second run.
            second = clock.replace(tzinfo=zone, fold=1).astimezone(UTC)
            if second >= begin:
                return second
            # A submission in the hour that summer time skips moved forward, past a later written time.
            if start.clock.tzinfo is None and start_zone == zone and clock >= start.clock:
                return begin
        return None

    def _note(self, reader: MomentReader, reason: str) -> None:
        self._fields.note(reason, reader.moment.columns[0])
