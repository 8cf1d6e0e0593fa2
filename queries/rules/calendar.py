"""How far the calendar of working days is filled."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from queries.engine.database import ReportDatabase

_AHEAD = timedelta(days=60)


@dataclass(frozen=True)
class CalendarCover:
    """What the calendar covers, as seen from a day; a day without office hours is missing too.

    `announced` says whether the coming year's official notice is entered: whether any of its days is swapped, comes
    from a person or from the exceptions shipped with us. Until then the year holds what the `holidays` package expects,
    without the swapped days that governments announce late in the year before. `swapped_days` says whether those of the
    city's country do.
    """

    day: date
    last_day: date | None
    missing_soon: list[date]
    """Of the day and the 60 that follow."""
    missing_next_year: list[date]
    announced: bool
    swapped_days: bool = True

    @property
    def notice_needed(self) -> bool:
        """The coming year's notice of swapped days is not entered, although the year begins within 60 days."""
        return self.swapped_days and not self.announced and date(self.day.year + 1, 1, 1) - self.day <= _AHEAD

    @property
    def complete(self) -> bool:
        """Nothing is missing that a deadline given now may touch."""
        return not (self.missing_soon or self.missing_next_year or self.notice_needed)


def calendar_cover(reports: ReportDatabase, at: datetime, zone: ZoneInfo) -> CalendarCover:
    """Return what the calendar covers, as seen from the local day of the moment. Raises DatabaseAway."""
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
