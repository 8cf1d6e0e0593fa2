"""Whether the city is invented."""

from queries.engine.database import ReportDatabase
from queries.engine.scope import ALL_CASES


def holds_real_reports(reports: ReportDatabase) -> bool:
    """Return whether a demonstration city (queries.figures.City.demo) also holds real reports.

    An import marks its reports with their source. Raises DatabaseAway, NotAReportDatabase.
    """
    return bool(reports.ask_now("real_reports", scope=ALL_CASES)["found"].iloc[0])
