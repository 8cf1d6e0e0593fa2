"""Times written as a number: seconds or milliseconds since 1970, or a spreadsheet's days since 1900."""

import re
from datetime import UTC, datetime, timedelta

from reportdb.time_formats.written import Written

_NUMBER = re.compile(r"(-?[0-9]{1,18})(?:[.,]([0-9]{1,20}))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet knows no zone
_NO_LEAP_DAY = 60  # Excel counts 29 February 1900, which never was


def read_epoch(words: str) -> Written:
    """Read seconds since 1970 in UTC, with or without decimals. Raises ValueError."""
    return _since_1970(words, 1_000_000)


def read_epoch_ms(words: str) -> Written:
    """Read milliseconds since 1970 in UTC. Raises ValueError."""
    return _since_1970(words, 1_000)


def read_excel(words: str) -> Written:
    """Read days since 1900 as Excel counts them, to the millisecond; a whole number is a day without a time.

    Raises ValueError.
    """
    days, part = _number(words)
    if days < 0 or days > 2_958_465 or days == _NO_LEAP_DAY:  # 31 December 9999 is the last
        raise ValueError(words)
    day = _EXCEL_EPOCH + timedelta(days=days + (days < _NO_LEAP_DAY))
    return day + timedelta(milliseconds=round(part * 86_400_000)), part > 0


def _since_1970(words: str, unit: int) -> Written:
    """Read a number of units of so many microseconds."""
    whole, part = _number(words)
    micro = int(part * unit + 0.5 if part else 0)
    try:
        return _EPOCH + timedelta(microseconds=whole * unit + (-micro if words.startswith("-") else micro)), True
    except OverflowError as error:
        raise ValueError(words) from error


def _number(words: str) -> tuple[int, float]:
    """Return the whole part of a number and the size of the rest. A number in scientific notation has lost digits."""
    found = _NUMBER.fullmatch(words)
    if not found:
        raise ValueError(words)
    return int(found[1]), float(f"0.{found[2] or 0}")
