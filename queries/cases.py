"""The cases behind a figure: the same definition, listed instead of counted."""

from typing import Literal

import pandas as pd

from queries.database import ReportDatabase
from queries.figures import COUNTS, due_soon_until
from queries.filters import Filters

Order = Literal["newest", "oldest", "worklist"]
FIGURES = (*COUNTS, "in_time", "ended", "resolved", "reopened")
"""The figures whose cases can be listed, as definitions.sql names them."""


def cases(
    reports: ReportDatabase,
    filters: Filters,
    *,
    figure: str,
    order: Order = "newest",
    limit: int = 50,
    offset: int = 0,
) -> pd.DataFrame:
    """Return one page of the cases a figure counts.

    Columns: id, public_code, title, address, severity, state, status, the ids of category, channel, district, ward and
    unit, officer, and submitted_at, due_at, ended_at (UTC). `state` tells overdue, due_soon, in_time, no_deadline,
    refused, resolved (no deadline), resolved_on_time and resolved_late apart. Raises DatabaseAway, KeyError.
    """
    parameters = filters.parameters() | {"soon": due_soon_until(reports, filters.at, filters.zone)}
    answer = reports.ask("cases", figure=figure, order=order, limit=limit, offset=offset, **parameters)
    for moment in ("submitted_at", "due_at", "ended_at"):
        answer[moment] = pd.to_datetime(answer[moment], utc=True).dt.tz_convert(filters.zone)
    return answer


def case_count(reports: ReportDatabase, filters: Filters, *, figure: str) -> int:
    """Return how many cases a figure counts. Raises DatabaseAway, KeyError."""
    parameters = filters.parameters() | {"soon": due_soon_until(reports, filters.at, filters.zone)}
    return int(reports.ask("case_count", figure=figure, **parameters)["cases"].iloc[0])
