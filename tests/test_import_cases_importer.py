"""Whole files: which are refused and why, which row of a report counts, and what the account says."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import figures, with_sums
from queries.figures.period import hours
from reportdb.check import find_damage
from reportdb.importer import ImportFailure
from reportdb.rows.row import Note, ReportRow
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RawRow
from tests.import_cases import IMPORTED, Case

NewCase = Callable[[str], Case]
HEADER = "id,opened,closed,category,status,lon,lat,updated"
NEW_YORK = ZoneInfo("America/New_York")
KNOWN = "select id, updated_at, status, source_changed_at from report join report_source on id = report_id order by id"


@pytest.fixture
def case(tmp_path: Path) -> NewCase:
    return lambda number: Case(number, tmp_path)


@pytest.fixture
def dated(tmp_path: Path) -> Case:
    """A city whose file says when each row was changed."""
    made = Case("36", tmp_path)
    made.remap("ended = {", 'changed = { columns = ["updated"], format = "iso" }\nended = {')
    made.remap("nothing = []", "nothing = []\nmost_rejected = 1")
    return made


def rows(connection: psycopg.Connection, question: str) -> list[tuple[Any, ...]]:
    return connection.execute(question.encode()).fetchall()


def listed(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))[1:]


def damage(connection: psycopg.Connection) -> list[str]:
    """What `check` finds, except that the calendar does not reach into the future."""
    return [str(finding) for finding in find_damage(connection, IMPORTED) if finding.table != "working_day"]


def of_2024(at: datetime) -> Filters:
    return Filters(at=at, zone=NEW_YORK, start=datetime(2024, 1, 1, tzinfo=NEW_YORK), end=at)


def row(number: int, status: str, updated: str, **other: str) -> str:
    told = {"closed": "", "category": "Pothole", "lon": "-73.9", "lat": "40.7"} | other
    place = f"{told['lon']},{told['lat']}"
    return f"{number},2024-03-01 09:00:00,{told['closed']},{told['category']},{status},{place},{updated}"


# Closed at an unknown time


def test_reports_closed_at_an_unknown_time_are_resolved_and_in_no_rate(
    connection: psycopg.Connection, reports: ReportDatabase, case: NewCase
) -> None:
    sample = case("02")
    sample.remap("ended = {", 'due = { columns = ["opened"], format = "iso" }\nended = {')
    counts = sample.load(connection)
    assert (counts.new, counts.rejected, counts.account.time_unknown) == (4, 0, 2)
    table = with_sums(figures(reports, of_2024(IMPORTED))).iloc[0]
    assert (table["received"], table["resolved"], table["open"]) == (4, 3, 1)
    assert table["resolved_time_unknown"] == 2
    # One was closed late, one is open past its deadline.
    assert (table["fell_due"], table["done_by_due"]) == (2, 0)
    assert (table["resolved_on_time"], table["resolved_late"], table["resolved_no_deadline"]) == (0, 1, 0)
    assert damage(connection) == []
    assert rows(connection, "select count(*) from report where worked_minutes is not null") == [(1,)]


def test_handling_times_are_of_those_whose_end_is_known(
    connection: psycopg.Connection, reports: ReportDatabase, case: NewCase
) -> None:
    case("02").load(connection)
    (median,) = hours(reports, of_2024(IMPORTED))["median_hours"]
    assert median == 78  # one report: three days and an hour, on the scale of quarters of a day
    by_reports = hours(reports, replace(of_2024(IMPORTED), start=datetime(2024, 1, 1, 0, 1, tzinfo=NEW_YORK)))
    assert by_reports["median_hours"].tolist() == [78]


def test_a_closing_time_that_becomes_known_counts_from_then_on(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("02")
    sample.load(connection)
    known = (
        (sample.own / "input.csv").read_text().replace("10:00:00,,Pothole,Closed", "10:00:00,2024-03-09,Pothole,Closed")
    )
    counts = sample.load_bytes(connection, known.encode())
    assert (counts.updated, counts.account.changes["with another closing time"]) == (2, 2)
    assert rows(connection, "select count(*) from report where ended_known and worked_minutes is not null") == [(3,)]
    assert damage(connection) == []


def test_an_open_row_with_a_closing_time_is_open(connection: psycopg.Connection, case: NewCase) -> None:
    counts = case("01").load(connection)
    assert (counts.new, counts.rejected) == (4, 0)
    assert sum(counts.account.notes.values()) == 2
    assert rows(connection, "select count(*) filter (where ended_at is null), count(*) from report") == [(3, 4)]


# Files that are refused as a whole


def nothing_happened(connection: psycopg.Connection, sample: Case) -> bool:
    untouched = rows(connection, "select count(*) from report") == [(0,)]
    return untouched and not sample.rejects.exists() and not sample.notes.exists()


def test_day_and_month_exchanged_are_named(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("08")
    with pytest.raises(
        ImportFailure, match=r"19 of 31 rows would be rejected.*With %d/%m/%Y %H:%M all 31 would be read"
    ):
        sample.load(connection)
    assert nothing_happened(connection, sample)
    sample.remap("%m/%d/%Y", "%d/%m/%Y")
    assert sample.load(connection).new == 31


def test_ids_in_scientific_notation_are_refused(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("09")
    with pytest.raises(
        ImportFailure, match=r"20 of 20 ids are in scientific notation.*1\.01003E\+11.*Fetch the original"
    ):
        sample.load(connection)
    assert nothing_happened(connection, sample)


def test_a_false_delimiter_is_named(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("36")
    good = [f"{n},2024-03-01,,Pothole,Open,-73.9,40.7" for n in range(20)]
    with pytest.raises(ImportFailure, match="With a semicolon 20 of 20 broken rows would have the header's columns"):
        sample.load_text(
            connection, "id,opened,closed,category,status,lon,lat", *(line.replace(",", ";") for line in good)
        )
    assert nothing_happened(connection, sample)


def test_longitude_and_latitude_exchanged_are_refused(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("29")
    sample.rectangle("boston_city_council_districts.geojson", -71.3, 42.2, -70.9, 42.4, DISTRICT="1")
    sample.rectangle("boston_neighborhoods.geojson", -71.3, 42.2, -70.9, 42.4, neighborhood_id="1", name="All")
    with pytest.raises(
        ImportFailure, match=r"Only 0 points lie in the city\. With longitude and latitude exchanged 100 of 100"
    ):
        sample.load(connection)
    assert nothing_happened(connection, sample)
    sample.remap('lon = "latitude"', 'lon = "longitude"')
    sample.remap('lat = "longitude"', 'lat = "latitude"')
    assert sample.load(connection).new == 100


def test_exchanged_coordinates_that_are_no_degrees_are_refused_too(
    connection: psycopg.Connection, case: NewCase
) -> None:
    sample = case("36")
    sample.remap(
        "[categories]", '[[boundaries]]\nlevel = "district"\nfile = "a.geojson"\ncode = "c"\nname = "c"\n[categories]'
    )
    sample.rectangle("a.geojson", 105, 20, 106, 22, c="Hanoi")
    hanoi = [f"{n},2024-03-01,,Pothole,Open,21.0{n},105.8" for n in range(10, 20)]
    with pytest.raises(ImportFailure, match="exchanged 10 of 10"):
        sample.load_text(connection, "id,opened,closed,category,status,lon,lat", *hanoi)


@pytest.mark.parametrize(("most", "bad", "refused"), [("0.05", 6, True), ("0.05", 5, False), ("0.2", 6, False)])
def test_a_share_of_rejected_rows_refuses_the_file(
    connection: psycopg.Connection, case: NewCase, most: str, bad: int, refused: bool
) -> None:
    sample = case("36")
    sample.remap("nothing = []", f"nothing = []\nmost_rejected = {most}")
    lines = [f"{n},2024-03-01,,Pothole,Open,-73.9,40.7" for n in range(40)]
    lines[:bad] = [line.replace("Open", f"Lost {n}") for n, line in enumerate(lines[:bad])]
    if refused:
        with pytest.raises(ImportFailure, match=r"6 of 40 rows would be rejected \(6 unknown word in status\)"):
            sample.load_text(connection, "id,opened,closed,category,status,lon,lat", *lines)
    else:
        assert sample.load_text(connection, "id,opened,closed,category,status,lon,lat", *lines).rejected == bad


def test_whole_rows_repeated_are_no_rejects(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("36")
    lines = [f"{n},2024-03-01,,Pothole,Open,-73.9,40.7" for n in range(10)]
    counts = sample.load_text(connection, "id,opened,closed,category,status,lon,lat", *lines, *lines, *lines)
    assert (counts.read, counts.new, counts.repeated, counts.rejected) == (30, 10, 20, 0)
    assert not sample.rejects.exists()
    assert any(line.startswith("20 rows are the same as an earlier row") for line in counts.lines())


# The newest row counts


def test_a_newer_file_closes_and_reopens(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("36")
    sample.load(connection, "march.csv")
    counts = sample.load(connection, "april.csv")
    assert (counts.updated, counts.rejected) == (2, 0)
    assert (counts.account.changes["resolved since"], counts.account.changes["open again"]) == (1, 1)
    assert rows(connection, "select public_code, status from report order by 1") == [
        ("S-1", "resolved"),
        ("S-2", "waiting"),
    ]


def test_of_versions_in_one_file_the_newest_counts(connection: psycopg.Connection, dated: Case) -> None:
    newest = row(1, "Closed", "2024-03-09", closed="2024-03-08")
    counts = dated.load_text(
        connection, HEADER, row(1, "Open", "2024-03-02"), newest, row(1, "Open", ""), row(2, "Open", "2024-03-02")
    )
    assert (counts.read, counts.new, counts.older, counts.rejected) == (4, 2, 2, 0)
    assert rows(connection, "select status from report order by id") == [("resolved",), ("waiting",)]
    assert any(line.startswith("2 rows are left out, because the file holds a newer one") for line in counts.lines())


def test_rows_that_differ_and_are_equally_new_are_rejected(connection: psycopg.Connection, dated: Case) -> None:
    counts = dated.load_text(
        connection, HEADER, row(1, "Open", "2024-03-02"), row(1, "Open", "2024-03-02", category="Graffiti")
    )
    assert (counts.new, counts.rejected) == (1, 1)
    assert [line[:2] for line in listed(dated.rejects)] == [["3", "repeats the id of line 2"]]
    assert rows(connection, "select code from category") == [("pothole",)]


def test_an_older_file_changes_nothing_and_says_so(connection: psycopg.Connection, dated: Case) -> None:
    dated.load_text(connection, HEADER, row(1, "Closed", "2024-03-09", closed="2024-03-08"))
    before = rows(
        connection,
        KNOWN,
    )
    counts = dated.load_text(
        connection, HEADER, row(1, "Open", "2024-03-02", category="Other"), at=IMPORTED + timedelta(days=1)
    )
    assert (counts.read, counts.older, counts.updated) == (1, 1, 0)
    assert (
        rows(
            connection,
            KNOWN,
        )
        == before
    )
    assert rows(connection, "select code from category") == [("pothole",)]
    assert "1 row is older than what is known (2024-03-10 04:59 UTC) and changed nothing." in counts.lines()


# Stale reports


def test_a_known_report_whose_newer_row_was_rejected_is_stale_until_a_good_one(
    connection: psycopg.Connection, dated: Case
) -> None:
    dated.load_text(connection, HEADER, row(1, "Open", "2024-03-02"), row(2, "Open", "2024-03-02"))
    counts = dated.load_text(connection, HEADER, row(1, "Lost", "2024-03-09"), row(2, "Open", "2024-03-02"))
    assert (counts.rejected, counts.account.made_stale, counts.account.stale) == (1, 1, 1)
    stale = "select report_id, stale_since, stale_reason from report_source where stale_since is not null"
    assert rows(connection, stale) == [(1, IMPORTED, "unknown word in status")]
    found = damage(connection)
    assert len(found) == 1
    assert "newer row of the source was rejected" in found[0]
    # A good row that is older than the rejected one says nothing of what that one said.
    dated.load_text(connection, HEADER, row(1, "Open", "2024-03-05"))
    assert len(rows(connection, stale)) == 1
    assert dated.load_text(connection, HEADER, row(1, "Closed", "2024-03-10")).account.stale == 0
    assert rows(connection, stale) == []
    assert damage(connection) == []


def test_a_rejected_row_that_is_older_makes_nothing_stale(connection: psycopg.Connection, dated: Case) -> None:
    dated.load_text(connection, HEADER, row(1, "Open", "2024-03-09"))
    assert dated.load_text(connection, HEADER, row(1, "Lost", "2024-03-02")).account.made_stale == 0


def test_without_a_time_of_change_a_good_row_of_the_same_file_suffices(
    connection: psycopg.Connection, case: NewCase
) -> None:
    sample = case("36")
    sample.load(connection, "march.csv")
    header, first, second = (sample.own / "april.csv").read_text().splitlines()
    lost = first.replace("Closed", "Lost")
    assert sample.load_text(connection, header, lost, first, second).account.made_stale == 0
    counts = sample.load_text(connection, header, lost, second)
    assert counts.account.made_stale == 1
    assert any("perhaps out of date" in line for line in counts.lines())
    assert sample.load_text(connection, header, first, second).account.stale == 0


# The account


class Noting(RowReader):
    """A reader that cannot read the deadline of any row."""

    def read(self, row: RawRow) -> ReportRow:
        note = Note("due is no time as the mapping writes it", "due", "TBD")
        return replace(super().read(row), notes=(note,))


def test_values_that_cannot_be_read_are_listed_beside_the_rejects(
    connection: psycopg.Connection, case: NewCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportdb.importer.importing.RowReader", Noting)
    sample = case("36")
    counts = sample.load(connection, "march.csv")
    assert counts.account.notes == {"due is no time as the mapping writes it": 2}
    assert listed(sample.notes) == [[line, "due", "due is no time as the mapping writes it", "TBD"] for line in "23"]
    assert sample.notes.stat().st_mode & 0o777 == 0o600
    assert (
        f"2 values unknown: 2 due is no time as the mapping writes it. They are listed in {sample.notes}."
        in counts.lines()
    )
    monkeypatch.undo()
    sample.load(connection, "march.csv")
    assert not sample.notes.exists()


def test_a_bad_secondary_field_costs_no_row(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("33")
    counts = sample.load(connection)
    assert (counts.new, counts.rejected) == (5, 0)
    assert sum(counts.account.notes.values()) == 4 == len(listed(sample.notes))


def test_the_account_tells_places_apart_and_names_odd_times(connection: psycopg.Connection, case: NewCase) -> None:
    sample = case("36")
    sample.remap(
        "[categories]", '[[boundaries]]\nlevel = "district"\nfile = "a.geojson"\ncode = "c"\nname = "c"\n[categories]'
    )
    sample.remap("[statuses]", "[location]\nnowhere = [{ lon = 0, lat = 0 }]\n[statuses]")
    sample.rectangle("a.geojson", -74, 40, -73, 41, c="City")
    counts = sample.load_text(
        connection,
        "id,opened,closed,category,status,lon,lat",
        "1,2024-03-01,,Pothole,Open,-73.9,40.7",
        "2,2024-03-01,,Pothole,Open,-60,40.7",
        "3,2024-03-01,,Pothole,Open,,",
        "4,1999-03-01,,Pothole,Open,-73.9,40.7",
        "5,2044-03-01,,Pothole,Open,-73.9,40.7",
    )
    told = counts.account
    assert told.places == {"located": 4, "no point": 1}
    assert (told.in_no_area, told.future, told.before_2000) == (1, 1, 1)
    words = "\n".join(counts.lines())
    assert "Places: 4 located, 1 without a point. 1 of the located lie in no area of the city." in words
    assert "Statuses: 5 waiting." in words
    assert "Submitted from 1999-03-01 00:00 to 2044-03-01 00:00, by the city's clock." in words
    assert "1 report has a time in the future" in words
    assert "1 report has a time before the year 2000" in words


def test_points_that_fit_the_earth_only_if_exchanged_refuse_the_file(
    connection: psycopg.Connection, case: NewCase
) -> None:
    sample = case("36")
    rows_of = [f"{n},2024-03-01,,Pothole,Open,37.7,-122.4" for n in range(1, 9)]
    with pytest.raises(
        ImportFailure, match="8 points are on the earth only with longitude and latitude exchanged, 0 as"
    ):
        sample.load_text(connection, "id,opened,closed,category,status,lon,lat", *rows_of)
    few = sample.load_text(connection, "id,opened,closed,category,status,lon,lat", *rows_of[:3])
    assert few.account.places == {"not degrees": 3}
    assert any("No boundaries are loaded" in line for line in few.lines())


def test_rejects_are_counted_by_reason_and_their_file_is_named(connection: psycopg.Connection, dated: Case) -> None:
    counts = dated.load_text(connection, HEADER, row(1, "Lost", ""), row(2, "Lost", ""), ",,,,,,,", row(4, "Open", ""))
    assert counts.account.rejects == {"unknown word in status": 2, "no id": 1}
    assert f"3 rejected: 2 unknown word in status, 1 no id. They are listed in {dated.rejects}." in counts.lines()


# A dry run


def test_a_dry_run_tells_all_and_changes_nothing(connection: psycopg.Connection, dated: Case) -> None:
    dated.load_text(connection, HEADER, row(1, "Open", "2024-03-02"), row(2, "Lost", "2024-03-02"))
    before = rows(connection, "select id, source_ref, status, updated_at from report"), dated.rejects.read_bytes()
    file = HEADER, row(1, "Closed", "2024-03-09"), row(3, "Open", "", category="Other"), "broken"
    told = dated.load_text(connection, *file, dry_run=True)
    assert (told.new, told.updated, told.rejected) == (1, 1, 1)
    assert told.lines()[-1] == "This was a dry run: nothing was changed."
    assert (
        rows(connection, "select id, source_ref, status, updated_at from report"),
        dated.rejects.read_bytes(),
    ) == before
    assert rows(connection, "select code from category") == [("pothole",)]
    assert [line[0] for line in listed(dated.folder / "rejects-input.csv.dry-run")] == ["4"]
    assert dated.load_text(connection, *file) == told


# Snapshots of what is open

DAY = timedelta(days=1)
FIRST = datetime(2024, 3, 10, 9, tzinfo=NEW_YORK)


@pytest.fixture
def daily(tmp_path: Path) -> Case:
    """A city whose daily file holds only the open reports."""
    made = Case("36", tmp_path)
    made.remap("nothing = []", 'nothing = []\nmissing = "closed"')
    return made


def snapshot(daily: Case, connection: psycopg.Connection, *numbers: int, at: datetime, bad: int = -1) -> Any:
    lines = [f"{n},2024-03-01 09:00:00,,Pothole,{'Lost' if n == bad else 'Open'},-73.9,40.7" for n in numbers]
    header = "id,opened,closed,category,status,lon,lat"
    return daily.load_text(connection, header, *lines, snapshot_at=at, at=at.astimezone(UTC))


STATES = "select public_code, status, ended_at, ended_known from report order by id"


def test_a_report_missing_from_a_snapshot_is_closed_then(connection: psycopg.Connection, daily: Case) -> None:
    snapshot(daily, connection, 1, 2, 3, at=FIRST)
    counts = snapshot(daily, connection, 1, 3, at=FIRST + DAY)
    assert (counts.unchanged, counts.account.closed_as_missing) == (2, 1)
    assert (
        "1 open report was closed, because it is missing from the snapshot of 2024-03-11 13:00 UTC." in counts.lines()
    )
    ended = FIRST + DAY
    assert rows(connection, STATES)[1] == ("S-2", "resolved", ended, True)
    assert rows(connection, "select kind from report_event where report_id = 2 order by n") == [
        ("submitted",),
        ("resolved",),
    ]
    assert damage(connection) == []
    # It is there again: it was not closed after all.
    assert snapshot(daily, connection, 1, 2, 3, at=FIRST + 2 * DAY).account.changes["open again"] == 1
    assert {status for _, status, *_ in rows(connection, STATES)} == {"waiting"}


def test_an_older_snapshot_closes_and_opens_nothing(connection: psycopg.Connection, daily: Case) -> None:
    snapshot(daily, connection, 1, 2, at=FIRST)
    snapshot(daily, connection, 1, at=FIRST + 2 * DAY)
    before = rows(connection, STATES)
    counts = snapshot(daily, connection, 2, at=FIRST + DAY)
    assert (counts.older, counts.account.closed_as_missing) == (1, 0)
    assert rows(connection, STATES) == before


def test_the_end_is_unknown_after_a_gap_and_where_it_decides_whether_it_was_late(
    connection: psycopg.Connection, daily: Case
) -> None:
    daily.remap("ended = {", 'due = { columns = ["due"], format = "iso" }\nended = {')
    header = "id,opened,closed,category,status,lon,lat,due"
    lines = [f"{n},2024-03-01,,Pothole,Open,-73.9,40.7,2024-03-{due}" for n, due in ((1, "09"), (2, "10"), (3, "20"))]
    daily.load_text(connection, header, *lines, "4,2024-03-01,,Pothole,Open,,,", snapshot_at=FIRST)
    daily.load_text(connection, header, "4,2024-03-01,,Pothole,Open,,,", snapshot_at=FIRST + DAY)
    assert [known for *_, known in rows(connection, STATES)] == [True, False, True, True]
    daily.load_text(connection, header, "5,2024-03-01,,Pothole,Open,,,", snapshot_at=FIRST + 7 * DAY)
    assert [known for *_, known in rows(connection, STATES)] == [True, False, True, False, True]
    assert damage(connection) == []


def test_a_snapshot_that_is_too_small_is_refused(connection: psycopg.Connection, daily: Case) -> None:
    snapshot(daily, connection, *range(20), at=FIRST)
    with pytest.raises(ImportFailure, match="would close 11 of 20 open reports"):
        snapshot(daily, connection, *range(9), at=FIRST + DAY)
    assert rows(connection, "select count(*) from report where ended_at is not null") == [(0,)]
    daily.remap('missing = "closed"', 'missing = "closed"\nmost_missing = 0.9')
    assert snapshot(daily, connection, *range(9), at=FIRST + DAY).account.closed_as_missing == 11


def test_a_report_whose_row_was_rejected_is_not_missing(connection: psycopg.Connection, daily: Case) -> None:
    snapshot(daily, connection, 1, 2, at=FIRST)
    counts = snapshot(daily, connection, 1, 2, at=FIRST + DAY, bad=2)
    assert (counts.rejected, counts.account.closed_as_missing, counts.account.made_stale) == (1, 0, 1)
    assert [status for _, status, *_ in rows(connection, STATES)] == ["waiting", "waiting"]


def test_without_a_time_the_snapshot_is_as_old_as_its_newest_row(connection: psycopg.Connection, daily: Case) -> None:
    header = "id,opened,closed,category,status,lon,lat"
    one, two = (f"{n},2024-03-0{n} 09:00:00,,Pothole,Open,-73.9,40.7" for n in (1, 2))
    daily.load_text(connection, header, one, two)
    counts = daily.load_text(connection, header, one, two.replace("2,", "3,", 1).replace("03-02", "03-05"))
    assert counts.account.snapshot_at == datetime(2024, 3, 5, 9, tzinfo=NEW_YORK)
    assert rows(connection, STATES)[1][:3] == ("S-2", "resolved", datetime(2024, 3, 5, 9, tzinfo=NEW_YORK))
