"""The named periods: their days and their names."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.engine.filters import Filters
from queries.figures.figures import City
from tests.reports import T
from ui.address.periods import CALENDAR, PERIODS, REPORTING, in_words, period_name, span, with_days
from ui.base.i18n import speaking

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
CITY = City("test", "Thành phố", "City", "Asia/Ho_Chi_Minh", False, None, T - timedelta(days=100), T, "VN")


def days(period: str, on: str) -> str:
    """Return a period's first and last day at noon of a day; the last is empty if it extends to the moment."""
    at = datetime.fromisoformat(f"{on}T12:00").replace(tzinfo=HANOI)
    start, end = span(period, at, CITY)
    last = f"{(end - timedelta(days=1)).astimezone(HANOI):%d/%m/%Y}" if end else ""
    return f"{start.astimezone(HANOI):%d/%m/%Y} {last}".strip()


@pytest.mark.parametrize(
    ("period", "on", "expected"),
    [
        ("30d", "2026-11-18", "20/10/2026"),
        ("week", "2026-11-18", "16/11/2026"),
        ("week", "2026-11-16", "16/11/2026"),
        ("last-week", "2026-11-18", "09/11/2026 15/11/2026"),
        ("month", "2026-11-18", "01/11/2026"),
        ("last-month", "2026-01-31", "01/12/2025 31/12/2025"),
        # DOMAIN: a month from the 15th of the month before to the 14th
        ("report-month", "2026-11-14", "15/10/2026"),
        ("report-month", "2026-11-15", "15/11/2026"),
        ("last-report-month", "2026-11-15", "15/10/2026 14/11/2026"),
        ("last-report-month", "2027-01-03", "15/11/2026 14/12/2026"),
        # a quarter from the 15th before it to the 14th of its last month
        ("report-quarter", "2026-02-01", "15/12/2025"),
        ("report-quarter", "2026-03-15", "15/03/2026"),
        ("last-report-quarter", "2026-12-15", "15/09/2026 14/12/2026"),
        # half-years 15/12-14/6 and 15/6-14/12, a year 15/12-14/12
        ("report-half", "2026-06-14", "15/12/2025"),
        ("report-half", "2026-06-15", "15/06/2026"),
        ("last-report-half", "2026-12-14", "15/12/2025 14/06/2026"),
        ("report-year", "2026-12-14", "15/12/2025"),
        ("report-year", "2026-12-15", "15/12/2026"),
        ("last-report-year", "2026-06-01", "15/12/2024 14/12/2025"),
    ],
)
def test_the_days_of_a_named_period(period: str, on: str, expected: str) -> None:
    assert days(period, on) == expected


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.sampled_from([*CALENDAR, *REPORTING]))  # noqa: DTZ001
def test_a_period_holds_its_moment_and_follows_the_one_before(local: datetime, period: str) -> None:
    at = local.replace(tzinfo=HANOI)
    start, end = span(period, at, CITY)
    assert start <= at
    if period.startswith("last-"):
        assert end
        assert end <= at
        assert end == span(period.removeprefix("last-"), at, CITY)[0]
        assert start == span(period.removeprefix("last-"), end - timedelta(days=1), CITY)[0]
    else:
        assert end is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_reporting_periods_are_made_of_reporting_months(local: datetime) -> None:
    at = local.replace(tzinfo=HANOI)
    for period in ("report-quarter", "report-half", "report-year"):
        start, _ = span(period, at, CITY)
        assert span("report-month", start, CITY)[0] == start
        assert span("report-year", at, CITY)[0] <= start


def test_all_begins_with_the_first_report() -> None:
    assert span("all", T, CITY) == (CITY.first_submitted_at, None)
    assert span("all", T, replace(CITY, first_submitted_at=None))[0].year == 1900


def test_the_names_of_periods() -> None:
    with speaking("vi"):
        assert period_name("30d", T, CITY) == "30 ngày"
        assert period_name("week", T, CITY) == "Tuần 47"
        assert period_name("last-month", T, CITY) == "Tháng 10/2026 (01/10 – 31/10)"
        assert period_name("last-report-month", T, CITY) == "Tháng 11/2026 (15/10 – 14/11)"
        assert period_name("report-quarter", T, CITY) == "Quý IV/2026"
        assert period_name("report-half", T, CITY) == "6 tháng cuối năm 2026"
        assert with_days("last-report-half", T, CITY) == "6 tháng đầu năm 2026 (15/12/2025 – 14/06)"
        assert with_days("last-report-year", T, CITY) == "Năm 2025 (15/12/2024 – 14/12/2025)"
    for language in ("vi", "en"):
        with speaking(language):
            names = [with_days(period, T, CITY) for period in (*CALENDAR, *REPORTING)]
            assert len(set(names)) == len(names)
            assert all(period_name(period, T, CITY) for period in PERIODS)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-11-01", "2026-11-15", "01/11/2026 – 14/11/2026"),
        ("2026-11-01", None, "01/11/2026 – 18/11/2026 10:00"),
        ("2026-11-01T08:30", "2026-11-02T09:00", "01/11/2026 08:30 – 02/11/2026 09:00"),
    ],
)
def test_a_period_in_words_names_its_days_or_its_minutes(start: str, end: str | None, words: str) -> None:
    begins, ends = (datetime.fromisoformat(moment).replace(tzinfo=HANOI) if moment else None for moment in (start, end))
    with speaking("vi"):
        assert in_words(Filters.of(at=T, zone=HANOI, start=begins, end=ends)) == words
