"""Every figure on rows few enough to count by eye; some rows must not be counted."""

import math
import unicodedata
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as some

from queries.engine.database import ReportDatabase
from queries.engine.filters import SEVERITIES, Filters
from queries.figures.chance import median_bounds
from queries.figures.figures import HOURS, due_soon_until, figures, labels, reading_order, timed
from queries.figures.period import MEDIAN_BOUNDS, quantiles
from tests.reports import DAY, HOUR, T, past, report, small_city

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    return connection


def count(reports: ReportDatabase, at: datetime = T, **filters: Any) -> dict[str, Any]:
    row: dict[Any, Any] = timed(reports, Filters.of(at=at, zone=HANOI, **filters)).iloc[0].to_dict()
    return {str(name): value for name, value in row.items()}


@pytest.mark.usefixtures("city")
def test_an_empty_city_has_zeros_and_no_times(reports: ReportDatabase) -> None:
    row = count(reports)
    assert (row["received"], row["open"], row["fell_due"]) == (0, 0, 0)
    assert pd.isna(row["median_hours"])


def test_open_is_submitted_by_the_moment_and_not_ended_by_it(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1)
    report(city, 2, submitted_at=T)
    report(city, 3, ended_at=T + HOUR)
    report(city, 4, ended_at=T)
    report(city, 5, ended_at=T - HOUR, status="refused")
    report(city, 6, submitted_at=T + HOUR)
    assert count(reports)["open"] == 3
    assert count(reports)["received"] == 5


def test_states_of_open_reports(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, due_at=T - HOUR)  # overdue
    report(city, 2, submitted_at=T - 40 * HOUR, due_at=T - 30 * HOUR)  # 10 hours' term, open for 40
    report(city, 3, submitted_at=T - 30 * HOUR, due_at=T - 20 * HOUR)  # exactly three times its term: not yet serious
    report(city, 4, due_at=T)  # due this very moment: not overdue, due soon
    report(city, 5, due_at=datetime(2026, 11, 19, 17, tzinfo=HANOI))  # by the end of Thursday
    report(city, 6, due_at=datetime(2026, 11, 20, 0, tzinfo=HANOI))  # after it
    report(city, 7)  # no deadline known
    report(city, 8, due_at=T - HOUR, ended_at=T - HOUR)  # done
    row = count(reports)
    assert row["open"] == 7
    assert row["overdue"] == 3
    assert row["seriously_overdue"] == 1
    assert row["due_soon"] == 2
    assert row["no_deadline"] == 1


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(
    ("moment", "end"),
    [
        (datetime(2026, 11, 18, 10, tzinfo=HANOI), datetime(2026, 11, 20, tzinfo=HANOI)),
        (datetime(2026, 11, 20, 16, tzinfo=HANOI), datetime(2026, 11, 24, tzinfo=HANOI)),  # Friday: Monday counts
        (datetime(2026, 11, 21, 9, tzinfo=HANOI), datetime(2026, 11, 24, tzinfo=HANOI)),
        (datetime(2027, 6, 4, 9, tzinfo=HANOI), datetime(2027, 6, 8, tzinfo=HANOI)),  # past the calendar's end
    ],
)
def test_due_soon_reaches_to_the_end_of_the_next_working_day(
    reports: ReportDatabase, moment: datetime, end: datetime
) -> None:
    assert due_soon_until(reports, moment, HANOI) == end


def test_the_on_time_rate_counts_what_fell_due_including_open_reports(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, due_at=T - HOUR, ended_at=T - HOUR)  # on time to the second
    report(city, 2, due_at=T - 2 * HOUR, ended_at=T - HOUR)  # late
    report(city, 3, due_at=T - HOUR)  # open: counts against
    report(city, 4, due_at=T - HOUR, ended_at=T - 2 * HOUR, status="refused")  # refused in time: in neither
    report(city, 5, due_at=T - 2 * HOUR, ended_at=T - HOUR, status="refused")  # refused late: counts against
    report(city, 6, due_at=T + HOUR, ended_at=T - HOUR)  # had not fallen due
    report(city, 7, ended_at=T - HOUR)  # no deadline
    report(city, 8, due_at=T)  # falls due this very moment: not before it
    row = count(reports)
    assert (row["done_by_due"], row["fell_due"]) == (1, 4)
    assert (row["resolved_on_time"], row["resolved_late"], row["resolved_no_deadline"]) == (2, 1, 1)
    assert row["refused"] == 2


