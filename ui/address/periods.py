"""The periods a viewer can choose by name: the last days, calendar weeks and months, and the reporting periods.

A reporting month runs from the 15th of the month before to the 14th; quarters, half-years and years are made of
reporting months, so that a reporting year runs from 15 December to 14 December.
"""

from datetime import date, datetime, timedelta
from typing import Literal, get_args

from queries.engine.filters import BEGINNING, Filters
from queries.figures.figures import City
from ui.address.moments import midnight
from ui.base.i18n import _, day, moment

Rolling = Literal["7d", "30d", "90d", "365d", "all"]
Calendar = Literal["week", "last-week", "month", "last-month"]
Reporting = Literal[
    "report-month",
    "last-report-month",
    "report-quarter",
    "last-report-quarter",
    "report-half",
    "last-report-half",
    "report-year",
    "last-report-year",
]
Period = Literal[Rolling, Calendar, Reporting]
ROLLING: tuple[Rolling, ...] = get_args(Rolling)
CALENDAR: tuple[Calendar, ...] = get_args(Calendar)
REPORTING: tuple[Reporting, ...] = get_args(Reporting)
PERIODS: tuple[Period, ...] = (*ROLLING, *CALENDAR, *REPORTING)
USUAL_PERIOD: Period = "30d"
_DAYS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
_MONTHS = {"month": 1, "report-month": 1, "report-quarter": 3, "report-half": 6, "report-year": 12}
_FIRST_DAY = 15
"""The day on which a reporting month begins: 15 October begins the reporting month of November."""
_QUARTERS = ("I", "II", "III", "IV")


def span(period: str, at: datetime, city: City) -> tuple[datetime, datetime | None]:
    """Return when a period of PERIODS begins and ends; an end of None means the moment `at`.

    It begins and ends at midnights of the city. The last days include the moment's own day.
    """
    if period == "all":
        return city.first_submitted_at or BEGINNING, None
    first, end = _days(period, at.astimezone(city.zone).date())
    start, ends_at = midnight(first, city.zone), midnight(end, city.zone)
    return start, ends_at if ends_at <= at else None


def _days(period: str, today: date) -> tuple[date, date]:
    """Return the first day of a period and the day after its last."""
    if days := _DAYS.get(period):
        return today - timedelta(days=days - 1), today + timedelta(days=1)
    kind, back = period.removeprefix("last-"), int(period.startswith("last-"))
    if kind == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return monday, monday + timedelta(days=7)
    months, first_day = _MONTHS[kind], _FIRST_DAY if kind.startswith("report-") else 1
    # A month is counted by its name: from 15 October the reporting month is November.
    named = today.year * 12 + today.month - 1 + int(first_day > 1 and today.day >= first_day)
    first = named // months * months - months * back - int(first_day > 1)
    return _month(first, first_day), _month(first + months, first_day)


def _month(number: int, day_of_month: int) -> date:
    """Return a day of a month that is counted from year 0."""
    return date(number // 12, number % 12 + 1, day_of_month)


def period_name(period: str, at: datetime, city: City) -> str:
    """Return a period's name in the viewer's language; for months with their days, since there are two of each name."""
    if period.endswith("month"):
        return with_days(period, at, city)
    if period in ROLLING:
        return {
            "7d": _("7 days"),
            "30d": _("30 days"),
            "90d": _("90 days"),
            "365d": _("1 year"),
            "all": _("All"),
        }[period]
    first, end = _days(period, at.astimezone(city.zone).date())
    return _numbered(period, first, end - timedelta(days=1))


def with_days(period: str, at: datetime, city: City) -> str:
    """Return the name of a week, a month and the like with its first and last day: "Month 12/2026 (15/11 – 14/12)"."""
    today = at.astimezone(city.zone).date()
    first, end = _days(period, today)
    last = end - timedelta(days=1)
    return f"{_numbered(period, first, last)} ({_short(first, today)} – {_short(last, today)})"


def _numbered(period: str, first: date, last: date) -> str:
    """Return a week, month, quarter, half-year or year by number: that of the month in which it ends."""
    kind = period.removeprefix("last-").removeprefix("report-")
    if kind == "week":
        return _("Week {number}", number=f"{first.isocalendar().week:02}")
    if kind == "month":
        return _("Month {number}/{year}", number=f"{last.month:02}", year=last.year)
    if kind == "quarter":
        return _("Quarter {number}/{year}", number=_QUARTERS[last.month // 3 - 1], year=last.year)
    if kind == "half":
        words = _("First half of {year}", year=last.year), _("Second half of {year}", year=last.year)
        return words[last.month > 6]
    return _("Year {year}", year=last.year)


def _short(value: date, today: date) -> str:
    """Return a day in figures, without the year if it is this year."""
    return f"{value:%d/%m}" if value.year == today.year else day(value)


def in_words(filters: Filters) -> str:
    """Return a period's start and end: days if it consists of whole days, else to the minute."""
    start, end = (value.astimezone(filters.zone) for value in (filters.start, filters.end))
    begins = day(start.date()) if start == midnight(start.date(), filters.zone) else moment(start)
    whole = end == midnight(end.date(), filters.zone) and start < end
    return f"{begins} – {day(end.date() - timedelta(days=1)) if whole else moment(end)}"
