"""Zones as they are written beside a time: "Z", "UTC", "+07", "GMT+7", "ICT", "America/New_York"."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE = (
    r"(?:(?:utc|gmt)?\ ?[+−-][0-9]{1,2}(?::?[0-9]{2}){0,2}|[a-z]+(?:/[a-z0-9_+-]+)*)"
    r"(?:\ ?\([^()]*\)|\[[^\[\]]*\])*"
)
"""A regular expression, ignoring case: a zone, with what may follow it in brackets."""

_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-])([0-9]{1,2})(?::?([0-9]{2}))?(?::?([0-9]{2}))?")
_BRACKETS = re.compile(r" ?(?:\([^()]*\)|\[[^\[\]]*\])")
# Abbreviations with one meaning, and those of the United States, as RFC 5322 has them. A zone's own abbreviations come
# first: in Shanghai "CST" is 8 hours ahead of UTC. Others, such as IST and BST, mean nothing without that.
_HOURS = {
    **dict.fromkeys(("UTC", "UT", "GMT", "Z", "WET"), 0.0),
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "ICT": 7,
    "WIB": 7,
    "SGT": 8,
    "HKT": 8,
    "AWST": 8,
    "JST": 9,
    "KST": 9,
    "ACST": 9.5,
    "ACDT": 10.5,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "NST": -3.5,
    "NDT": -2.5,
}


class UnknownZone(ValueError):
    """A zone is written that nobody knows."""


@lru_cache(maxsize=1000)
def written_zone(words: str, own: tzinfo | None = None) -> tzinfo:
    """Return the zone that words mean. `own` is the column's zone, whose abbreviations come first. Raises UnknownZone.

    A zone in square brackets counts only where no offset stands before it.
    """
    bare = _BRACKETS.sub("", words).strip().replace("−", "-")
    if not bare and words.startswith("["):
        bare = words[1:].partition("]")[0]
    offset = _OFFSET.fullmatch(bare.upper())
    if offset:
        sign, *parts = offset.groups()
        hours, minutes, seconds = (int(part or 0) for part in parts)
        if hours > 23 or minutes > 59 or seconds > 59:
            raise UnknownZone(words)
        span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return timezone(-span if sign == "-" else span) if span else UTC
    if "/" in bare:
        return iana_zone(bare)
    name = bare.upper()
    known = _own_offsets(own) if own else {}
    if name in known:
        return timezone(known[name], name)
    if name not in _HOURS:
        raise UnknownZone(words)
    return timezone(timedelta(hours=_HOURS[name]), name) if _HOURS[name] else UTC


def iana_zone(name: str) -> ZoneInfo:
    """Return a zone of the IANA's list. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # a folder of zones is an OSError
        raise UnknownZone(name) from error


@lru_cache(maxsize=20)
def _own_offsets(zone: tzinfo) -> dict[str, timedelta]:
    """Return the abbreviations that a zone used since 1990, each with its latest offset from UTC."""
    found = {}
    for year in range(1990, 2038):
        for month in (1, 7):
            moment = datetime(year, month, 1, 12, tzinfo=zone)
            name, offset = moment.tzname(), moment.utcoffset()
            if name and name.isalpha() and offset is not None:
                found[name.upper()] = offset
    return found
