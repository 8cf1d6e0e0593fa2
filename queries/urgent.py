"""The urgent reports that are open: disaster, epidemic, accident, theft, safety."""

from datetime import datetime

import pandas as pd

from queries.cases import Order, case_rows
from queries.database import ReportDatabase
from queries.filters import BEGINNING, Filters


def urgent(
    reports: ReportDatabase, filters: Filters, *, order: Order, limit: int, since: datetime = BEGINNING
) -> tuple[pd.DataFrame, int]:
    """Return the first open urgent reports submitted after `since`, as `case_rows` does, and how many there are in all.

    Raises DatabaseAway.
    """
    answer = reports.ask("urgent", order=order, limit=limit, since=since, **filters.parameters())
    found = int(answer["found"].iloc[0]) if len(answer) else 0
    return case_rows(reports, filters, [int(number) for number in answer["id"]]), found
