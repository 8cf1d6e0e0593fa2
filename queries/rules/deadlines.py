"""The history of a deadline, and what makes deadlines unknown."""

from datetime import datetime

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters

WARNINGS = ("calendar_ends", "no_office_hours", "rule_without_minutes", "rules_overlap", "category_without_rule")
"""The kinds of warnings: days missing in the calendar among the next 60, working-time rules without office hours, rules
without a term, pairs of overlapping rules, categories with a severity that has no rule."""


def warnings(reports: ReportDatabase, at: datetime) -> dict[str, int]:
    """Return what makes deadlines unknown at a moment, or soon will: WARNINGS and their counts; empty if none.

    Raises DatabaseAway.
    """
    answer = reports.ask("rule_warnings", at=at)
    return dict(zip(answer["kind"].astype(str), answer["count"].astype(int), strict=True))


def path(reports: ReportDatabase, filters: Filters, report_id: int) -> pd.DataFrame:
    """Return the history of a case's handle deadline up to the moment, a row for each possible change.

    Columns: at, due_at, stopped_at (since when the clock had been stopped when it was resumed; in the city's zone),
    category_id, severity, kind (of the step; null: recomputed), minutes (added by an extension, on the rule's clock).
    Raises DatabaseAway.
    """
    answer = reports.ask("report_deadlines", id=report_id, at=filters.at, scope=filters.scope)
    for moment in ("at", "due_at", "stopped_at"):
        answer[moment] = pd.to_datetime(answer[moment], utc=True).dt.tz_convert(filters.zone)
    return answer
