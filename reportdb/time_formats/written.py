"""A time as it is written, and the parts that every format shares."""

from datetime import date, datetime, time, timedelta, tzinfo

AM_PM = r"(?:a\.?\ ?m\.?|p\.?\ ?m\.?|sa|ch|sáng|chiều|tối)"
"""A regular expression, ignoring case: the halves of the day in English and in Vietnamese."""


Written = tuple[datetime, bool]
"""A time as written, with a zone only if one is written; and whether a time of day is written, or only a day."""


def hour_of_day(hour: int, half: str | None) -> int:
    """Return the hour from 0 to 23 (24: the end of the day). Raises ValueError for "15 AM"."""
    if not half:
        return hour
    morning = half[0] in "aA" or half[:2].casefold() in {"sa", "sá"}
    if hour > 12 and morning:
        raise ValueError(f"{hour} is no hour of a morning")
    if morning:
        return hour % 12
    return hour + 12 if hour < 12 else hour


def clock(day: date, hour: int, minute: int, second: int, micro: int, zone: tzinfo | None = None) -> datetime:
    """Return a clock time. 24:00 is the next midnight and second 60 the next minute. Raises ValueError."""
    if hour < 24 and second < 60:
        return datetime(day.year, day.month, day.day, hour, minute, second, micro, zone)
    later = timedelta()
    if hour == 24 and not minute and not second and not micro:
        hour, later = 0, timedelta(days=1)
    if second == 60:
        second, later = 59, later + timedelta(seconds=1)
    try:
        return datetime.combine(day, time(hour, minute, second, micro), zone) + later
    except OverflowError as error:
        raise ValueError(str(error)) from error


def microseconds(digits: str | None) -> int:
    """Return a second's decimals as microseconds; digits beyond the sixth are dropped."""
    return int(digits[:6].ljust(6, "0")) if digits else 0
