"""Where and how a source writes its times."""

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from reportdb.mapping.table import Table
from reportdb.spelling import one_spelling
from reportdb.time_formats.iso import read_iso
from reportdb.time_formats.time_format import COUNTED, time_format
from reportdb.time_formats.zones import UnknownZone, iana_zone, written_zone

_BEGIN, _END = time(0, 0), time(23, 59, 59)


@dataclass(frozen=True)
class Moment:
    """Where a time is written: in which columns, joined by a space, in which formats, and what is meant by it."""

    columns: tuple[str, ...]
    formats: tuple[str, ...]  # tried in this order: "iso", "epoch", "epoch_ms", "excel", or a format of strptime
    of_day: time  # the time of day meant if only a day is written
    zone: tzinfo | None = None  # of times without a written zone; None: the city's
    ignore_zone: bool = False  # a written zone is wrong
    midnight_is_day: bool = False  # midnight means that no time of day is written
    midnight_categories: frozenset[str] = frozenset()  # only for these words of the category; empty: for all
    no_days: frozenset[date] = frozenset()  # days that mean "no time"
    no_times: frozenset[datetime] = frozenset()  # likewise times as written, without a zone

    @property
    def name(self) -> str:
        """The columns, as messages name them."""
        return " and ".join(self.columns)


def read_moment(table: Table, *, end_of_day: bool = False, ignore_zone: bool = False) -> Moment:
    """Read one time of `[times]`. Raises ImportFailure.

    `end_of_day`: a day without a time means its end, unless the mapping gives another `of_day`. `ignore_zone`: what
    holds if this table says nothing of `offset`.
    """
    of_day = table.optional("of_day")
    try:
        meant = time.fromisoformat(of_day) if of_day is not None else _END if end_of_day else _BEGIN
    except ValueError:
        table.refuse("of_day", f"must be a time of day such as 23:59:59, not {of_day!r}")
    zone = table.optional("zone")
    categories = frozenset(one_spelling(word) for word in table.list("midnight_categories"))
    midnight = table.choice("midnight", ("time", "day"), "day" if categories else "time")
    if categories and midnight == "time":
        table.refuse("midnight", 'must be "day" if there are midnight_categories')
    days, times = _placeholders(table)
    return Moment(
        columns=table.texts("columns") or table.refuse("columns", "is missing"),
        formats=_formats(table),
        of_day=meant,
        zone=_zone(table, zone) if zone is not None else None,
        ignore_zone=table.choice("offset", ("keep", "ignore"), "ignore" if ignore_zone else "keep") == "ignore",
        midnight_is_day=midnight == "day",
        midnight_categories=categories,
        no_days=days,
        no_times=times,
    )


def read_moments(times: Table, key: str, *, ignore_zone: bool) -> tuple[Moment, ...]:
    """Read a time that is one table or a list of them: the first filled one counts. Raises ImportFailure."""
    if key not in times:
        return ()
    tables = times.one_or_more_tables(key)
    return tuple(read_moment(table, end_of_day=True, ignore_zone=ignore_zone) for table in tables)


def _formats(table: Table) -> tuple[str, ...]:
    names = table.texts("format") or table.refuse("format", "is missing")
    for name in names:
        try:
            time_format(name)
        except ValueError as error:
            table.refuse("format", f"must be iso, {', '.join(COUNTED)} or a format of strptime: {error}")
    return names


def _zone(table: Table, words: str) -> tzinfo:
    """Return the zone of a name of the IANA's list, or of an offset from UTC."""
    try:
        return written_zone(words)
    except UnknownZone:
        try:
            return iana_zone(words)
        except UnknownZone:
            table.refuse("zone", f"must be an IANA time zone or an offset such as +07:00, not {words!r}")


def _placeholders(table: Table) -> tuple[frozenset[date], frozenset[datetime]]:
    days: set[date] = set()
    times: set[datetime] = set()
    for words in table.list("placeholders"):
        try:
            clock, has_time = read_iso(words)
        except ValueError:
            table.refuse("placeholders", f"must hold dates such as 2000-01-01, or dates with a time, not {words!r}")
        if has_time:
            times.add(clock.replace(tzinfo=None))
        else:
            days.add(clock.date())
    return frozenset(days), frozenset(times)
