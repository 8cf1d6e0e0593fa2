"""The figures over time."""

from datetime import timedelta

import pandas as pd

from queries.database import ReportDatabase
from queries.filters import Filters

_LONGEST_IN_DAYS = timedelta(days=100)


def days(reports: ReportDatabase, filters: Filters) -> tuple[pd.DataFrame, int]:
    """Return what came in, what was resolved and what was open at the end of each step, and the step in days.

    Columns: day (the step's first, in the city's zone), received, resolved, open. A period up to about three months
    goes in days, a longer one in weeks, which keeps the line readable. The last step ends at the moment. Raises
    DatabaseAway.
    """
    step = 1 if filters.at - filters.start <= _LONGEST_IN_DAYS else 7
    parameters = filters.parameters() | {"zone": filters.zone.key, "step": timedelta(days=step)}
    return reports.ask("days", **parameters), step
