"""Figures by day or week."""

from datetime import datetime, time, timedelta

import numpy as np
import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import derived_times
from queries.figures.period import period_counts, summarised
from queries.privacy.small_numbers import counts

_LONGEST_IN_DAYS = timedelta(days=100)
_MOMENTS_AT_ONCE = 14


def days(reports: ReportDatabase, filters: Filters) -> tuple[pd.DataFrame, int]:
    """Return received, resolved and open reports (at the end) for each step, and the step in days.

    Columns: day (the step's first, in the city's zone), received, resolved, open. A period up to about three months is
    split into days, a longer one into weeks, to keep the line readable. The last step ends at the moment. Raises
    DatabaseAway.
    """
    step = 1 if filters.at - filters.start <= _LONGEST_IN_DAYS else 7
    table = counts(
        reports,
        filters,
        ("days", step),
        lambda counted: _days(reports, counted, step),
        keys={"day": "day"},
        columns=("received", "resolved", "open"),
        keep=True,
    )
    return table, step


def _days(reports: ReportDatabase, filters: Filters, step: int) -> pd.DataFrame:
    # Steps begin at midnight, and the last one ends at the moment, for any period.
    midnight = datetime.combine(filters.start.astimezone(filters.zone).date(), time.min, filters.zone)
    whole = summarised(reports, filters.since(midnight), None)
    if whole is None or whole.dimension is None:
        parameters = filters.parameters() | {
            "zone": filters.zone.key,
            "step": timedelta(days=step),
            "first_start": midnight,
            "first_end": min(midnight + timedelta(days=step), filters.at),
        }
        return reports.ask("days", **parameters)
    known = reports.ask("period_days", **filters.parameters(), **whole.parameters(filters))
    today = period_counts(reports, filters.since(datetime.combine(whole.end, time.min, filters.zone))).iloc[0]
    standing = reports.ask("open", **filters.parameters() | derived_times(reports, filters) | {"by": None})
    last = {
        "day": whole.end,
        "received": today["received"],
        "resolved": today["resolved"],
        "open": standing["open"].sum(),
    }
    table = pd.concat([known, pd.DataFrame([last])], ignore_index=True)
    steps = table.index // step
    result = table.groupby(steps).agg({"day": "first", "received": "sum", "resolved": "sum"})
    result["open"] = table.groupby(steps)["open"].nth(-1).to_numpy()
    if len(unknown := np.flatnonzero(result["open"].isna())):  # missing in the summary, or changed since
        ends = [midnight + timedelta(days=(int(n) + 1) * step) for n in unknown]
        result.loc[unknown, "open"] = open_at(reports, filters, ends)
    return result.astype({"received": "int64", "resolved": "int64", "open": "int64"})


def open_at(reports: ReportDatabase, filters: Filters, moments: list[datetime]) -> list[int]:
    """Return how many reports were open at each of some moments, ascending, counted from the reports.

    For a large city a year takes long, so the moments are asked in parts. Raises DatabaseAway.
    """
    found: list[int] = []
    for n in range(0, len(moments), _MOMENTS_AT_ONCE):
        some = tuple(moments[n : n + _MOMENTS_AT_ONCE])
        parameters = filters.parameters() | {"ends": some, "first": some[0], "last": some[-1]}
        found += reports.ask("days_open", **parameters)["open"].tolist()
    return found
