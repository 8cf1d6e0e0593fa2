"""ISO 8601 in every unambiguous spelling, and what programs write in its place."""

import re
from datetime import date, datetime, timedelta, tzinfo

from reportdb.time_formats.written import AM_PM, Written, clock, hour_of_day
from reportdb.time_formats.zones import ZONE, written_zone

_WRITTEN = re.compile(
    rf"""
    (?P<year>[0-9]{{4}})
    (?: (?P<between>[-/.]) (?P<month>[0-9]{{1,2}}) (?P=between) (?P<day>[0-9]{{1,2}})
      | (?P<basic_month>[0-9]{{2}}) (?P<basic_day>[0-9]{{2}})
      | -?W (?P<week>[0-9]{{2}}) -? (?P<weekday>[1-7])
      | -? (?P<ordinal>[0-9]{{3}})
    )
    (?: (?:\ ?T\ ?|\ )
        (?: (?P<hour>[0-9]{{1,2}}) : (?P<minute>[0-9]{{1,2}}) (?: : (?P<second>[0-9]{{1,2}}) )?
          | (?P<basic_hour>[0-9]{{2}}) (?: (?P<basic_minute>[0-9]{{2}}) (?P<basic_second>[0-9]{{2}})? )?
        )
        (?: [.,] (?P<decimals>[0-9]{{1,12}}) )?
        (?: \ ? (?P<half>{AM_PM}) (?![a-z]) )?
    )?
    (?: \ ? (?P<zone>{ZONE}|\[[^\[\]]*\]) )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FOURTEEN = re.compile(r"([0-9]{8})([0-9]{6})")
_ZONE_OF_DAY = re.compile(r"z|utc|gmt|[+-][0-9]{2}:[0-9]{2}", re.IGNORECASE)


def read_iso(words: str, own: tzinfo | None = None) -> Written:
    """Read a time in a spelling of ISO 8601. Raises ValueError.

    Also read: spaces for the T, one-digit months, days and hours, slashes or dots in a date that begins with the year,
    AM and PM, a zone's name. 24:00:00 is the next midnight and second 60 the next minute. Decimals belong to the last
    unit written. A week or a month is no day, and a number of other lengths than 8 or 14 digits is no time.
    """
    # What nearly every file holds, read by Python itself: a day, or a day and a time with seconds.
    if words[4:5] == "-" and (len(words) == 10 or (words[16:17] == ":" and words[10] in " T")):
        try:
            return datetime.fromisoformat(words), len(words) > 10
        except ValueError:
            pass
    words = _FOURTEEN.sub(r"\1T\2", words) if len(words) == 14 else " ".join(words.replace("−", "-").split())
    found = _WRITTEN.fullmatch(words)
    if not found:
        raise ValueError(words)
    part = found.groupdict()
    day = _day(part)
    hour = part["hour"] or part["basic_hour"]
    if hour is None and part["zone"] and not _ZONE_OF_DAY.fullmatch(part["zone"]):
        raise ValueError(f"{words} ends in a word, or in what may be an hour or an offset")
    zone = written_zone(part["zone"], own) if part["zone"] else None
    if hour is None:
        return datetime(day.year, day.month, day.day, tzinfo=zone), False
    minute, second = part["minute"] or part["basic_minute"], part["second"] or part["basic_second"]
    decimals, spare, micro = part["decimals"], timedelta(), 0
    if decimals and second:
        micro = int(decimals[:6].ljust(6, "0"))
    elif decimals:
        unit = 60 if minute else 3600  # seconds
        spare = timedelta(microseconds=unit * 1_000_000 * int(decimals) // 10 ** len(decimals))
    hours = hour_of_day(int(hour), part["half"])
    return clock(day, hours, int(minute or 0), int(second or 0), micro, zone) + spare, True


def _day(part: dict[str, str | None]) -> date:
    """Return the day of a year's month, week or count of days. Raises ValueError."""
    year = int(part["year"] or 0)
    if part["week"]:
        return date.fromisocalendar(year, int(part["week"]), int(part["weekday"] or 0))
    if part["ordinal"]:
        day = date(year, 1, 1) + timedelta(days=int(part["ordinal"]) - 1)
        if day.year != year:
            raise ValueError(f"{year} has no day {part['ordinal']}")
        return day
    return date(year, int(part["month"] or part["basic_month"] or 0), int(part["day"] or part["basic_day"] or 0))
