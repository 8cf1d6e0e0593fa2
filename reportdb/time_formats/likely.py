"""Guess the format of a column of times from some of its words."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from reportdb.time_formats.time_format import COUNTED, time_format

_DAYS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%d %b %Y", "%b %d, %Y", "%b %d %Y"),
    *("%d-%b-%Y", "%d-%b-%y", "%a, %d %b %Y", "%a %b %d %Y"),
)
_TIMES = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M:%S.%f %p", "%I:%M%p", "%I %p")
_OTHERS = ("%a %b %d %H:%M:%S %Z %Y", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %Z")
_SAMPLES = 1000
# Numbers mean a time only within these years: 45,000 is as well a day of 2023 as a second of 1970.
_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def likely_format(samples: Iterable[str]) -> str | None:
    """Return the format of a mapping that reads all of a column's words, or None. Blank words say nothing.

    If the day may stand first as well as the month, the format with the shorter span of time is the likely one, and of
    equal ones the day first: the days of one month are nearer to each other than the same days of its neighbours.
    """
    words = [stripped for sample in samples if (stripped := sample.strip())][:_SAMPLES]
    if not words:
        return None
    spans = {}
    for name in _candidates():
        span = _span(name, words)
        if span is not None:
            if name == "iso" or name in COUNTED:
                return name
            spans[name] = span
    return min(spans, key=lambda name: spans[name]) if spans else None


def _candidates() -> Iterator[str]:
    yield from ("iso", *COUNTED)
    for day in _DAYS:
        for time in _TIMES:
            for zone in ("", " %Z") if time else ("",):
                yield f"{day} {time}".strip() + zone
    for day in _DAYS[:9]:
        for time in _TIMES[1:]:
            yield f"{time} {day}"
    yield from _OTHERS


def _span(name: str, words: list[str]) -> timedelta | None:
    """Return the time between the first and the last of all words, or None if one cannot be read."""
    read = time_format(name, UTC)
    moments = []
    for each in words:
        try:
            clock, _ = read(each)
        except ValueError:
            return None
        moment = clock if clock.tzinfo else clock.replace(tzinfo=UTC)
        if name in COUNTED and not _FIRST <= moment < _LAST:
            return None
        moments.append(moment)
    return max(moments) - min(moments)
