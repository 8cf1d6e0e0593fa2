"""Moments as people write them: read in the order of the city's country, or refused."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.address.moments import day_first, example, read, read_end

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
EIGHT = datetime(2026, 11, 2, 8, tzinfo=HANOI)
MIDNIGHT = datetime(2026, 11, 2, tzinfo=HANOI)


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("2026-11-02", MIDNIGHT),
        ("2026-11-02T08:00", EIGHT),
        ("2026-11-02 08:00:00", EIGHT),
        ("2026-11-02T08:00:00+07:00", EIGHT),
        ("2026-11-02T08:00:00 07:00", EIGHT),  # a raw "+" in an address
        ("2026-11-02T08:00:00.250000 07:00", EIGHT + timedelta(milliseconds=250)),
        ("2026-11-02T08:00 0700", EIGHT),
        ("2026-11-02T08:00 05:30", EIGHT.replace(tzinfo=timezone(timedelta(hours=5.5)))),
        ("2026-11-02T01:00Z", EIGHT),
        ("2026-11-01T20:00-05:00", EIGHT),
        ("02/11/2026", MIDNIGHT),
        ("2/11/2026", MIDNIGHT),
        ("02-11-2026", MIDNIGHT),
        ("02.11.2026", MIDNIGHT),
        ("02/11/2026 08:00", EIGHT),
        ("02/11/2026, 8:00", EIGHT),
        ("02/11/2026T08:00:00", EIGHT),
        ("02/11/2026 08:00+07:00", EIGHT),
        ("02/11/2026 08:00 07:00", EIGHT),
        (" 02/11/2026 08:00 ", EIGHT),
    ],
)
def test_accepted_forms_of_a_moment(words: str, moment: datetime) -> None:
    assert read(words, zone=HANOI, country="VN") == moment


@pytest.mark.parametrize(
    "words",
    [
        "",
        "yesterday",
        "31/02/2026",
        "17/13/2026",
        "02/11/26",
        "02/11-2026",
        "02/11/2026 25:00",
        "02/11/2026 08:61",
        "02/11/2026 08",
        "2026/11/02 08:00",
        "1989-12-31",
        "9999-12-31T23:59-10:00",
        "0001-01-01",
        "٠٢/١١/٢٠٢٦",
        "02/11/2026\0",
    ],
)
def test_unreadable_moments_are_refused(words: str) -> None:
    for reading in (read, read_end):
        with pytest.raises(ValueError):  # noqa: PT011  the words of Python's own are nobody's reading
            reading(words, zone=HANOI, country="VN")


def test_the_country_decides_which_of_two_numbers_is_the_day() -> None:
    assert [day_first(country) for country in ("VN", "GB", "US", "", "nowhere")] == [True, True, False, True, True]
    assert read("11/02/2026 08:00", zone=HANOI, country="US") == EIGHT
    with pytest.raises(ValueError, match="month"):
        read("17/11/2026", zone=HANOI, country="US")


@given(st.datetimes(datetime(1990, 1, 2), datetime(2100, 1, 1)), st.sampled_from(["VN", "US"]))  # noqa: DTZ001  local
def test_what_is_given_as_an_example_can_be_read(moment: datetime, country: str) -> None:
    minute = moment.replace(second=0, microsecond=0, fold=0, tzinfo=UTC)
    assert read(example(minute, country), zone=ZoneInfo("UTC"), country=country) == minute


@pytest.mark.parametrize("words", ["2026-11-02", "02/11/2026", "20261102"])
def test_a_day_alone_ends_a_period_with_its_midnight(words: str) -> None:
    assert read_end(words, zone=HANOI, country="VN") == datetime(2026, 11, 3, tzinfo=HANOI)
    assert read_end("02/11/2026 00:00", zone=HANOI, country="VN") == MIDNIGHT
