"""What deadlines rest on: how one came to be, and what leaves them unknown."""

from datetime import datetime

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters

WARNINGS = ("calendar_ends", "no_office_hours", "rule_without_minutes", "rules_overlap", "category_without_rule")
"""Every kind of finding: days the calendar lacks among the 60 to come, rules in working time without office hours,
rules that lack a term, pairs of rules that overlap, categories of which some severity has no rule."""


def warnings(reports: ReportDatabase, at: datetime) -> dict[str, int]:
    """Return what leaves deadlines unknown at a moment, or soon will: kinds of WARNINGS and how many; none is empty.

    Raises DatabaseAway.
    """
    answer = reports.ask("rule_warnings", at=at)
    return dict(zip(answer["kind"].astype(str), answer["count"].astype(int), strict=True))


def path(reports: ReportDatabase, filters: Filters, report_id: int) -> pd.DataFrame:
    """Return how a case's handle deadline came to be up to the moment, a row whenever it may have changed.

    Columns: at, due_at, stopped_at (since when the clock stood that was set going; in the city's zone), category_id,
    severity, kind (of the step; null: worked out anew), minutes (what an extension added, on the rule's clock). Raises
    DatabaseAway.
    """
    answer = reports.ask("report_deadlines", id=report_id, at=filters.at, scope=filters.scope)
    for moment in ("at", "due_at", "stopped_at"):
        answer[moment] = pd.to_datetime(answer[moment], utc=True).dt.tz_convert(filters.zone)
    return answer
