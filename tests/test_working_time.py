"""Working time: hand-computed cases at every edge, and invariants."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdb.deadlines.calendars import fill_calendar
from reportdb.deadlines.working_time import CalendarError, OfficeHours, WorkingTime

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
USUAL = [
    OfficeHours(date(1900, 1, 1), time(8), time(12)),
    OfficeHours(date(1900, 1, 1), time(13), time(17)),
]
# New Year 2026: Friday 2 January off, Saturday 10 January worked. Tết: 16 to 20 February off.
OFF = {date(2026, 1, 1), date(2026, 1, 2), *(date(2026, 2, n) for n in range(16, 21))}
DAYS = {
    day: (day.weekday() < 5 and day not in OFF) or day == date(2026, 1, 10)
    for day in (date(2025, 12, 1) + timedelta(days=n) for n in range(120))
}
HOURS = WorkingTime(DAYS, USUAL, HANOI)


def _utc(local: str, zone: ZoneInfo = HANOI) -> np.datetime64:
    moment = datetime.fromisoformat(local).replace(tzinfo=zone)
    return np.datetime64(round(moment.timestamp() * 1_000_000), "us")


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        pytest.param("2026-01-06 09:00", 60, "2026-01-06 10:00", id="within the morning"),
        pytest.param("2026-01-06 11:30", 60, "2026-01-06 13:30", id="across lunch"),
        pytest.param("2026-01-06 11:30", 30, "2026-01-06 12:00", id="ends at closing, not at the next opening"),
        pytest.param("2026-01-06 12:20", 30, "2026-01-06 13:30", id="begins during lunch"),
        pytest.param("2026-01-06 16:00", 120, "2026-01-07 09:00", id="across the night"),
        pytest.param("2026-01-06 22:15", 480, "2026-01-07 17:00", id="begins at night: the whole next day"),
        pytest.param("2026-01-06 08:00", 480, "2026-01-06 17:00", id="a whole day from opening to closing"),
        pytest.param("2026-01-06 03:00", 1, "2026-01-06 08:01", id="begins before opening"),
        pytest.param("2026-01-18 10:00", 480, "2026-01-19 17:00", id="begins on Sunday"),
        pytest.param("2026-01-09 16:00", 120, "2026-01-10 09:00", id="into the Saturday that is worked"),
        pytest.param("2026-01-10 16:30", 60, "2026-01-12 08:30", id="from the Saturday that is worked"),
        pytest.param("2025-12-31 16:00", 480, "2026-01-05 16:00", id="across New Year with its swapped Friday"),
        pytest.param("2026-02-13 15:00", 240, "2026-02-23 10:00", id="across Tết"),
        pytest.param("2026-02-17 00:00", 480, "2026-02-23 17:00", id="begins within Tết"),
        pytest.param("2026-01-06 10:00", 0, "2026-01-06 10:00", id="nothing to add while open"),
        pytest.param("2026-01-06 12:00", 0, "2026-01-06 13:00", id="nothing to add at closing: the next opening"),
        pytest.param("2026-01-17 12:00", 0, "2026-01-19 08:00", id="nothing to add on a free Saturday"),
    ],
)
def test_add(start: str, minutes: int, end: str) -> None:
    assert HOURS.add(_utc(start), minutes) == _utc(end)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-01-06 08:00", "2026-01-06 17:00", 480),
        ("2026-01-06 00:00", "2026-01-07 00:00", 480),
        ("2026-01-06 12:10", "2026-01-06 12:50", 0),
        ("2026-01-09 16:30", "2026-01-12 08:15", 30 + 480 + 15),
        ("2026-02-13 16:00", "2026-02-23 09:00", 120),
        ("2026-01-06 10:00", "2026-01-06 09:30", -30),
    ],
)
def test_between(start: str, end: str, minutes: float) -> None:
    assert HOURS.between(_utc(start), _utc(end)) == minutes


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-01-06 10:00", "2026-01-08 00:00"),
        ("2026-01-06 00:00", "2026-01-08 00:00"),
        ("2026-01-09 23:59", "2026-01-11 00:00"),
        ("2026-01-10 09:00", "2026-01-13 00:00"),
        ("2026-02-13 18:00", "2026-02-24 00:00"),
    ],
)
def test_the_next_working_day_ends_at_midnight(moment: str, end: str) -> None:
    assert HOURS.next_working_day_end(_utc(moment)) == _utc(end)


def test_shapes_are_kept_and_the_unknown_stays_unknown() -> None:
    moments = np.array([["2026-01-06T03:00", "NaT"], ["NaT", "2026-01-06T01:00"]], dtype="datetime64[us]")
    due = HOURS.add(moments, 60)
    assert due.tolist() == [[datetime(2026, 1, 6, 4), None], [None, datetime(2026, 1, 6, 2)]]  # noqa: DTZ001
    assert np.isnan(HOURS.between(moments, due)).tolist() == [[False, True], [True, False]]
    assert np.isnat(HOURS.next_working_day_end(moments)).tolist() == [[False, True], [True, False]]
    assert HOURS.add(np.array([], dtype="datetime64[us]"), 60).shape == (0,)
    assert HOURS.add(_utc("2026-01-06 09:00"), [30, np.nan]).tolist()[1] is None


def test_hours_that_begin_another_day_replace_all_earlier_ones() -> None:
    hours = WorkingTime(DAYS, [*USUAL, OfficeHours(date(2026, 1, 7), time(7, 30), time(11, 30))], HANOI)
    assert hours.between(_utc("2026-01-06 00:00"), _utc("2026-01-07 00:00")) == 480
    assert hours.between(_utc("2026-01-07 00:00"), _utc("2026-01-08 00:00")) == 240
    assert hours.add(_utc("2026-01-06 17:00"), 30) == _utc("2026-01-07 08:00")


def test_a_clock_change_at_night_does_not_move_the_opening() -> None:
    boston = ZoneInfo("America/New_York")
    days = {date(2026, 3, 1) + timedelta(days=n): n % 7 not in {0, 6} for n in range(30)}
    hours = WorkingTime(days, USUAL, boston)
    assert hours.add(_utc("2026-03-06 16:00", boston), 120) == _utc("2026-03-09 09:00", boston)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ({}, "calendar is empty"),
        ({date(2026, 1, 5): True}, "runs from 2026-01-05 to 2026-01-05 and does not reach 2026-01-06"),
        ({date(2026, 1, 6): True}, "ends on 2026-01-06, before the work is done"),
        ({date(2026, 1, 6): True, date(2026, 1, 9): True}, "lacks 2026-01-07, 2026-01-08. Fill"),
        ({date(2026, 1, 6): True, date(2026, 1, 20): True}, "lacks 2026-01-07, .*2026-01-11 and 8 more"),
    ],
)
def test_days_the_calendar_lacks_are_named(days: dict[date, bool], message: str) -> None:
    with pytest.raises(CalendarError, match=message):
        WorkingTime(days, USUAL, HANOI).add(_utc("2026-01-06 16:00"), 120)


def test_a_gap_affects_only_spans_that_cross_it() -> None:
    hours = WorkingTime({day: DAYS[day] for day in DAYS if day != date(2026, 1, 21)}, USUAL, HANOI)
    assert hours.between(_utc("2026-01-19 08:00"), _utc("2026-01-20 17:00")) == 960
    with pytest.raises(CalendarError, match="lacks 2026-01-21"):
        hours.between([_utc("2026-01-19 08:00"), _utc("2026-01-22 08:00")], _utc("2026-01-20 17:00"))
    with pytest.raises(CalendarError, match="lacks 2026-01-21"):
        hours.next_working_day_end(_utc("2026-01-20 10:00"))


def test_days_before_the_first_office_hours_are_missing() -> None:
    hours = WorkingTime(DAYS, [OfficeHours(date(2026, 1, 6), time(8), time(12))], HANOI)
    with pytest.raises(CalendarError, match=r"lacks 2026-01-05.*Fill the tables working_day and office_hours"):
        hours.between(_utc("2026-01-05 09:00"), _utc("2026-01-06 09:00"))


def test_overlapping_hours_and_negative_work_are_refused() -> None:
    with pytest.raises(CalendarError, match="overlap on 2025-12-01"):
        WorkingTime(DAYS, [*USUAL, OfficeHours(date(1900, 1, 1), time(11), time(14))], HANOI)
    with pytest.raises(ValueError, match="must not be negative"):
        HOURS.add(_utc("2026-01-06 09:00"), -1)


def test_the_calendar_of_the_database(connection: psycopg.Connection) -> None:
    with pytest.raises(CalendarError, match="table city is empty"):
        WorkingTime.from_database(connection)
    connection.execute(
        """insert into city (code, name_vi, name_en, time_zone, country)
           values ('hanoi', 'Hà Nội', 'Hanoi', 'Asia/Ho_Chi_Minh', 'VN')"""
    )
    fill_calendar(connection, country="VN", subdivision=None, first=date(2025, 12, 1), last=date(2026, 3, 30))
    hours = WorkingTime.from_database(connection)
    assert hours.add(_utc("2025-12-31 16:00"), 480) == _utc("2026-01-05 16:00")
    assert hours.add(_utc("2026-01-09 16:00"), 120) == _utc("2026-01-10 09:00")
    assert hours.add(_utc("2026-02-13 15:00"), 240) == _utc("2026-02-23 10:00")


_MOMENTS = st.datetimes(datetime(2025, 12, 2), datetime(2026, 2, 1)).map(np.datetime64)  # noqa: DTZ001


@settings(derandomize=True, deadline=None)
@given(_MOMENTS, st.integers(0, 10_000))
def test_added_minutes_are_between_start_and_end(moment: np.datetime64, minutes: int) -> None:
    due = HOURS.add(moment, minutes)
    assert due >= moment
    assert HOURS.between(moment, due) == minutes


@settings(derandomize=True, deadline=None)
@given(_MOMENTS, st.integers(1, 5_000), st.integers(1, 5_000))
def test_work_may_be_split_in_two(moment: np.datetime64, first: int, then: int) -> None:
    assert HOURS.add(HOURS.add(moment, first), then) == HOURS.add(moment, first + then)


@settings(derandomize=True, deadline=None)
@given(_MOMENTS, _MOMENTS)
def test_counting_every_minute_of_the_clock_gives_the_same(start: np.datetime64, end: np.datetime64) -> None:
    start, end = sorted([start.astype("datetime64[m]"), end.astype("datetime64[m]")])
    minutes = np.arange(start, end) + np.timedelta64(7, "h")  # Hanoi's clock
    days = minutes.astype("datetime64[D]")
    of_day = (minutes - days).astype(int)
    working = np.isin(days, np.array([day for day, worked in DAYS.items() if worked], dtype="datetime64[D]"))
    at_work = ((of_day >= 480) & (of_day < 720)) | ((of_day >= 780) & (of_day < 1020))
    assert HOURS.between(start, end) == (working & at_work).sum()


def test_many_random_sums_are_undone_by_counting() -> None:
    rng = np.random.default_rng(1000)
    moments = _utc("2025-12-02 00:00") + rng.integers(0, 60 * 86_400_000_000, 100_000).astype("timedelta64[us]")
    minutes = rng.integers(0, 4800, 100_000) / 7
    due = HOURS.add(moments, minutes)
    assert (np.rint(HOURS.between(moments, due) * 60_000_000) == np.rint(minutes * 60_000_000)).all()
