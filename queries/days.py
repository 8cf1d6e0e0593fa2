"""The figures over time."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import numpy as np
import pandas as pd

from queries.database import ReportDatabase
from queries.figures import moments
from queries.filters import Filters
from queries.period import happened, summarised

_LONGEST_IN_DAYS = timedelta(days=100)


def days(reports: ReportDatabase, filters: Filters) -> tuple[pd.DataFrame, int]:
    """Return what came in, what was resolved and what was open at the end of each step, and the step in days.

    Columns: day (the step's first, in the city's zone), received, resolved, open. A period up to about three months
    goes in days, a longer one in weeks, which keeps the line readable. The last step ends at the moment. Raises
    DatabaseAway.
    """
    step = 1 if filters.at - filters.start <= _LONGEST_IN_DAYS else 7
    counted = filters.counting()
    return reports.remember(("days", counted), lambda: _days(reports, counted, step)), step


def _days(reports: ReportDatabase, filters: Filters, step: int) -> pd.DataFrame:
    # Steps begin at midnight and the last one ends at the moment, whatever the period.
    midnight = datetime.combine(filters.start.astimezone(filters.zone).date(), time.min, filters.zone)
    whole = summarised(reports, filters.since(midnight), None)
    if whole is None or whole.dimension is None:
        return _from_reports(reports, filters, step, midnight)
    known = reports.ask("period_days", **filters.parameters(), **whole.parameters(filters))
    today = happened(reports, filters.since(datetime.combine(whole.end, time.min, filters.zone))).iloc[0]
    standing = reports.ask("open", **filters.parameters() | moments(reports, filters) | {"by": None})
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
    unknown = np.flatnonzero(result["open"].isna())
    for run in np.split(unknown, np.flatnonzero(np.diff(unknown) > 1) + 1):
        if len(run):  # steps whose ends are not kept, or look different since: the reports are counted themselves
            begins, ends = (midnight + timedelta(days=int(n) * step) for n in (run[0], run[-1] + 1))
            counted = _from_reports(reports, replace(filters, at=ends), step, begins)
            result.loc[run, "open"] = counted["open"].to_numpy()[: len(run)]
    return result.astype({"received": "int64", "resolved": "int64", "open": "int64"})


def _from_reports(reports: ReportDatabase, filters: Filters, step: int, midnight: datetime) -> pd.DataFrame:
    """Count the steps from a midnight on by the reports themselves."""
    parameters = filters.since(midnight).parameters() | {
        "zone": filters.zone.key,
        "step": timedelta(days=step),
        "first_start": midnight,
        "first_end": min(midnight + timedelta(days=step), filters.at),
    }
    return reports.ask("days", **parameters)
