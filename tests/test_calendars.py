"""The calendar knows the ordinary week, holidays and swapped days, and keeps what a person wrote."""

from datetime import date, time

import psycopg
import pytest

from reportdb.calendars import fill_calendar
from reportdb.working_time import CalendarError


def _fill(connection: psycopg.Connection, first: date, last: date, country: str = "VN") -> None:
    fill_calendar(connection, country=country, subdivision=None, first=first, last=last)


def _day(connection: psycopg.Connection, day: date) -> tuple[bool, str | None]:
    found = connection.execute("select working, name from working_day where day = %s", [day]).fetchone()
    assert found is not None
    return found[0], found[1]


def test_every_day_of_the_period_is_filled_and_no_other(connection: psycopg.Connection) -> None:
    _fill(connection, date(2026, 11, 16), date(2026, 11, 22))
    assert connection.execute("select day, working from working_day order by day").fetchall() == [
        (date(2026, 11, 16 + n), n < 5) for n in range(7)
    ]


@pytest.mark.parametrize(
    ("day", "working", "name"),
    [
        (date(2024, 4, 29), False, "Ngày nghỉ (thay cho ngày 04/05/2024)"),
        (date(2024, 5, 4), True, None),
        (date(2025, 1, 28), False, "Giao thừa Tết Nguyên Đán"),
        (date(2025, 4, 26), True, None),
        (date(2025, 5, 2), False, "Ngày nghỉ (thay cho ngày 26/04/2025)"),
        (date(2025, 7, 1), True, None),
        (date(2026, 1, 1), False, "Tết Dương lịch"),
        (date(2026, 1, 2), False, "Nghỉ Tết Dương lịch (làm bù 10/01/2026)"),
        (date(2026, 1, 10), True, "Làm bù ngày 02/01/2026"),
        (date(2026, 1, 17), False, None),
    ],
)
def test_vietnamese_days(connection: psycopg.Connection, day: date, working: bool, name: str | None) -> None:
    _fill(connection, day, day)
    assert _day(connection, day) == (working, name)


def test_an_exception_of_one_country_is_none_of_another(connection: psycopg.Connection) -> None:
    _fill(connection, date(2026, 1, 10), date(2026, 1, 10), country="US")
    assert _day(connection, date(2026, 1, 10)) == (False, None)


def test_a_regional_holiday_needs_its_subdivision(connection: psycopg.Connection) -> None:
    emancipation = date(2016, 4, 15)
    _fill(connection, emancipation, emancipation, country="US")
    assert _day(connection, emancipation)[0]
    fill_calendar(connection, country="US", subdivision="DC", first=emancipation, last=emancipation)
    assert not _day(connection, emancipation)[0]


def test_a_day_edited_by_hand_is_kept_and_ours_are_filled_anew(connection: psycopg.Connection) -> None:
    monday, tuesday = date(2026, 11, 16), date(2026, 11, 17)
    _fill(connection, monday, tuesday)
    connection.execute(
        "update working_day set working = false, name = 'Bão', source = 'city order' where day = %s", [monday]
    )
    connection.execute("update working_day set working = false where day = %s", [tuesday])
    _fill(connection, monday, tuesday)
    assert _day(connection, monday) == (False, "Bão")
    assert _day(connection, tuesday) == (True, None)


def test_office_hours_are_assumed_once_and_say_so(connection: psycopg.Connection) -> None:
    _fill(connection, date(2026, 11, 16), date(2026, 11, 16))
    hours = connection.execute("select opens, closes, confirmed, source from office_hours order by opens").fetchall()
    assert [row[:3] for row in hours] == [(time(8), time(12), False), (time(13), time(17), False)]
    assert all(row[3].startswith("assumption") for row in hours)
    connection.execute("delete from office_hours where opens = '08:00'")
    _fill(connection, date(2026, 11, 16), date(2026, 11, 16))
    assert connection.execute("select count(*) from office_hours").fetchone() == (1,)


def test_an_unknown_country_is_refused_in_words(connection: psycopg.Connection) -> None:
    with pytest.raises(CalendarError, match="No public holidays are known for QQ"):
        _fill(connection, date(2026, 1, 1), date(2026, 1, 2), country="QQ")
    with pytest.raises(CalendarError, match="US-XX"):
        fill_calendar(connection, country="US", subdivision="XX", first=date(2026, 1, 1), last=date(2026, 1, 2))
    assert connection.execute("select count(*) from working_day").fetchone() == (0,)
