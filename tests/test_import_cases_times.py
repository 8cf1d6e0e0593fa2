"""Times and states as real cities' exports write them: small files, each of a kind, and their right outcome."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from reportdb.importer import ImportFailure, import_reports
from reportdb.mapping.mapping_file import read_mapping
from reportdb.rows.row import Rejected, ReportRow
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RawRow
from reportdb.time_formats.likely import likely_format

CASES = Path(__file__).parent / "import_cases"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


class Read:
    """The rows of a small file read through a mapping, of which some keys are replaced."""

    def __init__(
        self, folder: Path, case: str, *changes: tuple[str, str], file: str = "input.csv", text: str | None = None
    ) -> None:
        mapping = (CASES / case / "mapping.toml").read_text(encoding="utf-8")
        for before, after in changes:
            assert before in mapping
            mapping = mapping.replace(before, after)
        self.mapping = folder / "mapping.toml"
        self.mapping.write_text(mapping, encoding="utf-8")
        header, *lines = csv.reader((text or (CASES / case / file).read_text(encoding="utf-8")).splitlines())
        reader = RowReader(read_mapping(str(self.mapping)), header, NOW)
        self.reports: dict[str, ReportRow] = {}
        self.rejected: dict[str, str] = {}
        for number, line in enumerate(lines, start=2):
            try:
                report = reader.read(RawRow(number, ",".join(line), line))
            except Rejected as reason:
                self.rejected[line[0]] = str(reason)
            else:
                self.reports[report.source_ref.removeprefix("sample:")] = report

    def handling(self) -> dict[str, timedelta]:
        """Return how long each closed report took."""
        return {key: row.ended_at - row.submitted_at for key, row in self.reports.items() if row.ended_at}

    def notes(self) -> dict[str, list[str]]:
        return {key: [note.reason for note in row.notes] for key, row in self.reports.items() if row.notes}

    def statuses(self) -> list[str]:
        return [row.status for row in self.reports.values()]


def local(moment: datetime | None) -> str:
    assert moment is not None
    return moment.astimezone(NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(("state", "backlog"), [("", 3), ('wins = "status"', 3), ('wins = "time"', 1)])
def test_the_mapping_says_whether_status_or_closing_time_wins(
    connection: psycopg.Connection, tmp_path: Path, state: str, backlog: int
) -> None:
    read = Read(tmp_path, "01-open-with-closed-date", ("[statuses]", f"[state]\n{state}\n[statuses]"))
    import_reports(
        connection,
        CASES / "01-open-with-closed-date" / "input.csv",
        mapping=str(read.mapping),
        rejects=tmp_path / "rejects.csv",
        boundaries=tmp_path,
    )
    found = connection.execute("select count(*), count(*) filter (where ended_at is null) from report_at('2024-03-20')")
    assert found.fetchone() == (4, backlog)
    dropped = {key: ["open, yet with a closing time"] for key in ("16100002", "16100003")}
    assert read.notes() == (dropped if backlog == 3 else {})


def test_a_closed_report_without_a_time_has_an_unknown_end(tmp_path: Path) -> None:
    read = Read(tmp_path, "02-closed-without-date")
    assert read.statuses() == ["resolved"] * 3 + ["waiting"]
    assert [row.ended_known for row in read.reports.values()] == [True, False, False, True]
    assert read.reports["A2"].ended_at == read.reports["A2"].submitted_at
    assert not read.rejected


ENDED = 'ended = { columns = ["closed"], format = "iso" }'
CHANGED = (ENDED, f'{ENDED}\nchanged = {{ columns = ["lon"], format = "epoch" }}')


@pytest.mark.parametrize(("state", "known"), [("", False), ('closed_without_time = "changed"', True)])
def test_the_last_update_stands_in_for_a_missing_end(tmp_path: Path, state: str, known: bool) -> None:
    text = "id,opened,closed,category,status,lon,lat\nA,2024-03-01,,Pothole,Closed,1709500000,\n"
    text += "B,2024-03-09,,Pothole,Closed,1709500000,\n"
    changes = (CHANGED, ("[statuses]", f"[state]\n{state}\n[statuses]"), ('lon = "lon"', 'lon = "lat"'))
    read = Read(tmp_path, "02-closed-without-date", *changes, text=text)
    first, early = read.reports["A"], read.reports["B"]
    assert (first.ended_at, first.changed_at) == (datetime.fromtimestamp(1709500000, UTC),) * 2
    assert (first.ended_known, early.ended_known) == (known, False)
    assert early.ended_at == early.submitted_at


def test_the_update_time_is_the_end_of_closed_requests_only(tmp_path: Path) -> None:
    read = Read(
        tmp_path,
        "03-open311-only-updated",
        ('ended = { columns = ["updated', 'changed = { columns = ["updated'),
        ("[statuses]", '[state]\nclosed_without_time = "changed"\n[statuses]'),
    )
    assert read.statuses() == ["resolved"] * 2 + ["waiting"] * 3
    assert [row.ended_at is not None for row in read.reports.values()] == [True, True, False, False, False]
    assert all(row.ended_known and row.changed_at for row in read.reports.values())
    assert not read.notes()


def test_the_first_filled_closing_column_counts(tmp_path: Path) -> None:
    text = "id,opened,closed,category,status,lon,lat\nA,2024-03-01,2024-03-05 10:00,P,Closed,,2024-03-04T10:00\n"
    text += "B,2024-03-01,,P,Closed,,2024-03-04T10:00\nC,2024-03-01,soon,P,Closed,,2024-03-04T10:00\n"
    both = '[{ columns = ["closed"], format = "iso" }, { columns = ["lat"], format = "iso" }]'
    read = Read(
        tmp_path,
        "02-closed-without-date",
        ('{ columns = ["closed"], format = "iso" }', both),
        ('lat = "lat"', 'lat = "lon"'),
        text=text,
    )
    assert [local(row.ended_at)[5:] for row in read.reports.values()] == ["03-05 10:00:00"] + ["03-04 10:00:00"] * 2
    assert read.notes() == {"C": ["closed is no time as the mapping writes it"]}


@pytest.mark.parametrize(
    "key", ['midnight = "day"', 'midnight_categories = ["single streetlight issue", "Multiple Streetlight Issue"]']
)
def test_midnight_may_mean_that_no_time_of_day_is_written(tmp_path: Path, key: str) -> None:
    ended = 'ended = { columns = ["ClosedDate"], format = "%m/%d/%Y %I:%M:%S %p"'
    read = Read(tmp_path, "04-midnight-means-date-only", (ended, f"{ended}, {key}"))
    took = read.handling()
    assert took["1-2"] == timedelta(hours=13, minutes=44, seconds=59)
    assert (took["1-4"], took["1-5"]) == (timedelta(hours=2), timedelta(hours=24))
    assert read.statuses() == ["resolved"] * 5
    assert not read.notes()


def test_midnight_of_other_categories_stays_midnight(tmp_path: Path) -> None:
    ended = 'ended = { columns = ["ClosedDate"], format = "%m/%d/%Y %I:%M:%S %p"'
    read = Read(
        tmp_path,
        "04-midnight-means-date-only",
        (ended, f'{ended}, midnight_categories = ["Multiple Streetlight Issue"]'),
    )
    assert read.notes() == {"1-2": ["closed before it was submitted"]}
    assert [row.ended_known for row in read.reports.values()] == [True, False, True, True, True]


def test_an_early_end_is_unknown_or_the_submission(tmp_path: Path) -> None:
    for before, known in (("[times]", False), ('[times]\nearly_end = "submission"', True)):
        read = Read(tmp_path, "04-midnight-means-date-only", ("[times]", before))
        report = read.reports["1-2"]
        assert (report.status, report.ended_at, report.ended_known) == ("resolved", report.submitted_at, known)


@pytest.mark.parametrize("form", ["iso", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S %z"])
def test_a_zone_written_in_words_counts(tmp_path: Path, form: str) -> None:
    read = Read(tmp_path, "07-utc-written-in-words", ("%Y-%m-%d %H:%M:%S %Z", form))
    submitted = [local(row.submitted_at) for row in read.reports.values()]
    assert submitted == ["2024-01-10 09:00:00", "2024-01-10 21:30:00"]
    assert read.handling() == {"B1": timedelta(hours=6)}


@pytest.mark.parametrize(
    ("zone", "submitted"),
    [("UTC", "10 21:30"), ("+00:00", "10 21:30"), ("Asia/Ho_Chi_Minh", "10 14:30"), ("+0700", "10 14:30")],
)
def test_a_column_has_a_zone_of_its_own(tmp_path: Path, zone: str, submitted: str) -> None:
    read = Read(tmp_path, "07b-naive-utc", ('format = "iso"', f'format = "iso", zone = "{zone}"'))
    assert local(read.reports["B2"].submitted_at) == f"2024-01-{submitted}:00"


def test_the_format_that_day_and_month_suggest_is_found(tmp_path: Path) -> None:
    read = Read(tmp_path, "08-day-first-read-as-month-first")
    assert len(read.rejected) == 19
    with (CASES / "08-day-first-read-as-month-first" / "input.csv").open(encoding="utf-8") as file:
        samples = [row["opened"] for row in csv.DictReader(file)]
    form = likely_format(samples)
    assert form == "%d/%m/%Y %H:%M"
    read = Read(tmp_path, "08-day-first-read-as-month-first", ("%m/%d/%Y %H:%M", form))
    assert {row.submitted_at.month for row in read.reports.values()} == {3}
    assert len(read.reports) == 31


def test_impossible_years_cost_no_report(tmp_path: Path) -> None:
    read = Read(tmp_path, "17-impossible-years")
    assert list(read.reports) == ["J1", "J2", "J3", "J4", "J5", "J7"]
    assert read.rejected == {"J6": "opened '1900-01-01 00:00:00' is a placeholder (1900-01-01)"}
    assert read.notes() == {
        "J1": ["closed is not between 1900 and 2199"],
        "J2": ["closed is a placeholder (1900-01-01)"],
        "J3": ["due is a placeholder (9999-12-31)"],
        "J4": ["closed in the future"],
    }
    closed = {key: row.ended_known for key, row in read.reports.items() if row.status == "resolved"}
    assert closed == {"J1": False, "J2": False, "J3": True, "J4": False}
    assert all(row.ended_at is None or row.ended_at < NOW for row in read.reports.values())


def test_placeholders_of_a_column_mean_no_time(tmp_path: Path) -> None:
    due = 'due = { columns = ["due"], format = "iso"'
    read = Read(
        tmp_path,
        "17-impossible-years",
        (due, f'{due}, placeholders = ["9999-12-31", "2016-05-09 09:00:00"]'),
    )
    assert [read.reports[key].due_at for key in ("J3", "J7")] == [None, None]
    assert not {"J3", "J7"} & read.notes().keys()


def test_the_repeated_and_the_skipped_hour_keep_the_order(tmp_path: Path) -> None:
    read = Read(tmp_path, "19-dst")
    assert read.handling() == {
        "L1": timedelta(0),
        "L2": timedelta(minutes=20),
        "L3": timedelta(hours=3),
        "L4": timedelta(hours=24),
    }
    assert all(row.ended_known for row in read.reports.values())


def test_of_day_counts_only_where_no_time_is_written(tmp_path: Path) -> None:
    read = Read(tmp_path, "35-date-only-among-times")
    ends = [local(row.ended_at) for row in read.reports.values()]
    assert ends == ["2024-03-01 23:59:59", "2024-03-01 10:00:00"]


def test_a_day_that_is_before_the_submission_by_its_clock_alone_is_in_order(tmp_path: Path) -> None:
    read = Read(tmp_path, "35-date-only-among-times", ("23:59:59", "06:00:00"))
    assert read.reports["Y1"].ended_at == read.reports["Y1"].submitted_at
    assert read.reports["Y1"].ended_known


def test_a_newer_row_is_not_lost_for_a_missing_or_a_left_over_end(tmp_path: Path) -> None:
    march = Read(tmp_path, "36-known-report-frozen-by-reject", file="march.csv")
    april = Read(tmp_path, "36-known-report-frozen-by-reject", file="april.csv")
    assert (march.statuses(), april.statuses()) == (["waiting", "resolved"], ["resolved", "waiting"])
    assert (april.reports["1"].ended_known, april.reports["2"].ended_at) == (False, None)


def test_every_unambiguous_spelling_of_a_time_is_read(tmp_path: Path) -> None:
    forms = '["iso", "epoch", "epoch_ms"]'
    read = Read(tmp_path, "38-time-spellings", ('["opened"], format = "iso"', f'["opened"], format = {forms}'))
    assert read.rejected == {"T12": "opened '2025-02-29 00:00:00' is no time as the mapping writes it"}
    here, utc = datetime(2025, 1, 1, 5, 1, 5, tzinfo=UTC), datetime(2025, 1, 1, 0, 1, 5, tzinfo=UTC)
    midnight = datetime(2025, 1, 2, 5, tzinfo=UTC)
    assert {key: row.submitted_at for key, row in read.reports.items()} == {
        **dict.fromkeys(("T00", "T05", "T08", "T09", "T10"), here),
        "T01": utc.replace(microsecond=123456),
        **dict.fromkeys(("T02", "T03"), midnight),  # the end of the day, and the second after its last
        "T04": utc.replace(second=0),
        **dict.fromkeys(("T06", "T07", "T13", "T15", "T16"), utc),
        "T11": midnight - timedelta(days=1),
        "T14": utc + timedelta(hours=4),  # the offset counts, not the zone's name beside it
    }


def test_numbers_are_no_iso_times(tmp_path: Path) -> None:
    assert list(Read(tmp_path, "38-time-spellings").rejected) == ["T12", "T15", "T16"]


STATUS = ('status = "status"', 'status = ["status", "lat"]')


def test_a_status_of_two_columns_is_joined_then_looked_up_by_the_first(tmp_path: Path) -> None:
    text = "id,opened,closed,category,status,lon,lat\nA,2024-03-01,2024-03-02,P,Closed,,Duplicate\n"
    text += "B,2024-03-01,2024-03-02,P,Closed,,other\nC,2024-03-01,,P,Open,,\n"
    words = ("[statuses]", '[statuses]\n"closed duplicate" = "refused"')
    read = Read(tmp_path, "02-closed-without-date", STATUS, words, ('lat = "lat"', 'lat = "lon"'), text=text)
    assert read.statuses() == ["refused", "resolved", "waiting"]
    assert read.reports["A"].published_status == "Closed Duplicate"


@pytest.mark.parametrize(
    ("state", "statuses"),
    [
        ('blank = "in_progress"', ["in_progress", "rejected", "rejected"]),
        ('unlisted = "refused"', ["rejected", "refused", "refused"]),
        ('blank = "times"\nunlisted = "times"', ["waiting", "resolved", "waiting"]),
        ("", ["rejected", "rejected", "rejected"]),
    ],
)
def test_a_blank_and_an_unknown_status_mean_what_the_mapping_says(
    tmp_path: Path, state: str, statuses: list[str]
) -> None:
    text = "id,opened,closed,category,status,lon,lat\nA,2024-03-01,,P,,,\nB,2024-03-01,2024-03-02,P,lost,,\n"
    text += "C,2024-03-01,,P,lost,,\n"
    read = Read(tmp_path, "02-closed-without-date", ("[statuses]", f"[state]\n{state}\n[statuses]"), text=text)
    assert [read.reports[key].status if key in read.reports else "rejected" for key in "ABC"] == statuses
    assert all("status is not in the mapping" in notes for key, notes in read.notes().items() if key != "A")


def test_without_a_status_column_the_times_tell_the_state(tmp_path: Path) -> None:
    text = "id,opened,closed,category,status,lon,lat\nA,2024-03-01,2024-03-02,P,,,\nB,2024-03-01,,P,2024-03-02,,\n"
    text += "C,2024-03-01,,P,,,\nD,2024-03-01,3016-01-01,P,,,\nE,2024-03-01,1900-01-01,P,,,\n"
    read = Read(
        tmp_path,
        "02-closed-without-date",
        ('status = "status"\n', ""),
        ("[times]", '[times]\nreceived = { columns = ["status"], format = "iso" }'),
        text=text,
    )
    assert read.statuses() == ["resolved", "in_progress", "waiting", "resolved", "waiting"]
    assert [row.ended_known for row in read.reports.values()] == [True, True, True, False, True]
    assert {row.published_status for row in read.reports.values()} == {""}


def test_reopenings_are_read_as_a_count(tmp_path: Path) -> None:
    text = "id,opened,closed,category,status,lon,lat\n"
    text += "".join(f"{n},2024-03-01,,P,Open,{words},\n" for n, words in enumerate(("2", "3.0", "", "-1", "twice")))
    changes = (('lon = "lon"', 'lon = "lat"\nreopen_count = "lon"'),)
    read = Read(tmp_path, "02-closed-without-date", *changes, text=text)
    assert [row.reopen_count for row in read.reports.values()] == [2, 3, None, None, None]
    assert read.notes() == {"3": ["lon is no count"], "4": ["lon is no count"]}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('closed"], format = "iso"', 'closed"], format = ["iso", "%H:%M"]', "names no day, month and year"),
        ('closed"], format = "iso"', 'closed"], format = "iso", zone = "Mars"', "ended.zone must be an IANA time zone"),
        ('closed"], format = "iso"', 'closed"], format = "iso", midnight = "x"', "must be one of time, day"),
        ('closed"], format = "iso"', 'closed"], format = "iso", placeholders = ["never"]', "must hold dates such as"),
        ("[statuses]", '[state]\nwins = "luck"\n[statuses]', "state.wins must be one of status, time"),
        ("[statuses]", '[state]\nclosed_without_time = "changed"\n[statuses]', "times.changed is missing"),
        ('status = "status"\n', "status = []\n", "columns.status is missing"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, before: str, after: str, words: str) -> None:
    ended = (
        ("[times]", "[times]")
        if "status = [" not in after
        else ('ended = { columns = ["closed"]', 'due = { columns = ["closed"]')
    )
    with pytest.raises(ImportFailure, match=words):
        Read(tmp_path, "02-closed-without-date", ended, (before, after))
