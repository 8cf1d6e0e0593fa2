"""How far the calendar of working days is filled."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from queries.engine.database import ReportDatabase

_AHEAD = timedelta(days=60)


@dataclass(frozen=True)
class CalendarCover:
    """The calendar's coverage as seen from a day; a day without office hours counts as missing.

    `announced`: whether the official notice of the coming year's days off is entered, that is, whether any of its days
    is swapped, entered by a person, or from our exceptions file. Until then the year holds what the `holidays` package
    expects, without the swapped days that governments announce late in the year before. `swapped_days`: whether the
    city's country announces such days.
    """

    day: date
    last_day: date | None
    missing_soon: list[date]
    """Missing days among this day and the next 60."""
    missing_next_year: list[date]
    announced: bool
    swapped_days: bool = True

    @property
    def notice_needed(self) -> bool:
        """Whether the coming year's notice is missing although the year begins within 60 days."""
        return self.swapped_days and not self.announced and date(self.day.year + 1, 1, 1) - self.day <= _AHEAD

    @property
    def complete(self) -> bool:
        """Whether nothing is missing that a new deadline may need."""
        return not (self.missing_soon or self.missing_next_year or self.notice_needed)


def calendar_cover(reports: ReportDatabase, at: datetime, zone: ZoneInfo) -> CalendarCover:
    """Return the calendar's coverage as seen from the moment's local day. Raises DatabaseAway."""
    day = at.astimezone(zone).date()
    row = reports.ask_now("calendar_cover", day=day).iloc[0]
    return CalendarCover(
        day=day,
        last_day=None if pd.isna(row["last_day"]) else row["last_day"],
        missing_soon=list(row["missing_soon"]),
        missing_next_year=list(row["missing_next_year"]),
        announced=bool(row["announced"]),
        swapped_days=bool(row["swapped_days"]),
    )
