"""What happened in a period: from the summary where it holds whole days or months, else from the reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd

from queries.database import ReportDatabase
from queries.filters import NONE, Filters

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

    def parameters(self, filters: Filters) -> dict[str, Any]:
        """Return the parameters as period.sql names them."""
        return {
            "first_day": self.first,
            "end_day": self.end,
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
    table = pd.concat(parts).astype({"key": "Int64"} | dict.fromkeys(PERIOD_COUNTS, "Int64"))
    table = table.groupby("key", dropna=False, as_index=False)[list(PERIOD_COUNTS)].sum()
    table = table.astype(dict.fromkeys(PERIOD_COUNTS, "int64"))
    if by is not None:
        table = table[(table[list(PERIOD_COUNTS)] != 0).any(axis=1)].reset_index(drop=True)
    elif table.empty:
        table = pd.DataFrame({"key": pd.array([None], dtype="Int64")} | dict.fromkeys(PERIOD_COUNTS, 0))
    return summed(table)


def summed(table: pd.DataFrame, names: Iterable[str] = tuple(SUMS)) -> pd.DataFrame:
    """Return a table that has their terms with some of SUMS added."""
    table = table.copy()
    for name in names:
        first, *others = SUMS[name]
        table[name] = table[first]
        for term in others:
            table[name] += -table[term[1:]] if term.startswith("-") else table[term]
    return table


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
    clocks = ["calendar", "working"]
    table = table.astype({"key": "Int64"} | dict.fromkeys(["hours", *clocks], "int64"))
    table = table.groupby(["key", "hours"], dropna=False, as_index=False)[clocks].sum()  # hours in order
    by_key = table.groupby(table["key"].fillna(NONE).astype("int64"))[clocks]
    done, whole = by_key.cumsum(), by_key.transform("sum")
    found = table[["key"]].drop_duplicates().reset_index(drop=True)
    for name, clock, share in (
        ("median_hours", "calendar", 0.5),
        ("p90_hours", "calendar", 0.9),
        ("median_worked_hours", "working", 0.5),
        ("p90_worked_hours", "working", 0.9),
    ):
        reached = table[(table[clock] > 0) & (done[clock] >= share * whole[clock])].drop_duplicates("key")
        found = found.merge(reached[["key", "hours"]].rename(columns={"hours": name}), on="key", how="left")
    return found.astype(dict.fromkeys(found.columns.drop("key"), "float64"))


def summarised(
    reports: ReportDatabase, filters: Filters, by: str | None, *, months: bool = False, hours: bool = False
) -> Whole | None:
    """Return the part of the period that the summary answers, or None where it answers nothing of it.

    Days, where one dimension at most is chosen and it is the one counted by; with `months` whatever is chosen but
    officers and a square; with `hours` (kept by the month) as for days.
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
    if months or hours:
        first = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = end.replace(day=1)
    return Whole(first, end, dimension, keys) if end - first >= timedelta(days=_FEW_DAYS) else None
