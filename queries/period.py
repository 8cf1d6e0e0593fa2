"""What happened in a period: from the summary where it holds whole days or months, else from the reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd

from queries.database import ReportDatabase
from queries.filters import NONE, Filters
from queries.keyed import added, counts_of, keyed, keys_of

PERIOD_COUNTS = (
    "received",
    "received_off_map",
    "reopened",
    "resolved_on_time",
    "resolved_late",
    "resolved_no_deadline",
    "refused",
    "fell_due",
    "done_by_due",
    "receive_fell_due",
    "received_on_time",
    "rated_satisfied",
    "rated_acceptable",
    "rated_not_satisfied",
)
"""What is counted of a period, as definitions.sql names it."""

SUMS = {
    "received_on_map": ("received", "-received_off_map"),
    "resolved": ("resolved_on_time", "resolved_late", "resolved_no_deadline"),
    "resolved_with_deadline": ("resolved_on_time", "resolved_late"),
    "ended": ("resolved_on_time", "resolved_late", "resolved_no_deadline", "refused"),
    "satisfied": ("rated_satisfied", "rated_acceptable"),
    "rated": ("rated_satisfied", "rated_acceptable", "rated_not_satisfied"),
}
"""What follows from those counts by addition, or (-) by subtraction."""

_DIMENSIONS = {
    "district": "districts",
    "ward": "wards",
    "unit": "units",
    "category": "categories",
    "channel": "channels",
}
_HOURS_BY_DAY = ("city", "district", "category", "channel")  # of wards and units they are kept by the month alone
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)  # no report is older
_FEW_DAYS = 3  # so short a period is quicker to count from the reports


@dataclass(frozen=True)
class Whole:
    """The part of a period that the summary answers: days from `first` up to, not including, `end`.

    `dimension` and its `keys` (None: all) choose rows of the marginal counts; without one the months are read.
    """

    first: date
    end: date
    dimension: str | None
    keys: tuple[int, ...] | None

    @property
    def months(self) -> tuple[date, date]:
        """The first day of the whole months in it, and the day after the last; twice the end where there are none."""
        first, end = _next_month(self.first), self.end.replace(day=1)
        return (first, end) if first < end else (self.end, self.end)

    def parameters(self, filters: Filters) -> dict[str, Any]:
        """Return the parameters as period.sql and period_hours.sql name them."""
        first_month, end_month = self.months
        return {
            "first_day": self.first,
            "end_day": self.end,
            "first_month": first_month,
            "end_month": end_month,
            "dimension": self.dimension,
            "keys": self.keys,
            "zone": filters.zone.key,
        }

    def rest(self, filters: Filters) -> list[Filters]:
        """Return what of the period lies before and after."""
        start, end = (datetime.combine(day, time.min, filters.zone) for day in (self.first, self.end))
        return [each for each in (filters.within(end=start), filters.within(start=end)) if each.start < each.end]


def happened(reports: ReportDatabase, filters: Filters, *, by: str | None = None) -> pd.DataFrame:
    """Return what happened in the period: key (Int64; null: none), PERIOD_COUNTS and SUMS (reports).

    One row where `by` is None, else a row for each member of the dimension that anything is counted for. Raises
    DatabaseAway.
    """
    return reports.remember(("happened", filters, by), lambda: _happened(reports, filters, by))


def _happened(reports: ReportDatabase, filters: Filters, by: str | None) -> pd.DataFrame:
    whole = summarised(reports, filters, by)
    if whole is None:
        whole = summarised(reports, filters, by, months=True)
    parts = []
    if whole is not None:
        parts.append(reports.ask("period", **filters.parameters(), **whole.parameters(filters), by=by))
    rests = whole.rest(filters) if whole else [filters]
    parts += [reports.ask("cohorts", **rest.parameters(), by=by) for rest in rests]
    table = added(parts, PERIOD_COUNTS)
    if by is not None:
        table = table.iloc[np.flatnonzero(np.count_nonzero(counts_of(table, PERIOD_COUNTS), axis=1))].reset_index(
            drop=True
        )
    elif table.empty:
        table = keyed(np.array([NONE]), np.zeros((1, len(PERIOD_COUNTS)), "int64"), PERIOD_COUNTS)
    return summed(table)


def summed(table: pd.DataFrame, names: Iterable[str] = tuple(SUMS)) -> pd.DataFrame:
    """Return a table that has their terms with some of SUMS added."""
    signed = {name: [(term.lstrip("-"), -1 if term.startswith("-") else 1) for term in SUMS[name]] for name in names}
    return table.assign(**{name: sum(sign * table[term].to_numpy() for term, sign in signed[name]) for name in names})


def hours(reports: ReportDatabase, filters: Filters, *, by: str | None = None) -> pd.DataFrame:
    """Return the middle and the ninth tenth of the hours from submission to the answer, of what the period resolved.

    Columns: key, median_hours, p90_hours, and median_worked_hours, p90_worked_hours in working time (the first on the
    scale of handled_hours by which half, or nine tenths, were resolved: whole hours up to three days, then quarters of
    a day; null where none was, or the calendar does not reach). Raises DatabaseAway.
    """
    whole = summarised(reports, filters, by, hours=True)
    parts = []
    if whole is not None:
        parts.append(reports.ask("period_hours", **filters.parameters(), **whole.parameters(filters), by=by))
    rests = whole.rest(filters) if whole else [filters]
    parts += [reports.ask("handling_times", **rest.parameters(), by=by) for rest in rests]
    return quantiles(pd.concat(parts))


def quantiles(table: pd.DataFrame) -> pd.DataFrame:
    """Return the middle and the ninth tenth for each key of a table of key, hours, and reports by either clock."""
    keys = keys_of(table)
    order = np.lexsort((counts_of(table, ["hours"])[:, 0], keys))
    known, starts = np.unique(keys[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    length, *clocks = counts_of(table, ["hours", "calendar", "working"])[order].T
    found = keyed(known, np.empty((len(known), 0), "int64"), ())
    for clock, name in zip(clocks, ("hours", "worked_hours"), strict=True):
        done = np.append(0, clock.cumsum())
        before, whole = done[starts], done[ends] - done[starts]
        for part, tenths in (("median", 5), ("p90", 9)):
            reached = np.searchsorted(done, before + (tenths * whole + 9) // 10) - 1
            found[f"{part}_{name}"] = np.where(whole > 0, length[np.maximum(reached, 0)], np.nan)
    return found


def summarised(
    reports: ReportDatabase, filters: Filters, by: str | None, *, months: bool = False, hours: bool = False
) -> Whole | None:
    """Return the part of the period that the summary answers, or None where it answers nothing of it.

    Days, where one dimension at most is chosen and it is the one counted by; with `months` whatever is chosen but
    officers and a square; with `hours` as for days, and months where hours are kept by the month alone.
    """
    if filters.officers or filters.square or reports.ask("summary").empty:
        return None
    dimension: str | None = None
    keys: tuple[int, ...] | None = None
    if not (months and not hours):
        chosen = {name: getattr(filters, many) for name, many in _DIMENSIONS.items() if getattr(filters, many)}
        if set(chosen) - {by} and (by is not None or len(chosen) > 1):
            return None
        dimension, keys = next(iter(chosen.items()), (by or "city", None))
    start = max(filters.start, _EARLIEST).astimezone(filters.zone)
    first = start.date() + timedelta(days=start.time() > time.min)
    end = min(filters.end, filters.at).astimezone(filters.zone).date()
    if months or (hours and dimension not in _HOURS_BY_DAY):
        first, end = _next_month(first), end.replace(day=1)
    return Whole(first, end, dimension, keys) if end - first >= timedelta(days=_FEW_DAYS) else None


def _next_month(day: date) -> date:
    """Return the first day of a month, or else that of the next."""
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
