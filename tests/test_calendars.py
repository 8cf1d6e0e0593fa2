"""The calendar knows weekdays, holidays and swapped days, keeps days a person entered, and reports what is missing."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from typer.testing import CliRunner

from queries.engine.database import ReportDatabase
from queries.rules.calendar import CalendarCover, calendar_cover
from reportdb.__main__ import app
from reportdb.cli.calendar_commands import as_spans
from reportdb.deadlines.calendars import fill_calendar, swaps_days
from reportdb.deadlines.working_time import CalendarError
from tests.reports import small_city


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
        (date(2024, 4, 29), False, "Nghỉ hoán đổi (làm bù 04/05/2024)"),
        (date(2024, 5, 4), True, "Làm bù ngày 29/04/2024"),
        (date(2025, 1, 28), False, "Giao thừa Tết Nguyên Đán"),
        (date(2025, 4, 26), True, "Làm bù ngày 02/05/2025"),
        (date(2025, 5, 2), False, "Nghỉ hoán đổi (làm bù 26/04/2025)"),
        (date(2025, 7, 1), True, None),
        (date(2025, 9, 1), False, "Quốc khánh"),
        (date(2026, 1, 1), False, "Tết Dương lịch"),
        (date(2026, 1, 2), False, "Nghỉ Tết Dương lịch (làm bù 10/01/2026)"),
        (date(2026, 1, 10), True, "Làm bù ngày 02/01/2026"),
        (date(2026, 1, 17), False, None),
        (date(2026, 8, 22), True, None),
        (date(2026, 8, 31), False, "Ngày nghỉ (thay cho ngày 22/08/2026)"),
    ],
)
def test_vietnamese_days(connection: psycopg.Connection, day: date, working: bool, name: str | None) -> None:
    _fill(connection, day, day)
    assert _day(connection, day) == (working, name)


def test_an_exception_applies_to_its_country_only(connection: psycopg.Connection) -> None:
    _fill(connection, date(2026, 1, 10), date(2026, 1, 10), country="US")
    assert _day(connection, date(2026, 1, 10)) == (False, None)


def test_a_regional_holiday_needs_its_subdivision(connection: psycopg.Connection) -> None:
    emancipation = date(2016, 4, 15)
    _fill(connection, emancipation, emancipation, country="US")
    assert _day(connection, emancipation)[0]
    fill_calendar(connection, country="US", subdivision="DC", first=emancipation, last=emancipation)
    assert not _day(connection, emancipation)[0]


def test_a_day_edited_by_hand_is_kept_and_ours_are_refilled(connection: psycopg.Connection) -> None:
    monday, tuesday = date(2026, 11, 16), date(2026, 11, 17)
    _fill(connection, monday, tuesday)
    connection.execute(
        "update working_day set working = false, name = 'Bão', source = 'city order' where day = %s", [monday]
    )
    connection.execute("update working_day set working = false where day = %s", [tuesday])
    _fill(connection, monday, tuesday)
    assert _day(connection, monday) == (False, "Bão")
    assert _day(connection, tuesday) == (True, None)


def test_office_hours_are_assumed_once_and_marked_so(connection: psycopg.Connection) -> None:
    _fill(connection, date(2026, 11, 16), date(2026, 11, 16))
    hours = connection.execute("select opens, closes, confirmed, source from office_hours order by opens").fetchall()
    assert [row[:3] for row in hours] == [(time(8), time(12), False), (time(13), time(17), False)]
    assert all(row[3].startswith("giả định") for row in hours)
    connection.execute("delete from office_hours where opens = '08:00'")
    _fill(connection, date(2026, 11, 16), date(2026, 11, 16))
    assert connection.execute("select count(*) from office_hours").fetchone() == (1,)


def test_an_unknown_country_is_refused_with_a_message(connection: psycopg.Connection) -> None:
    with pytest.raises(CalendarError, match="No public holidays are known for QQ"):
        _fill(connection, date(2026, 1, 1), date(2026, 1, 2), country="QQ")
    with pytest.raises(CalendarError, match="US-XX"):
        fill_calendar(connection, country="US", subdivision="XX", first=date(2026, 1, 1), last=date(2026, 1, 2))
    assert connection.execute("select count(*) from working_day").fetchone() == (0,)


def _hanoi(connection: psycopg.Connection) -> None:
    connection.execute(
        """insert into city (code, name_vi, name_en, time_zone, country)
           values ('hanoi', 'Hà Nội', 'Hanoi', 'Asia/Ho_Chi_Minh', 'VN')"""
    )


def _calendar(database: str, *arguments: str, fails: int = 0) -> str:
    """Run a `calendar` command, and return its output in one line."""
    result = CliRunner().invoke(app, ["calendar", *arguments, "--database", database])
    assert result.exit_code == fails, result.output
    return " ".join(result.output.replace("│", " ").split())


def test_a_notice_is_entered_and_removed(connection: psycopg.Connection, database: str) -> None:
    _hanoi(connection)
    _fill(connection, date(2027, 1, 1), date(2027, 12, 31))
    notice = ["--name", "Nghỉ [bù]", "--source", " Thông báo số 1 "]
    assert "2027-04-26 is off." in _calendar(database, "add", "2027-04-26", "--off", *notice)
    assert "2027-04-24 is worked." in _calendar(database, "add", "2027-04-24", "--working", *notice)
    _fill(connection, date(2027, 1, 1), date(2027, 12, 31))
    assert _day(connection, date(2027, 4, 26)) == (False, "Nghỉ [bù]")
    shown = _calendar(database, "show", "--from", "2027-04-20", "--to", "2027-05-02")
    assert "2027-04-24 Sat worked Nghỉ [bù] Thông báo số 1 2027-04-26 Mon off Nghỉ [bù] Thông báo số 1" in shown
    assert "2027-04-30 Fri off Ngày Chiến thắng shipped: holidays" in shown
    assert "2027-04-25" not in shown
    assert "2027-04-26 is worked again (shipped: Monday to Friday)." in _calendar(database, "remove", "2027-04-26")
    assert _day(connection, date(2027, 4, 26)) == (True, None)
    assert "No person entered 2027-04-26" in _calendar(database, "remove", "2027-04-26", fails=3)


@pytest.mark.parametrize(
    ("source", "message"),
    [("  ", "Who says so of 2027-04-26?"), ("shipped: x", "marks days that come with the program")],
)
def test_a_day_needs_a_source(connection: psycopg.Connection, database: str, source: str, message: str) -> None:
    _hanoi(connection)
    assert message in _calendar(database, "add", "2027-04-26", "--off", "--source", source, fails=3)
    assert connection.execute("select count(*) from working_day").fetchone() == (0,)


def test_off_or_working_and_the_source_are_required(database: str) -> None:
    _calendar(database, "add", "2027-04-26", "--source", "x", fails=2)
    _calendar(database, "add", "2027-04-26", "--off", fails=2)
    _calendar(database, "add", "26/04/2027", "--off", "--source", "x", fails=2)


def test_a_calendar_is_copied_to_another_database(
    connection: psycopg.Connection, database: str, tmp_path: Path
) -> None:
    _hanoi(connection)
    _fill(connection, date(2026, 1, 1), date(2026, 1, 31))
    storm = ["--off", "--name", "Bão, nghỉ", "--source", "Công điện"]
    _calendar(database, "add", "2026-01-20", *storm)
    file = tmp_path / "calendar.csv"
    said = _calendar(database, "export", str(file))
    lines = file.read_text(encoding="utf-8").splitlines()
    assert said.startswith(f"{len(lines) - 1} days written to")
    assert lines[0] == "country,day,working,name,source"
    assert 'VN,2026-01-20,false,"Bão, nghỉ",Công điện' in lines
    assert "VN,2026-01-10,true,Làm bù ngày 02/01/2026,shipped: government notice on New Year 2026" in lines
    connection.execute("delete from working_day")
    said = _calendar(database, "import", str(file))
    assert said == f"1 days written; {len(lines) - 2} shipped days left out."
    assert connection.execute("select * from working_day").fetchall() == [
        (date(2026, 1, 20), False, "Bão, nghỉ", "Công điện")
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("VN,2026-01-20,off,Bão,x", "line 3: working is 'off'; write true or false. Nothing was written."),
        ("VN,20/01/2026,true,Bão,x", "line 3: '20/01/2026' is no day; write 2026-01-10."),
        ("US,2026-01-20,false,Bão,x", "line 3: The day is one of 'US', and the city lies in 'VN'."),
        ("VN,2026-01-20,false,Bão,", "line 3: Who says so of 2026-01-20?"),
        ("VN,2026-01-19,false,Bão,x", "line 3: 2026-01-19 occurs twice."),
        ("VN,2026-01-20,false", "line 3: The line must have 5 fields."),
        ("VN,2026-01-20,false,a,b,c", "line 3: The line must have 5 fields."),
    ],
)
def test_a_file_with_a_bad_line_writes_nothing(
    connection: psycopg.Connection, database: str, tmp_path: Path, line: str, message: str
) -> None:
    _hanoi(connection)
    file = tmp_path / "calendar.csv"
    file.write_text(f"country,day,working,name,source\nVN,2026-01-19,false,Bão,x\n{line}\n", encoding="utf-8")
    assert message in _calendar(database, "import", str(file), fails=3)
    assert connection.execute("select count(*) from working_day").fetchone() == (0,)
    file.write_text("day,working\n", encoding="utf-8")
    assert "line 1: The first line must name the columns" in _calendar(database, "import", str(file), fails=3)


def test_fill_continues_to_the_end_of_a_year(connection: psycopg.Connection, database: str) -> None:
    _hanoi(connection)
    _fill(connection, date(2026, 11, 16), date(2026, 11, 20))
    assert "from 2026-11-16 to 2027-12-31." in _calendar(database, "fill", "--to", "2027-12-31")
    assert connection.execute("select count(*), max(day) from working_day").fetchone() == (411, date(2027, 12, 31))
    assert "cannot end before that" in _calendar(database, "fill", "--to", "2026-01-01", fails=3)


def test_hours_are_shown_with_their_confirmation(connection: psycopg.Connection, database: str) -> None:
    _fill(connection, date(2026, 11, 16), date(2026, 11, 16))
    assert "1900-01-01 08:00 12:00 unconfirmed giả định: giờ hành chính" in _calendar(database, "hours")


def _cover(reports: ReportDatabase, at: str) -> CalendarCover:
    return calendar_cover(reports, datetime.fromisoformat(at).replace(tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))


def test_a_calendar_that_ends_in_ten_days_says_which_days_are_missing(
    connection: psycopg.Connection, database: str, reports: ReportDatabase
) -> None:
    _hanoi(connection)
    _fill(connection, date(2026, 1, 1), date(2026, 11, 28))
    cover = _cover(reports, "2026-11-18 03:00")
    assert cover.last_day == date(2026, 11, 28)
    assert as_spans(cover.missing_soon) == "2026-11-29 to 2027-01-17"
    assert as_spans(cover.missing_next_year) == "2027-01-01 to 2027-12-31"
    said = _calendar(database, "check", "--at", "2026-11-18T10:00", fails=1)
    assert "Missing in the 60 days from 2026-11-18: 2026-11-29 to 2027-01-17. Missing in 2027: 2027-01-01 to" in said
    assert "Cure: calendar fill" in said


def test_a_day_without_office_hours_is_missing_too(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    assert _cover(reports, "2026-01-01 03:00").last_day is None
    connection.execute("insert into office_hours values ('2026-01-03', '08:00', '12:00', 'test', true)")
    assert as_spans(_cover(reports, "2026-01-01 03:00").missing_soon) == "2026-01-01 to 2026-01-02"


def test_the_coming_year_needs_its_notice_when_it_is_near(
    connection: psycopg.Connection, database: str, reports: ReportDatabase
) -> None:
    _hanoi(connection)
    _fill(connection, date(2026, 1, 1), date(2027, 12, 31))
    assert not _cover(reports, "2026-11-18 03:00").announced
    assert "2027 holds only the holidays to be expected" in _calendar(database, "check", "--at", "2026-11-18", fails=1)
    assert _calendar(database, "check", "--at", "2026-10-01") == (
        "The calendar covers the next 60 days and 2027; its last day is 2027-12-31."
    )
    assert _cover(reports, "2025-11-18 03:00").announced, "the built-in exceptions are for 2026"
    _calendar(database, "add", "2027-01-01", "--off", "--name", "Tết Dương lịch", "--source", "Thông báo 2027")
    assert _cover(reports, "2026-11-18 03:00").complete
    _calendar(database, "check", "--at", "2026-11-18")


def test_a_country_that_swaps_no_days_is_asked_for_no_notice(
    connection: psycopg.Connection, database: str, reports: ReportDatabase
) -> None:
    _hanoi(connection)
    connection.execute("update city set country = 'US', swapped_days = false")
    _fill(connection, date(2026, 1, 1), date(2027, 12, 31))
    assert not _cover(reports, "2026-11-18 03:00").announced
    assert _cover(reports, "2026-11-18 03:00").complete
    assert "covers the next 60 days and 2027" in _calendar(database, "check", "--at", "2026-11-18")


@pytest.mark.parametrize(
    ("country", "swaps"), [("VN", True), ("CN", True), ("US", False), ("DE", False), ("ZZ", False)]
)
def test_which_countries_swap_days_is_known_from_what_they_did(country: str, swaps: bool) -> None:
    assert swaps_days(country) == swaps


def test_the_day_of_a_moment_is_the_citys_own(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    _hanoi(connection)
    assert _cover(reports, "2026-12-31 18:00").day == date(2027, 1, 1)
