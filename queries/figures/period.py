"""Counts of a period: whole days or months from the summary, the rest from the reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from queries.engine.database import ReportDatabase
from queries.engine.filters import FIELDS, NONE, Filters
from queries.figures.chance import median_bounds
from queries.figures.keyed import counts_of, keyed, keys_of, sum_tables
from queries.privacy.small_numbers import counts
from queries.registry.figure import Figure
from queries.registry.registry import PERIOD_COUNTS, SUMS

MEDIAN_BOUNDS = ("median_low_hours", "median_high_hours")
"""The 99% confidence bounds of the median (queries.chance), in hours: 0 and infinity if there are too few reports."""

_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)  # no report is older
_WHOLE_HOURS, _STEP = 72, 6  # the scale of handled_hours: whole hours, then steps of so many
_LADDER = np.array([1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 240, 336, 480, 720, 1080, 1440, 2160])
"""The hours to which published handling times are rounded, for viewers who may not read the cases."""
_FEWEST_PUBLISHED = 20
_WHERE = ("district", "ward")
_FEW_DAYS = 3  # so short a period is faster to count from the reports


@dataclass(frozen=True)
class Whole:
    """The part of a period that the summary answers: days from `first` up to, not including, `end`.

    `dimension` and its `keys` (None: all) select rows of the marginal counts; without one the months are read. The
    dimension severity has no keys: its members are in the filters.
    """

    first: date
    end: date
    dimension: str | None
    keys: tuple[int, ...] | None

    @property
    def months(self) -> tuple[date, date]:
        """The first day of the whole months in it, and the day after the last; twice the end if there are none."""
        first, end = _next_month(self.first), self.end.replace(day=1)
        return (first, end) if first < end else (self.end, self.end)

    def parameters(self, filters: Filters) -> dict[str, Any]:
        """Return the parameters of period.sql and period_hours.sql."""
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
        """Return the filters for the parts of the period before and after."""
        start, end = (datetime.combine(day, time.min, filters.zone) for day in (self.first, self.end))
        return [each for each in (filters.within(end=start), filters.within(start=end)) if each.start < each.end]


def period_counts(reports: ReportDatabase, filters: Filters, *, by: str | None = None) -> pd.DataFrame:
    """Return the counts of the period: key (Int64; null: none), PERIOD_COUNTS and SUMS (reports).

    One row if `by` is None, else a row for each member of the dimension with any counts. Raises DatabaseAway.
    """
    table = counts(
        reports,
        filters,
        ("happened", by),
        lambda counted: _happened(reports, counted, by),
        keys={"key": by},
        columns=PERIOD_COUNTS,
    )
    return summed(_one_row(table) if by is None else table)


def _happened(reports: ReportDatabase, filters: Filters, by: str | None) -> pd.DataFrame:
    whole = summarised(reports, filters, by)
    if whole is None:
        whole = summarised(reports, filters, by, months=True)
    parts = []
    if whole is not None:
        parts.append(reports.ask("period", **filters.parameters(), **whole.parameters(filters), by=by))
    rests = whole.rest(filters) if whole else [filters]
    parts += [reports.ask("period_from_reports", **rest.parameters(), by=by) for rest in rests]
    table = sum_tables(parts, PERIOD_COUNTS)
    if by is not None:
        table = table.iloc[np.flatnonzero(np.count_nonzero(counts_of(table, PERIOD_COUNTS), axis=1))].reset_index(
            drop=True
        )
    return table


def _one_row(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of one row; zeros if it is empty."""
    return keyed(np.array([NONE]), np.zeros((1, len(PERIOD_COUNTS)), "int64"), PERIOD_COUNTS) if table.empty else table


def summed(table: pd.DataFrame, names: Iterable[str] = tuple(SUMS)) -> pd.DataFrame:
    """Add some of SUMS to a table that has their terms."""
    return table.assign(**{name: _sum(table, SUMS[name]) for name in names})


def _sum(table: pd.DataFrame, figure: Figure) -> NDArray[np.int64]:
    terms = [table[name].to_numpy() for name in figure.sum_of]
    return np.asarray(sum(terms) - sum(table[name].to_numpy() for name in figure.less))


def hours(reports: ReportDatabase, filters: Filters, *, by: str | None = None) -> pd.DataFrame:
    """Return median and 90th percentile of the handling time, in hours, of the reports resolved in the period.

    Columns: key, median_hours, p90_hours, and median_worked_hours, p90_worked_hours in working time (the first value on
    the scale of handled_hours by which half, or nine tenths, were resolved: whole hours up to three days, then quarters
    of a day; null if none was resolved, or the calendar does not cover it), and MEDIAN_BOUNDS of the calendar time.
    Raises DatabaseAway.
    """
    if filters.exact:
        counted = filters.counting()
        return reports.remember(("hours", counted, by), lambda: quantiles(_taken(reports, counted, by)))
    table = counts(
        reports,
        filters,
        ("hours", by),
        lambda counted: _in_steps(_taken(reports, counted, by)),
        keys={"key": by, "clock": "clock", "step": "step"},
        columns=["reports"],
    )
    return _quantiles_of_steps(table)


def _taken(reports: ReportDatabase, filters: Filters, by: str | None) -> pd.DataFrame:
    whole, question = summarised(reports, filters, by), "period_hours"
    if whole is None and by in _WHERE and filters.units and filters == filters.of_units() and NONE not in filters.units:
        whole, question = summarised(reports, filters, by, months=True), "unit_hours"
    parts = []
    if whole is not None:
        parts.append(reports.ask_now(question, **filters.parameters(), **whole.parameters(filters), by=by))
    rests = whole.rest(filters) if whole else [filters]
    parts += [reports.ask_now("handling_times", **rest.parameters(), by=by) for rest in rests]
    return pd.concat(parts)


