"""How a city's rows become reports, and what happens to rejected rows."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reportdb.importer import Counts, ImportFailure
from tests.import_sample import AGAIN, CLOSED, GOOD, HEADER, IMPORTED, SampleCity


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


def rows(connection: psycopg.Connection, question: str) -> list[tuple[Any, ...]]:
    return connection.execute(question.encode()).fetchall()


def rejected(city: SampleCity) -> list[list[str]]:
    with city.rejects.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_row_becomes_a_report(connection: psycopg.Connection, city: SampleCity) -> None:
    counts = city.load(connection, GOOD, CLOSED)
    assert counts == Counts(2, 2, 0, 0, 0, not_located=0, district_disagrees=1)
    assert rows(
        connection,
        """select report.source_ref, public_code, channel.code, category.name_vi, unit.name_vi, area.code,
               report.lon, title, submitted_at, due_at, ended_at, status, report.severity, updated_at
           from report join channel on channel.id = channel_id join category on category.id = category_id
           join unit on unit.id = unit_id join area on area.id = district_id order by report.id""",
    ) == [
        (
            *("sample:7", "S-7", "app", "Trees", "Công viên", "West", -71.5, "Fallen, on a path"),
            *(datetime(2024, 3, 1, 14, tzinfo=UTC), datetime(2024, 3, 5, 14, tzinfo=UTC), None),
            *("waiting", "normal", IMPORTED),
        ),
        (
            *("sample:8", "S-8", "phone", "Roads", "Công viên", "East", -70.5, "Hole"),
            *(datetime(2024, 3, 2, 15, tzinfo=UTC), None, datetime(2024, 3, 4, 16, tzinfo=UTC)),
            *("resolved", "normal", IMPORTED),
        ),
    ]
    assert rows(connection, "select code, time_zone, demo from city") == [("sample", "America/New_York", False)]


def test_the_steps_of_a_report_are_known(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(("due = {", 'received = { columns = ["due"], format = "iso" }\ndue = {'))
    city.load(connection, GOOD, CLOSED.replace(",closed", ",cancelled"))
    assert rows(connection, "select report_id, n, kind, from_unit_id, to_unit_id from report_event order by 1, 2") == [
        (1, 1, "submitted", None, None),
        (1, 2, "received", None, 1),
        (2, 1, "submitted", None, None),
        (2, 2, "refused", 1, None),
    ]


def test_what_the_source_published_is_kept_too(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD.replace("West", "West side"), CLOSED, CLOSED.replace("8,", "9,").replace(",Y,", ",N,"))
    published = "report_id, published_late, published_district, published_ward, published_status"
    assert rows(connection, f"select {published} from report_source order by 1") == [
        (1, None, "West", None, "open"),
        (2, True, "West", None, "closed"),
        (3, False, "West", None, "closed"),
    ]


@pytest.mark.parametrize(
    ("place", "disagrees"), [("West", 0), ("west", 0), ("Sunset", 0), ("?", 0), ("", 0), ("East", 1), ("Moon", 1)]
)
def test_the_sources_district_is_compared_with_ours(
    connection: psycopg.Connection, city: SampleCity, place: str, disagrees: int
) -> None:
    assert city.load(connection, GOOD.replace("West", place)).district_disagrees == disagrees


@pytest.mark.parametrize(
    ("lon", "lat", "kept"),
    [
        ("-71.25", "42.25", False),  # the default point
        ("-71.2505", "42.2505", False),  # near enough to it
        ("200", "42.5", False),
        ("-71.5", "-91", False),
        ("nan", "42.5", False),
        ("-71.5", "", False),
        ("-100", "42.5", True),  # a place in no district
    ],
)
def test_a_report_without_a_place_is_taken_and_counted(
    connection: psycopg.Connection, city: SampleCity, lon: str, lat: str, kept: bool
) -> None:
    counts = city.load(connection, GOOD.replace("-71.5,42.5,West", f"{lon},{lat},?"))
    assert (counts.new, counts.not_located) == (1, 1)
    assert rows(connection, "select lon is not null, district_id from report") == [(kept, None)]


def test_importing_again_changes_nothing(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD, CLOSED)
    assert city.load(connection, CLOSED, GOOD, at=AGAIN) == Counts(2, 0, 0, 2, 0, not_located=0, district_disagrees=1)
    assert rows(connection, "select count(*), max(updated_at) from report") == [(2, IMPORTED)]


def test_a_changed_row_updates_its_report_alone(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD, CLOSED)
    closed = GOOD.replace("09:00:00,,app", "09:00:00,2024-03-06 09:00:00,app").replace(",open", ",closed")
    assert city.load(connection, closed, CLOSED, at=AGAIN) == Counts(2, 0, 1, 1, 0, 0, 1)
    assert rows(connection, "select id, status, updated_at from report order by id") == [
        (1, "resolved", AGAIN),
        (2, "resolved", IMPORTED),
    ]
    assert rows(connection, "select kind from report_event where report_id = 1 order by n") == [
        ("submitted",),
        ("resolved",),
    ]


def test_a_change_of_what_was_published_is_a_change(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, CLOSED)
    assert city.load(connection, CLOSED.replace(",Y,", ",N,"), at=AGAIN).updated == 1
    assert rows(connection, "select published_late from report_source") == [(False,)]


def test_of_rows_with_the_same_id_the_first_counts(connection: psycopg.Connection, city: SampleCity) -> None:
    broken = CLOSED.replace("2024-03-02", "2024-13-02")
    counts = city.load(connection, broken, CLOSED, GOOD, CLOSED.replace("Hole", "Other"))
    assert (counts.new, counts.rejected) == (2, 2)
    assert rows(connection, "select title from report where source_ref = 'sample:8'") == [("Hole",)]
    assert [row[:2] for row in rejected(city)[1:]] == [
        ["2", "opened '2024-13-02 10:00:00' is no time as the mapping writes it"],
        ["5", "repeats the id of line 3"],
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace("7,", ",", 1), "id is blank: a report needs an id"),
        (GOOD.replace("7,", "n/a,", 1), "id is blank: a report needs an id"),
        (GOOD.replace("7,", "7" * 201 + ",", 1), "id is longer than 200 characters"),
        (GOOD.replace(",open", ",lost"), "status 'lost' is not in the mapping"),
        (GOOD.replace(",open", ","), "status is blank"),
        (GOOD.replace("2024-03-01 09:00:00", ""), "opened: no time of submission"),
        (GOOD.replace("2024-03-01", "2924-03-01"), "opened '2924-03-01 09:00:00' is not between 1900 and 2199"),
        (GOOD.replace("2024-03-01", "1970-01-01"), "opened '1970-01-01 09:00:00' is a placeholder (1970-01-01)"),
        (GOOD + ",more", "14 columns where the header has 13"),
        ("7,2024", "2 columns where the header has 13"),
        (GOOD.replace("Fallen", "Fal\0len"), "holds a NUL character"),
        (GOOD.replace("path", "x" * 100_000), "longer than 100,000 characters"),
        (GOOD.replace('"Fallen, ', '"Fallen" '), "a quote is not closed, or is in the wrong place"),
        (GOOD.replace('path"', "path"), "a quote is not closed, or is in the wrong place"),
    ],
)
def test_a_bad_row_is_rejected_with_line_and_reason_and_the_rest_imported(
    connection: psycopg.Connection, city: SampleCity, row: str, reason: str
) -> None:
    counts = city.load(connection, CLOSED, row, CLOSED.replace("8,", "9,", 1))
    assert (counts.read, counts.new, counts.rejected) == (3, 2, 1)
    assert rejected(city) == [["line", "reason", "row"], ["3", reason, row[:100_001]]]


def test_undecodable_bytes_are_kept_unchanged(connection: psycopg.Connection, city: SampleCity) -> None:
    bad = GOOD.encode().replace(b"Fallen", b"Fall\xe9")
    header, good = (line.encode() for line in (HEADER, CLOSED))
    counts = city.load_bytes(connection, b"\n".join((header, bad, good)))
    assert (counts.new, counts.rejected) == (1, 1)
    line, reason, _ = next(csv.reader(city.rejects.read_bytes().decode("latin-1").splitlines()[1:]))
    assert (line, reason) == ("2", f"not utf-8 text: byte {bad.index(0xE9) + 1} is 0xe9")
    assert b"Fall\xe9" in city.rejects.read_bytes()


def test_a_row_may_span_lines_and_line_numbers_still_hold(connection: psycopg.Connection, city: SampleCity) -> None:
    counts = city.load(connection, GOOD.replace("on a path", "on\na\n\npath"), "", "broken", CLOSED)
    assert (counts.read, counts.new) == (3, 2)
    assert [row[0] for row in rejected(city)[1:]] == ["7"]
    assert rows(connection, "select title from report where source_ref = 'sample:7'") == [("Fallen, on a path",)]


def test_an_unclosed_quote_swallows_no_row(connection: psycopg.Connection, city: SampleCity) -> None:
    more = [CLOSED.replace("8,", f"{number},", 1) for number in range(100, 130)]
    counts = city.load(connection, '5,"open', GOOD, *more, '6,"again', CLOSED)
    assert (counts.read, counts.new, counts.rejected) == (34, 32, 2)
    assert [row[0] for row in rejected(city)[1:]] == ["2", "34"]


def test_rejects_of_an_earlier_import_are_deleted(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, "broken", GOOD)
    assert city.rejects.exists()
    city.load(connection, GOOD)
    assert not city.rejects.exists()


def test_a_file_that_is_not_a_rejects_file_is_left_alone(connection: psycopg.Connection, city: SampleCity) -> None:
    city.rejects.write_text("a letter")
    city.load(connection, GOOD)
    assert city.rejects.read_text() == "a letter"


@pytest.mark.parametrize(
    ("opened", "closed", "submitted", "ended"),
    [
        # Of an hour that occurs twice, the first one counts.
        ("2024-11-03 01:30:00", "2024-11-03 03:00:00", (5, 30), (8, 0)),
        # A time that summer time skips moves forward, but never past a later written time.
        ("2024-03-10 02:30:00", "2024-03-10 03:10:00", (7, 30), (7, 30)),
        ("2024-03-10 02:30:00", "2024-03-10 03:40:00", (7, 30), (7, 40)),
    ],
)
def test_summer_time_keeps_the_order_of_steps(
    connection: psycopg.Connection,
    city: SampleCity,
    opened: str,
    closed: str,
    submitted: tuple[int, int],
    ended: tuple[int, int],
) -> None:
    row = CLOSED.replace("2024-03-02 10:00:00", opened).replace("2024-03-04 11:00:00", closed)
    assert city.load(connection, row).new == 1
    ((first, last),) = rows(connection, "select submitted_at, ended_at from report")
    assert (first.astimezone(UTC).hour, first.minute) == submitted
    assert (last.astimezone(UTC).hour, last.minute) == ended


def test_a_date_alone_means_the_moment_the_mapping_says(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(
        ('ended = { columns = ["closed"], format = "iso" }',
         'ended = { columns = ["closed"], format = "%d/%m/%Y", of_day = "23:59:59" }'),
    )  # fmt: skip
    city.load(connection, CLOSED.replace("2024-03-04 11:00:00", "02/03/2024"))
    assert rows(connection, "select ended_at from report") == [(datetime(2024, 3, 3, 4, 59, 59, tzinfo=UTC),)]


@pytest.mark.parametrize(("offset", "hour"), [("keep", 9), ("ignore", 14)])
def test_a_written_offset_counts_unless_it_is_false(
    connection: psycopg.Connection, city: SampleCity, offset: str, hour: int
) -> None:
    city.remap(("[times]", f'[times]\noffset = "{offset}"'))
    city.load(connection, GOOD.replace("2024-03-01 09:00:00", "2024-03-01T09:00:00.000Z"))
    assert rows(connection, "select submitted_at from report") == [(datetime(2024, 3, 1, hour, tzinfo=UTC),)]


def test_an_early_end_may_be_taken_as_the_submission(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(("[times]", '[times]\nearly_end = "submission"'))
    city.load(connection, CLOSED.replace("2024-03-04", "2024-03-01"))
    assert rows(connection, "select ended_at = submitted_at from report") == [(True,)]


def test_due_may_lie_before_the_submission(connection: psycopg.Connection, city: SampleCity) -> None:
    assert city.load(connection, GOOD.replace("2024-03-05", "2024-02-05")).new == 1


def test_words_that_differ_in_case_alone_are_one(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD.replace("Trees", "TREES "), CLOSED.replace("Roads", "Trees"))
    assert rows(connection, "select code, name_vi from category") == [("trees", "TREES")]


def test_the_calendar_reaches_from_the_first_report_to_the_last_deadline_or_end(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    city.load(connection, GOOD, CLOSED)
    (first, last), *_ = rows(connection, "select cast(min(day) as text), cast(max(day) as text) from working_day")
    assert (first, last) == ("2024-03-01", "2024-03-05")
    city.load(connection, GOOD.replace("2024-03-05", "2059-12-31"))
    assert rows(connection, "select cast(max(day) as text) from working_day") == [("2026-03-01",)]


def test_boundaries_loaded_by_other_means_are_kept(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD)
    connection.execute("update area set attribution = 'surveyed'")
    (city.folder / "districts.geojson").unlink()
    assert city.load(connection, GOOD, CLOSED).new == 1
    assert rows(connection, "select distinct attribution from area") == [("surveyed",)]


def test_the_sentence_gives_the_equation() -> None:
    sentence = Counts(1234, 1000, 200, 30, 4, not_located=5, district_disagrees=6).sentence()
    assert sentence.startswith("1,234 rows read = 1,000 new + 200 updated + 30 unchanged + 4 rejected. Of the 1,230 ")


def test_counts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ImportFailure, match="do not add up"):
        Counts(10, 1, 1, 1, 1, not_located=0, district_disagrees=0)
