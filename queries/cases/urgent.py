"""Single reports for a wall screen: the open urgent ones, the longest overdue, and the newest.

What, where, who and how long; asked in a scope that cannot read what a citizen wrote. A screen with published counts
(queries.small_numbers) gets no single report.
"""

from datetime import datetime
from typing import Any

import pandas as pd

from queries.cases.cases import Order, case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import BEGINNING, Filters
from queries.engine.scope import AGGREGATES_ONLY
from queries.figures.figures import derived_times


def urgent(
    reports: ReportDatabase, filters: Filters, *, order: Order, limit: int, since: datetime = BEGINNING
) -> tuple[pd.DataFrame, int]:
    """Return the first open urgent reports submitted after `since`, and how many there are in all.

    Columns: id, severity, state (as in queries.cases), the ids of category, district, ward and unit, submitted_at and
    due_at (in the city's zone), lon and lat (degrees, to about a hundred metres). Raises DatabaseAway.
    """
    if not filters.exact:
        return _facts(reports, filters, pd.DataFrame({"id": []})), case_count(reports, filters, figure="urgent")
    asked = _counting(filters) | derived_times(reports, filters)
    answer = reports.ask("urgent", order=order, limit=limit, since=since, **asked)
    found = int(answer["found"].iloc[0]) if len(answer) else 0
    return _facts(reports, filters, answer), found


def newest(reports: ReportDatabase, filters: Filters, *, limit: int) -> pd.DataFrame:
    """Return the newest reports of the period with the columns of `urgent`. Raises DatabaseAway."""
    return _first(reports, filters, "received", "newest", limit)


def longest_overdue(reports: ReportDatabase, filters: Filters, *, limit: int) -> pd.DataFrame:
    """Return the overdue reports that fell due first with the columns of `urgent`. Raises DatabaseAway."""
    return _first(reports, filters, "overdue", "most_late", limit)


def _first(reports: ReportDatabase, filters: Filters, figure: str, order: Order, limit: int) -> pd.DataFrame:
    if not filters.exact:
        return _facts(reports, filters, pd.DataFrame({"id": []}))
    asked = _counting(filters) | derived_times(reports, filters)
    answer = reports.ask("cases", figure=figure, order=order, limit=limit, offset=0, **asked)
    return _facts(reports, filters, answer)


def _counting(filters: Filters) -> dict[str, Any]:
    return filters.parameters() | {"scope": AGGREGATES_ONLY}


def _facts(reports: ReportDatabase, filters: Filters, found: pd.DataFrame) -> pd.DataFrame:
    ids = [int(number) for number in found["id"]]
    asked: dict[str, Any] = {"ids": tuple(ids), "at": filters.at} | derived_times(reports, filters)
    known = reports.ask("case_facts", **asked).set_index("id")
    table = known.reindex([number for number in ids if number in known.index]).reset_index()
    for column in ("submitted_at", "due_at"):
        table[column] = pd.to_datetime(table[column], utc=True).dt.tz_convert(filters.zone)
    return table.astype({"lon": "float64", "lat": "float64"})