def quantiles(table: pd.DataFrame) -> pd.DataFrame:
    """Return median and 90th percentile for each key with any reports.

    The table has the columns of handling_times.sql: key, clock, hours and reports, arrays of four-byte numbers, the
    highest first; `reports` is how many reports took the hours at the same index, null: one each. A key may have many
    rows.
    """
    keys = keys_of(table)
    known = np.unique(keys[table["hours"].notna().to_numpy()])
    found = keyed(known, np.empty((len(known), 0), "int64"), ())
    for clock, name in (("calendar", "hours"), ("working", "worked_hours")):
        done = [_done(table[(keys == key) & (table["clock"] == clock)]) for key in known]
        for part, tenths in (("median", 5), ("p90", 9)):
            found[f"{part}_{name}"] = [
                float(np.searchsorted(each, np.ceil(tenths * each[-1] / 10))) if each[-1] else np.nan for each in done
            ]
        if clock == "calendar":
            ranks = median_bounds(np.array([each[-1] for each in done]))
            for bound, rank in zip(MEDIAN_BOUNDS, ranks, strict=True):
                found[bound] = [
                    (np.inf if which > each[-1] else float(np.searchsorted(each, which))) if each[-1] else np.nan
                    for each, which in zip(done, rank, strict=True)
                ]
    return found[found["median_hours"].notna()].reset_index(drop=True)


def _in_steps(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many reports of each key fall into each step of _LADDER: key, clock, step, reports."""
    keys, found = keys_of(table), []
    for key in np.unique(keys):
        for clock in ("calendar", "working"):
            each = np.diff(_done(table[(keys == key) & (table["clock"] == clock)]), prepend=0)
            steps = np.bincount(np.searchsorted(_LADDER, np.arange(len(each))), each).astype("int64")
            found += [(None if key == NONE else key, clock, step, count) for step, count in enumerate(steps) if count]
    return pd.DataFrame(found, columns=["key", "clock", "step", "reports"])


def _quantiles_of_steps(table: pd.DataFrame) -> pd.DataFrame:
    """Return the result of `quantiles` from published counts in steps: a step's upper end; null for too few reports.

    They do not allow a test, so the median's bounds are the widest possible.
    """
    rows = []
    for key, of_key in table.groupby("key", dropna=False):
        row: dict[str, Any] = {"key": key}
        for clock, name in (("calendar", "hours"), ("working", "worked_hours")):
            of_clock = of_key[of_key["clock"] == clock]
            done = of_clock["reports"].to_numpy().cumsum()
            for part, tenths in (("median", 5), ("p90", 9)):
                row[f"{part}_{name}"] = np.nan
                if len(done) and done[-1] >= _FEWEST_PUBLISHED:
                    step = int(of_clock["step"].iloc[int(np.searchsorted(done, tenths * done[-1] / 10))])
                    row[f"{part}_{name}"] = float(_LADDER[step]) if step < len(_LADDER) else np.nan
        rows.append(row | dict(zip(MEDIAN_BOUNDS, (0.0, np.inf), strict=True)))
    columns = ["key", "median_hours", "p90_hours", "median_worked_hours", "p90_worked_hours", *MEDIAN_BOUNDS]
    found = pd.DataFrame(rows, columns=columns).astype({"key": "Int64"})
    return found[found["median_hours"].notna()].reset_index(drop=True)


def _done(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the cumulative number of reports by hours on the scale of handled_hours."""
    hours, reports = [np.zeros(1, "int32")], [np.zeros(1)]
    for taken, counted in zip(rows["hours"].dropna(), rows.loc[rows["hours"].notna(), "reports"], strict=True):
        hours.append(np.frombuffer(taken, ">i4"))
        reports.append(np.ones(len(hours[-1])) if pd.isna(counted) else np.frombuffer(counted, ">i4"))
    length = np.concatenate(hours)
    steps = np.where(length <= _WHOLE_HOURS, np.maximum(length, 1), -(-length // _STEP) * _STEP)
    return np.bincount(steps, np.concatenate(reports)).cumsum()


def summarised(reports: ReportDatabase, filters: Filters, by: str | None, *, months: bool = False) -> Whole | None:
    """Return the part of the period that the summary answers, or None if it answers nothing.

    Days, if at most one dimension is chosen and it is the one counted by, or severities alone for the whole city; with
    `months`, for any choice without severities, officers and a square.
    """
    if filters.officers or filters.square or reports.ask("summary").empty:
        return None
    dimension: str | None = None
    keys: tuple[int, ...] | None = None
    chosen = {name: getattr(filters, many) for name, many in FIELDS.items() if getattr(filters, many)}
    if filters.severities:
        if months or chosen or by is not None:
            return None
        dimension = "severity"  # its members are in the filters
    elif not months:
        if set(chosen) - {by} and (by is not None or len(chosen) > 1):
            return None
        dimension, keys = next(iter(chosen.items()), (by or "city", None))
    start = max(filters.start, _EARLIEST).astimezone(filters.zone)
    first = start.date() + timedelta(days=start.time() > time.min)
    end = min(filters.end, filters.at).astimezone(filters.zone).date()
    if months:
        first, end = _next_month(first), end.replace(day=1)
    return Whole(first, end, dimension, keys) if end - first >= timedelta(days=_FEW_DAYS) else None


def _next_month(day: date) -> date:
    """Return a day if it is the first of a month, else the first of the next month."""
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
