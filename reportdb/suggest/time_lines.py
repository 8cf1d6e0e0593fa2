"""The lines of `[times]`: in which columns and how each time is written."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from reportdb.suggest.roles import plain
from reportdb.suggest.sample import Sample
from reportdb.suggest.times import Written, order_of, order_told, time_of_day, written_times
from reportdb.suggest.toml_lines import line, listed, quoted, shown

_KEYS = ("submitted", "received", "due", "ended")
_END_OF_DAY = "23:59:59"
_NIGHT = range(5)  # hours in which few people report
_CLEARLY = 1.5
_MOST_PLACEHOLDERS = ("1900-01-01", "1970-01-01", "9999-12-31")


def time_lines(sample: Sample, roles: dict[str, str], zone: str, *, day_first: bool | None) -> list[str]:
    """Return the lines of `[times]`."""
    found = _found(sample, roles, day_first, told=None)
    orders = {order for written in found.values() if (order := order_told(written)) is not None}
    if len(orders) == 1:
        found = _found(sample, roles, day_first, told=orders.pop())
    elif not orders and "submitted" in found and (order := order_of(found["submitted"])) is not None:
        # Nothing tells: one file still writes all its times in one order, and each stays in doubt.
        same = _found(sample, roles, day_first, told=order)
        found = {role: replace(same[role], doubt=written.doubt) for role, written in found.items()}
    lines = ["[times]"]
    offset = found.get("submitted")
    if offset and offset.has_zone:
        lines.append(_offset(offset, ZoneInfo(zone)))
    for key in (*_KEYS, "changed"):
        if key in roles and (key in found or key != "changed"):
            lines.append(_moment(sample, key, roles[key], found.get(key)))
        elif key == "ended" and "changed" in found:
            lines.append(
                "# check: no column tells when a report was closed; the last change is the end of closed ones."
            )
            lines.append(_moment(sample, key, roles["changed"], found["changed"]))
        elif key in {"submitted", "ended"}:
            lines.append(f'# check: no column looks like {key}: {key} = {{ columns = ["..."], format = "iso" }}')
    return lines


def _found(sample: Sample, roles: dict[str, str], day_first: bool | None, told: bool | None) -> dict[str, Written]:
    return {
        role: written
        for role in (*_KEYS, "changed")
        if role in roles
        and (written := written_times(sample.column(roles[role]).words, day_first=day_first, told=told))
    }


def _moment(sample: Sample, key: str, name: str, written: Written | None) -> str:
    column = sample.column(name)
    if written is None:
        check = "the column is blank" if not column.filled else f"no format fits {shown(next(iter(column.words)))}"
        return line(key, f'{{ columns = {listed([name])}, format = "iso" }}', check)
    columns, form = [name], written.format
    beside = None if written.has_time else _time_beside(sample, name)
    if beside:
        columns.append(beside[0])
        form = f"{form} {beside[1]}" if form != "iso" else form
    parts = [f"columns = {listed(columns)}", f"format = {quoted(form)}"]
    if not written.has_time and not beside and key in {"due", "ended"}:
        parts.append(f"of_day = {quoted(_END_OF_DAY)}")
    return line(key, f"{{ {', '.join(parts)} }}", "; ".join(_checks(written)) or None)


def _checks(written: Written) -> list[str]:
    checks = [written.doubt] if written.doubt else []
    if written.odd:
        checks.append(f"{1 - written.share:.1%} is written in another way, such as {shown(written.odd)}")
    midnight = sum((one.hour, one.minute, one.second) == (0, 0, 0) for one in written.moments)
    if written.has_time and midnight > max(20, 0.1 * len(written.moments)):
        checks.append(f"{midnight:,} of {len(written.moments):,} are midnight: perhaps no time of day was known")
    for day in _MOST_PLACEHOLDERS:
        often = sum(one.date().isoformat() == day for one in written.moments)
        if often:
            checks.append(f"{day} seems to mean no time")
    return checks


def _time_beside(sample: Sample, name: str) -> tuple[str, str] | None:
    """Return the column with the time of day of a date column, and its format: CREATION DATE, CREATION TIME."""
    wanted = {plain(name).replace("date", "time"), plain(name).replace("ngay", "gio"), f"{plain(name)}time"}
    for other, column in sample.columns.items():
        if other != name and plain(other) in wanted and (form := time_of_day(column.words)):
            return other, form
    return None


def _offset(written: Written, zone: ZoneInfo) -> str:
    """Say whether the written zone is to be believed: people report by day."""
    keep = _at_night(written.moments, zone)
    as_written = _at_night(tuple(moment.replace(tzinfo=zone) for moment in written.moments), zone)
    if keep > _CLEARLY * as_written:
        return line(
            "offset",
            '"ignore"',
            f"times name a zone, yet {keep:.0%} would be from 0 to 5 at night, {as_written:.0%} if they are local",
        )
    return line("offset", '"keep"', "times name a zone, and it is believed")


def _at_night(moments: tuple[datetime, ...], zone: ZoneInfo) -> float:
    hours = Counter(
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone).hour for moment in moments
    )
    return sum(hours[hour] for hour in _NIGHT) / max(1, len(moments))
