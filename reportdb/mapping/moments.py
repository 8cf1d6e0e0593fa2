"""Where and how a source writes its times."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

from reportdb.mapping.table import Table

_ANY_MOMENT = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """Where a time is written: in which columns, joined by a space, and in which format."""

    columns: tuple[str, ...]
    format: str  # "iso", or a format of strptime
    of_day: time | None  # the time of day used if only a date is written


def read_moment(table: Table) -> Moment:
    """Read one time of `[times]`. Raises ImportFailure."""
    of_day = table.optional("of_day")
    try:
        moment = time.fromisoformat(of_day) if of_day is not None else None
    except ValueError:
        table.refuse("of_day", f"must be a time of day such as 23:59:59, not {of_day!r}")
    written = table.text("format")
    try:
        if written != "iso":
            datetime.strptime(_ANY_MOMENT.strftime(written), written)  # noqa: DTZ007 - only the format is tried
    except ValueError as error:
        table.refuse("format", f"must be iso or a format of strptime: {error}")
    return Moment(table.list("columns") or table.refuse("columns", "is missing"), written, moment)
