"""Moments as people write them: in ISO form, or as day/month/year, with or without a time and a time zone."""

import re
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

_EARLIEST_YEAR = 1990
_ZONE_AFTER_SPACE = re.compile(r"([T ]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?) (\d{2}(?::?\d{2})?)$", re.ASCII)
"""A time and its zone's offset: a raw "+" in an address arrives as a space."""
_IN_FIGURES = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_DAY_ALONE = re.compile(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?W\d{2}(-?\d)?|\d{1,2}([/.-])\d{1,2}\2\d{4}", re.ASCII)


def read(words: str, *, zone: ZoneInfo, country: str) -> datetime:
    """Read a moment. A day alone means its first midnight; without a time zone the moment is in `zone`.

    Reads ISO dates and times ("2026-11-02T08:00", "2026-11-02T08:00+07:00") and dates in figures with or without a time
    ("02/11/2026", "02/11/2026 08:00"), in the order of day and month usual in `country` (ISO 3166-1 alpha-2). Raises
    ValueError for anything else, and for a year before 1990.
    """
    words = _ZONE_AFTER_SPACE.sub(r"\1+\2", words.strip())
    try:
        moment = datetime.fromisoformat(_in_iso_form(words, country))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        year = moment.astimezone(zone).year
    except OverflowError:
        raise ValueError(words) from None
    if year < _EARLIEST_YEAR:
        raise ValueError(words)
    return moment


def read_end(words: str, *, zone: ZoneInfo, country: str) -> datetime:
    """Read the end of a period as `read` does, except that a day alone is included whole. Raises ValueError."""
    moment = read(words, zone=zone, country=country)
    return midnight(moment.date() + timedelta(days=1), zone) if _DAY_ALONE.fullmatch(words.strip()) else moment


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first midnight of a day in a zone."""
    return datetime.combine(day, time.min, zone)


def example(moment: datetime, country: str) -> str:
    """Return a moment in the form that `read` understands for a country: 17/11/2026 08:00."""
    return f"{moment:%d/%m/%Y %H:%M}" if day_first(country) else f"{moment:%m/%d/%Y %H:%M}"


@cache
def day_first(country: str) -> bool:
    """Whether a country writes the day before the month; true for an unknown country."""
    try:
        default = Locale.parse(f"und_{country}")
    except (UnknownLocaleError, ValueError):
        return True
    pattern = str(default.date_formats["short"].pattern).lower()
    return default.territory != country or pattern.find("d") < pattern.find("m")


def _in_iso_form(words: str, country: str) -> str:
    found = _IN_FIGURES.fullmatch(words)
    if not found:
        return words
    first, _separator, second, year, hour, minute, seconds, zone = found.groups()
    day, month = (first, second) if day_first(country) else (second, first)
    clock = f"{int(hour):02}:{minute}:{seconds or '00'}{zone or ''}" if hour else "00:00"
    return f"{year}-{int(month):02}-{int(day):02}T{clock}"
