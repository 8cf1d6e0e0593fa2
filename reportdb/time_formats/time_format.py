"""The formats a mapping may name."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import partial

from reportdb.time_formats.counted import read_epoch, read_epoch_ms, read_excel
from reportdb.time_formats.iso import read_iso
from reportdb.time_formats.pattern import Pattern
from reportdb.time_formats.written import Written

TimeFormat = Callable[[str], Written]
"""Reads a time as written; the same words always give the same. Raises ValueError."""

COUNTED: dict[str, TimeFormat] = {"epoch": read_epoch, "epoch_ms": read_epoch_ms, "excel": read_excel}
_ANY_MOMENT = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - only a format is tried


def time_format(name: str, own: tzinfo | None = None) -> TimeFormat:
    """Return the reader of "iso", "epoch", "epoch_ms", "excel", or a format of strptime. Raises ValueError.

    `own` is the column's zone, whose abbreviations count first.
    """
    if name in COUNTED:
        return COUNTED[name]
    if name == "iso":
        return partial(read_iso, own=own)
    pattern = Pattern(name, own)
    if not pattern.has_day:
        raise ValueError(f"{name!r} names no day, month and year")
    example = _ANY_MOMENT.strftime(name.replace("%Z", "UTC").replace("%z", "+0000"))
    try:
        pattern(example)
    except ValueError as error:
        raise ValueError(f"{name!r} does not read {example!r}") from error
    return pattern
