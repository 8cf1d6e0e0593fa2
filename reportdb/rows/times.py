"""The times of a row."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from reportdb.mapping.mapping import Mapping
from reportdb.mapping.moments import Moment
from reportdb.rows.row import Fields, Rejected, shown

_YEARS = range(1900, 2200)  # other programs cannot represent times beyond these years


class TimeReader:
    """Reads the times of the row that `fields` holds."""

    def __init__(self, mapping: Mapping, fields: Fields) -> None:
        self._mapping, self._fields = mapping, fields
        self._zone = ZoneInfo(mapping.city.time_zone)

    def read(self) -> tuple[datetime, datetime | None, datetime | None, datetime | None]:
        """Return when the report was submitted, received, is due, and ended, in UTC. Raises Rejected."""
        mapping = self._mapping
        submitted = self._written(mapping.submitted)
        if submitted is None:
            raise Rejected(f"{' and '.join(mapping.submitted.columns)}: no time of submission", "no time of submission")
        start = self._instant(submitted)
        later = []
        for moment, event in ((mapping.received, "received"), (mapping.ended, "closed")):
            written = self._written(moment) if moment else None
            instant = self._instant(written) if written else None
            if written and instant and instant < start:
                # A time in the hour that summer time skips moves forward, past a later written time.
                in_order = written.tzinfo == submitted.tzinfo and written >= submitted
                if not in_order and not mapping.early_end_is_submission:
                    raise Rejected(
                        f"{event} at {written:%Y-%m-%d %H:%M:%S}, before it was submitted",
                        f"{event} before it was submitted",
                    )
                instant = start
            later.append(instant)
        due = self._written(mapping.due) if mapping.due else None
        return start, later[0], self._instant(due) if due else None, later[1]

    def optional(self, moment: Moment) -> datetime | None:
        """Return another time of the row in UTC, or None; one that cannot be read is noted."""
        try:
            written = self._written(moment)
        except Rejected as reason:
            self._fields.note(reason.kind, moment.columns[0])
            return None
        return self._instant(written) if written else None

    def _written(self, moment: Moment) -> datetime | None:
        """Return a time as written: without a zone if it is the city's local time."""
        parts = [self._fields.value(column) for column in moment.columns]
        present = [part for part in parts if part]
        if not present:
            return None
        words = " ".join(present)
        try:
            if len(present) < len(parts):
                raise ValueError
            if moment.format == "iso":
                written = datetime.fromisoformat(words)
            else:
                written = datetime.strptime(words, moment.format)  # noqa: DTZ007 - the city's own time, see _instant
        except ValueError as error:
            raise Rejected(
                f"{' and '.join(moment.columns)} {shown(words)} is no time as the mapping writes it",
                f"{' and '.join(moment.columns)} is no time as the mapping writes it",
            ) from error
        if written.year not in _YEARS:
            raise Rejected(
                f"{' and '.join(moment.columns)} {shown(words)} is not between 1900 and 2199",
                f"{' and '.join(moment.columns)} is not between 1900 and 2199",
            )
        if moment.of_day:
            written = datetime.combine(written.date(), moment.of_day)
        return written.replace(tzinfo=None) if self._mapping.ignore_offset else written

    def _instant(self, written: datetime) -> datetime:
        """Return a time in UTC: the first one if it occurs twice; moved forward if the clock skips it."""
        return (written if written.tzinfo else written.replace(tzinfo=self._zone)).astimezone(UTC)