def test_a_period_includes_its_start_and_not_its_end(city: psycopg.Connection, reports: ReportDatabase) -> None:
    for number, hours in enumerate((4, 3, 2, 1)):
        report(city, number, submitted_at=T - hours * HOUR, ended_at=T - hours * HOUR)
    row = count(reports, start=T - 3 * HOUR, end=T - HOUR)
    assert (row["received"], row["resolved_no_deadline"]) == (2, 2)


def test_times_are_rounded_up_on_their_scale(city: psycopg.Connection, reports: ReportDatabase) -> None:
    for number, hours in enumerate((0.5, 1.2, 40)):
        report(city, number, submitted_at=T - 50 * HOUR, ended_at=T - (50 - hours) * HOUR)
    report(city, 9, submitted_at=T - 50 * HOUR, ended_at=T, status="refused")
    row = count(reports)
    assert row["median_hours"] == 2  # 1.2 hours, rounded up
    assert row["p90_hours"] == 40


def test_ratings_count_when_they_were_given(city: psycopg.Connection, reports: ReportDatabase) -> None:
    for number, rating in enumerate(("satisfied", "acceptable", "not_satisfied")):
        report(city, number, ended_at=T - 3 * HOUR, rating=rating, rated_at=T - (number + 1) * HOUR)
    assert (count(reports)["rated"], count(reports)["satisfied"]) == (3, 2)
    earlier = count(reports, at=T - 2 * HOUR)
    assert (earlier["rated"], earlier["satisfied"]) == (2, 1)


def test_rows_by_area_add_up_with_those_not_located(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1)
    report(city, 2, district_id=2, ward_id=12, unit_id=2)
    report(city, 3, district_id=None, ward_id=None)
    rows = figures(reports, Filters.of(at=T, zone=HANOI), by="district")
    assert dict(zip(rows["code"].fillna("none"), rows["open"], strict=True)) == {"006": 1, "017": 1, "none": 1}


@pytest.mark.parametrize(
    ("chosen", "open_reports"),
    [
        ({"districts": (2,)}, 1),
        ({"wards": (11, 12)}, 2),
        ({"units": (1,)}, 2),
        ({"categories": (2,)}, 1),
        ({"channels": (2,)}, 0),
        ({"severities": ("normal",)}, 2),
        ({"severities": ("urgent", "complex")}, 1),
    ],
)
def test_filters_let_through_what_they_name(
    city: psycopg.Connection, reports: ReportDatabase, chosen: dict[str, Any], open_reports: int
) -> None:
    report(city, 1)
    report(city, 2, district_id=2, ward_id=12, unit_id=2, category_id=2, severity="urgent")
    report(city, 3, district_id=None, ward_id=None)
    assert count(reports, **chosen)["open"] == open_reports


def test_the_past_stays_as_it_was_after_a_reopening(city: psycopg.Connection, reports: ReportDatabase) -> None:
    """Answered three hours before T, reopened an hour before T: closed in between, at any later time."""
    report(city, 1, due_at=T - 2 * HOUR, reopen_count=1)
    past(
        city,
        1,
        due_at=T - 2 * HOUR,
        valid_from=T - 2 * DAY,
        valid_to=T - HOUR,
        status="resolved",
        ended_at=T - 3 * HOUR,
    )
    assert [count(reports, at=T - hours * HOUR)["open"] for hours in (4, 2, 0)] == [1, 0, 1]
    assert [count(reports, at=T - hours * HOUR)["resolved_on_time"] for hours in (4, 2, 0)] == [0, 1, 0]
    assert count(reports)["overdue"] == 1


def test_the_past_stays_as_it_was_after_a_transfer_with_a_new_deadline(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, unit_id=2, due_at=T + DAY, transfer_count=1)
    past(city, 1, unit_id=1, due_at=T - 5 * HOUR, valid_from=T - 2 * DAY, valid_to=T - 3 * HOUR)
    assert count(reports, at=T - 4 * HOUR, units=(1,))["overdue"] == 1
    assert count(reports, at=T - 4 * HOUR, units=(2,))["open"] == 0
    assert (count(reports, units=(2,))["open"], count(reports)["overdue"]) == (1, 0)


