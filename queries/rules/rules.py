"""The rules, office hours and calendar in force at a moment, and whether they are confirmed."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters


@dataclass(frozen=True)
class Unsure:
    """Which terms are unconfirmed: to receive, to handle."""

    receive: bool
    handle: bool


def rules(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return the deadline rules in force on the moment's day, the most specific first.

    Columns: id, name_vi and name_en (of the category; null: any), severity (null: any), receive_minutes and
    handle_minutes (null: no term), clock (working, calendar), handle_from (submitted, received), valid_from, valid_to
    (dates; null: until further notice), source, receive_confirmed, handle_confirmed. Raises DatabaseAway.
    """
    return reports.ask("rules", day=_day(filters))


def office_hours(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return the office hours in force on the moment's day: opens, closes, valid_from, source, confirmed.

    Raises DatabaseAway.
    """
    return reports.ask("office_hours", day=_day(filters))


def days_off(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return the moment's year's weekdays off and weekend days worked: day, working, name, source.

    Raises DatabaseAway.
    """
    return reports.ask("days_off", day=_day(filters))


def unsure(reports: ReportDatabase, filters: Filters) -> Unsure:
    """Return which terms are unconfirmed at the moment: their rules, or the office hours they are counted in.

    This covers the rules in force, not each report's own: a report may still have the deadline of an earlier rule.
    Raises DatabaseAway.
    """
    return reports.remember(("unsure", _day(filters)), lambda: _unsure(reports, filters))


def _unsure(reports: ReportDatabase, filters: Filters) -> Unsure:
    known, hours = rules(reports, filters), office_hours(reports, filters)
    assumed = (known["clock"] == "working") & (not hours["confirmed"].all())
    return Unsure(
        *(
            bool((known[f"{term}_minutes"].notna() & (~known[f"{term}_confirmed"].astype(bool) | assumed)).any())
            for term in ("receive", "handle")
        )
    )


def _day(filters: Filters) -> date:
    return filters.at.astimezone(filters.zone).date()
