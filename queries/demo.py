"""Whether the city is invented."""

from queries.database import ReportDatabase
from queries.scope import EVERYTHING


def holds_real_reports(reports: ReportDatabase) -> bool:
    """Return whether a demonstration city (queries.figures.City.demo) holds reports that it did not invent, as a look.

    An import marks what it brings with its source. Raises DatabaseAway, NotAReportDatabase.
    """
    return bool(reports.look("real_reports", EVERYTHING)["found"].iloc[0])
