"""The figures over time."""

from datetime import datetime, time, timedelta

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
        parameters = filters.parameters() | {
            "zone": filters.zone.key,
            "step": timedelta(days=step),
            "first_start": midnight,
            "first_end": min(midnight + timedelta(days=step), filters.at),
        }
        return reports.ask("days", **parameters)
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
    ends = table.groupby(steps).tail(1).index
    if len(unknown := ends[table.loc[ends, "open"].isna()]):
        ends_at = [
            datetime.combine(day + timedelta(days=1), time.min, filters.zone) for day in table.loc[unknown, "day"]
        ]
        table.loc[unknown, "open"] = [
            reports.ask("case_count", figure="open", **filters.parameters() | {"at": end})["cases"].iloc[0]
            for end in ends_at
        ]
    result = table.groupby(steps).agg({"day": "first", "received": "sum", "resolved": "sum", "open": "last"})
    result["open"] = table.loc[ends, "open"].to_numpy()
    return result.astype({"received": "int64", "resolved": "int64", "open": "int64"})