def test_a_severity_is_that_of_the_moment(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, severity="urgent")
    past(city, 1, severity="normal", valid_from=T - 2 * DAY, valid_to=T - HOUR)
    for at, severity in ((T - 2 * HOUR, "normal"), (T, "urgent")):
        assert {name: count(reports, at, severities=(name,))["open"] for name in SEVERITIES} == {
            name: int(name == severity) for name in SEVERITIES
        }


def test_names_are_in_reading_order(city: psycopg.Connection, reports: ReportDatabase) -> None:
    city.execute(
        """update area set name_vi = 'Hoàn Kiếm' where id = 2;
           insert into area (id, level, code, name_vi, name_en, kind)
               values (3, 'district', '003', 'Ba Đình', 'Ba Dinh', 'quan')"""
    )
    assert list(labels(reports, "district", "vi").values()) == ["Ba Đình", "Đống Đa", "Hoàn Kiếm"]


def test_names_are_compared_word_by_word_then_by_letters_then_by_tones() -> None:
    ordered = ["Ba Đình", "Bà Đình", "Bắc Từ Liêm", "Bắc Từ Liêm 2", "Cầu Giấy", "Da", "Dạ", "Đa", "Đống Đa", "Hà Đông"]
    ordered += [
        "Hai Bà Trưng",
        "Ma",
        "Mà",
        "Mả",
        "Mã",
        "Má",
        "Mạ",
        "Mă",
        "Mâ",
        "Mo",
        "Mô",
        "Mơ",
        "Thanh Trì",
        "Thanh Xuân",
    ]
    backwards = ordered[::-1]
    assert sorted(backwards, key=reading_order) == ordered
    decomposed = [unicodedata.normalize("NFD", name) for name in backwards]
    assert [unicodedata.normalize("NFC", name) for name in sorted(decomposed, key=reading_order)] == ordered


def test_a_moment_without_a_zone_and_a_period_upside_down_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Filters.of(at=datetime(2026, 11, 18), zone=HANOI)  # noqa: DTZ001  the very mistake
    with pytest.raises(ValueError, match="before it starts"):
        Filters.of(at=T, zone=HANOI, start=T, end=T - DAY)


@given(
    taken=some.lists(
        some.tuples(some.none() | some.integers(1, 3), some.integers(1, 40), some.none() | some.integers(1, 20)),
        min_size=1,
        max_size=60,
    )
)
def test_median_and_90th_percentile_are_those_of_the_sorted_hours(
    taken: list[tuple[int | None, int, int | None]],
) -> None:
    """Reports given one by one or counted by hours; a key without resolved reports is left out."""

    def four_bytes(*numbers: int) -> bytes:
        return b"".join(number.to_bytes(4, "big", signed=True) for number in numbers)

    rows: list[tuple[int | None, str, bytes | None, bytes | None]] = [(4, "calendar", None, None)]
    for known, hour, worked_hour in taken:
        rows.append((known, "calendar", four_bytes(hour, hour, hour + 1), four_bytes(2, -1, 0)))
        rows.append((known, "working", None if worked_hour is None else four_bytes(worked_hour), None))
    found = quantiles(pd.DataFrame(rows, columns=["key", "clock", "hours", "reports"]))

    def reached(hours: list[int], share: float) -> float | None:
        return float(sorted(hours)[math.ceil(share * len(hours)) - 1]) if hours else None

    keys = [None if pd.isna(key) else int(key) for key in found.pop("key")]
    assert sorted(keys, key=str) == sorted({key for key, _hours, _worked in taken}, key=str)
    for key, row in zip(keys, found[[*HOURS, *MEDIAN_BOUNDS]].to_numpy(), strict=True):
        own = [(hours, worked) for other, hours, worked in taken if other == key]
        hours, worked = [hours for hours, _worked in own], [worked for _hours, worked in own if worked is not None]
        expected = [reached(hours, 0.5), reached(hours, 0.9), reached(worked, 0.5), reached(worked, 0.9)]
        low, high = (int(rank) for rank in median_bounds(len(hours)))
        bounds = [float([0, *sorted(hours), math.inf][rank]) for rank in (low, high)]  # too few give no bounds
        assert [None if math.isnan(value) else value for value in row] == [*expected, *bounds]
