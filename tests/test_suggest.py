"""A mapping suggested from a file is sound, and right but for a few lines."""

import gzip
import io
import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from reportdb.__main__ import app
from reportdb.mapping.mapping_file import read_mapping
from reportdb.rows.row import ReportRow
from reportdb.suggest import suggest
from tests.conftest import SHARED
from tests.import_sample import SampleCity
from tests.imported import FILES
from tests.read_rows import read_rows

MOST_EDITS = 5
EDITS: dict[str, dict[str, str]] = {"boston": {}, "washington": {}, "kansas_city": {}}
"""The lines of each city's suggestion that have to be changed: as it stands, and as it has to be."""
ROWS_COMPARED = 10_000

VIETNAMESE = "\n".join((
    "Mã phản ánh;Thời gian gửi;Hạn xử lý;Ngày hoàn thành;Lĩnh vực;Đơn vị xử lý;Kênh tiếp nhận;Trạng thái;Kinh độ;Vĩ độ",
    "PA1;25/03/2024 09:00;28/03/2024 17:00;;Hạ tầng;Phường Hòa Bình;Zalo;Đang xử lý;105,85;21,02",
    "PA2;26/03/2024 10:30;29/03/2024 17:00;27/03/2024 08:00;Hạ tầng;Sở Xây dựng;Ứng dụng iHanoi;Đã xử lý;105,86;21,03",
    "PA3;27/03/2024 11:15;;;Môi trường;Sở Xây dựng;Tổng đài 1022;Chờ xử lý;105,87;21,04",
    "PA4;27/03/2024 12:15;;28/03/2024 09:00;Môi trường;Sở Xây dựng;Tổng đài 1022;Từ chối;105,87;21,04",
))  # fmt: skip


def suggested(folder: Path, content: str | bytes, name: str = "city.csv", **how: Any) -> dict[str, Any]:
    """Return the suggestion for a file, after it was read as a mapping."""
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    text = suggest(file, **how)
    (folder / "mapping.toml").write_text(text, encoding="utf-8")
    read_mapping(str(folder / "mapping.toml"))
    return tomllib.loads(text)


def truths(reports: list[ReportRow]) -> list[tuple[Any, ...]]:
    """Return of each report what must not depend on who wrote the mapping."""
    return [
        (
            *(report.source_ref.split(":", 1)[1], report.status, report.submitted_at, report.due_at, report.ended_at),
            *(report.severity, report.lon, report.lat, report.published_late),
        )
        for report in reports
    ]


@pytest.mark.real_data
@pytest.mark.parametrize("city", sorted(FILES))
def test_a_real_citys_suggestion_needs_few_edits_to_tell_the_same(tmp_path: Path, city: str) -> None:
    file = SHARED / "cities" / FILES[city]
    if not file.exists():
        pytest.skip(f"{file} is not there: the cities' files are kept outside the repository")
    text = suggest(file, "Sample")
    assert len(EDITS[city]) <= MOST_EDITS
    for before, after in EDITS[city].items():
        assert text.count(f"\n{before}\n") == 1
        text = text.replace(f"\n{before}\n", f"\n{after}\n")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(text, encoding="utf-8")
    ours, rejected = read_rows(file, mapping, ROWS_COMPARED)
    theirs, rejected_there = read_rows(file, city, ROWS_COMPARED)
    assert rejected == rejected_there
    assert Counter(report.status for report in ours) == Counter(report.status for report in theirs)
    assert truths(ours) == truths(theirs)


def test_vietnamese_columns_and_words_are_understood(tmp_path: Path) -> None:
    found = suggested(tmp_path, VIETNAMESE)
    assert found["columns"] == {
        "id": "Mã phản ánh",
        "channel": "Kênh tiếp nhận",
        "category": "Lĩnh vực",
        "unit": "Đơn vị xử lý",
        "status": "Trạng thái",
        "lon": "Kinh độ",
        "lat": "Vĩ độ",
    }
    assert found["times"] == {
        "submitted": {"columns": ["Thời gian gửi"], "format": "%d/%m/%Y %H:%M"},
        "due": {"columns": ["Hạn xử lý"], "format": "%d/%m/%Y %H:%M"},
        "ended": {"columns": ["Ngày hoàn thành"], "format": "%d/%m/%Y %H:%M"},
    }
    assert found["statuses"] == {
        "Đang xử lý": "in_progress",
        "Đã xử lý": "resolved",
        "Chờ xử lý": "waiting",
        "Từ chối": "refused",
    }
    assert (found["city"]["time_zone"], found["city"]["country"]) == ("Asia/Ho_Chi_Minh", "VN")
    assert found["source"]["delimiter"] == ";"
    assert "decimal comma" in suggest(tmp_path / "city.csv")
    assert {term["code"] for term in found["channels"]["known"]} == {"app", "zalo", "phone", "other"}


def table(*rows: str, header: str = "id,opened,closed,category,status,lon,lat") -> str:
    return "\n".join((header, *rows, ""))


def opened(*words: str) -> str:
    return table(*(f"D{n},{word},,Pothole,Open,-71.{n},42.4" for n, word in enumerate(words)))


@pytest.mark.parametrize(
    ("words", "form", "doubt"),
    [
        (["13/03/2024 09:00", "02/04/2024 09:00"], "%d/%m/%Y %H:%M", False),
        (["03/13/2024 09:00 PM", "04/02/2024 09:00 AM"], "%m/%d/%Y %I:%M %p", False),
        (["01/03/2024 09:00", "02/03/2024 09:00", "03/03/2024 09:00"], "%d/%m/%Y %H:%M", True),  # three days in March
        (["03/01/2024 09:00", "03/02/2024 09:00", "03/03/2024 09:00"], "%m/%d/%Y %H:%M", True),
        (["01/05/2024 09:00", "05/01/2024 09:00"], "%m/%d/%Y %H:%M", True),  # as the country does
        (["2024-03-01 09:00:00", "2024-03-02T09:00:00Z"], "iso", False),
        (["01.03.2024 09:00", "31.03.2024 09:00"], "%d.%m.%Y %H:%M", False),
        (["09:00 01/03/2024", "10:00 31/03/2024"], "%H:%M %d/%m/%Y", False),
        (["5-Jan-2024", "6-Feb-2024"], "%d-%b-%Y", False),
        (["1709283600", "1709370000"], "epoch", False),
        (["1709283600000", "1709370000000"], "epoch_ms", False),
    ],
)
def test_the_format_of_times_is_tried_and_day_and_month_are_told_apart_or_asked(
    tmp_path: Path, words: list[str], form: str, doubt: bool
) -> None:
    assert suggested(tmp_path, opened(*words))["times"]["submitted"]["format"] == form
    (line,) = [one for one in suggest(tmp_path / "city.csv").splitlines() if one.startswith("submitted")]
    assert ("day and month may be exchanged" in line) == doubt


def test_one_column_that_proves_the_order_of_day_and_month_tells_it_for_all(tmp_path: Path) -> None:
    rows = ["1,01/02/2024,05/02/2024,Tree,Closed", "2,02/02/2024,25/02/2024,Tree,Closed"]
    (tmp_path / "city.csv").write_text(table(*rows, header="id,opened,closed,category,status"))
    text = suggest(tmp_path / "city.csv")
    assert {one["format"] for one in tomllib.loads(text)["times"].values()} == {"%d/%m/%Y"}
    assert "may be exchanged" not in text


def test_columns_of_one_file_never_get_two_orders_of_day_and_month(tmp_path: Path) -> None:
    rows = ["1,03/01/2024,03/02/2024,Tree,Closed", "2,03/02/2024,04/02/2024,Tree,Closed"]
    (tmp_path / "city.csv").write_text(table(*rows, header="id,opened,closed,category,status"))
    text = suggest(tmp_path / "city.csv")
    assert len({one["format"] for one in tomllib.loads(text)["times"].values()}) == 1
    assert text.count("may be exchanged") == 2


HEADERS = {
    "New York": """
        Unique Key|Created Date|Closed Date|Agency|Complaint Type|Descriptor|Incident Address|Status|Due Date|Location
        284|07/11/2014 03:46:00 PM|07/14/2014 10:00:00 AM|DOT|Sidewalk|Defacement|1 MAIN ST|Closed||(40.89, -73.86)
        id Unique Key, submitted Created Date, ended Closed Date, category Complaint Type, status Status, unit Agency,
        address Incident Address, due Due Date
    """,
    "Chicago": """
        SR_NUMBER|SR_TYPE|OWNER_DEPARTMENT|STATUS|ORIGIN|CREATED_DATE|CLOSED_DATE|STREET_ADDRESS|LATITUDE|LONGITUDE
        SR18-1|Pothole|CDOT|Completed|Phone Call|07/18/2018 12:05:14 PM|07/19/2018 12:05:14 PM|1 X ST|41.8|-87.6
        id SR_NUMBER, submitted CREATED_DATE, ended CLOSED_DATE, category SR_TYPE, status STATUS, unit OWNER_DEPARTMENT,
        address STREET_ADDRESS, channel ORIGIN, lon LONGITUDE, lat LATITUDE
    """,
    "San Francisco": """
        CaseID|Opened|Closed|Updated|Status|Responsible Agency|Category|Request Type|Address|Latitude|Longitude|Source
        101|07/01/2008 12:38:00 AM|07/13/2008 12:38:00 AM||Closed|DPW|Graffiti|On wall|addr|37.77|-122.41|Phone
        id CaseID, submitted Opened, ended Closed, category Category, status Status, unit Responsible Agency,
        address Address, channel Source, lon Longitude, lat Latitude
    """,
    "of another kind": """
        Service Request #|Date Received|Date Due|Date Completed|Issue Type|Assigned Dept|Current State|GPS Lon|GPS Lat
        9|2024-01-02 10:00|2024-01-09 10:00|2024-01-03 10:00|Noise|Police|Done|-97.7|30.2
        id Service Request #, submitted Date Received, due Date Due, ended Date Completed, category Issue Type,
        status Current State, unit Assigned Dept, lon GPS Lon, lat GPS Lat
    """,
}


@pytest.mark.parametrize("city", HEADERS)
def test_the_columns_of_cities_are_known_by_their_names(tmp_path: Path, city: str) -> None:
    header, row, *roles = [line.strip() for line in HEADERS[city].strip().splitlines()]
    expected = dict(one.split(" ", 1) for one in " ".join(roles).split(", "))
    first, rest = row.split("|", 1)
    (tmp_path / "city.txt").write_text("\n".join((header, *(f"{first}{n}|{rest}" for n in range(3)))))
    found = tomllib.loads(suggest(tmp_path / "city.txt"))
    times = {key: said["columns"][0] for key, said in found["times"].items() if key != "changed"}
    columns = {key: said if isinstance(said, str) else said[0] for key, said in found["columns"].items()}
    assert {key: said for key, said in (columns | times).items() if key != "title"} == expected


def test_a_date_and_its_time_in_another_column_are_joined(tmp_path: Path) -> None:
    rows = ("1,03/13/2024,09:05 AM,03/14/2024,Pothole,Closed", "2,03/14/2024,10:05 PM,,Pothole,Open")
    content = table(*rows, header="CASE ID,CREATION DATE,CREATION TIME,CLOSED DATE,CATEGORY,STATUS")
    (tmp_path / "city.csv").write_text(content)
    times = tomllib.loads(suggest(tmp_path / "city.csv"))["times"]
    assert times["submitted"] == {"columns": ["CREATION DATE", "CREATION TIME"], "format": "%m/%d/%Y %I:%M %p"}
    assert times["ended"] == {"columns": ["CLOSED DATE"], "format": "%m/%d/%Y", "of_day": "23:59:59"}


@pytest.mark.parametrize(
    ("shift", "offset"), [(0, "ignore"), (5, "keep")], ids=["local times that say Z", "times in UTC"]
)
def test_a_zone_that_would_have_people_report_at_night_is_not_believed(tmp_path: Path, shift: int, offset: str) -> None:
    hours = [6, 7, 8, 8, 9, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
    words = [f"2024-01-{n % 28 + 1:02}T{hours[n % 15] + shift:02}:00:00Z" for n in range(60)]
    assert suggested(tmp_path, opened(*words))["times"]["offset"] == offset


def test_the_meaning_of_words_is_guessed_and_an_unknown_one_asked(tmp_path: Path) -> None:
    rows = [
        f"{n}{m},2024-03-01,{'2024-03-05' if ended else ''},Pothole,{word},-71,42"
        for n, (word, ended) in enumerate(
            (
                ("Open", False),
                ("Assigned", False),
                ("Closed - Transferred", True),
                ("Cancelled", True),
                ("Reopened", False),
                ("Duplicate (Closed)", True),
                ("Zombie", True),
            )
        )
        for m in range(3)
    ]
    assert suggested(tmp_path, table(*rows))["statuses"] == {
        "Open": "waiting",
        "Assigned": "in_progress",
        "Closed - Transferred": "resolved",
        "Cancelled": "refused",
        "Reopened": "waiting",
        "Duplicate (Closed)": "refused",
        "Zombie": "resolved",
    }
    (line,) = [one for one in suggest(tmp_path / "city.csv").splitlines() if one.startswith('"Zombie"')]
    assert "check: 3 rows, 100% with a closing time; the word is unknown" in line


def test_ids_that_went_through_a_spreadsheet_or_repeat_are_named(tmp_path: Path) -> None:
    rows = [f"1.0100{n}E+11,2024-03-01,,Pothole,Open,-71,42" for n in range(20)]
    suggested(tmp_path, table(*rows))
    assert "ids in scientific notation" in suggest(tmp_path / "city.csv")
    rows = [f"{n // 2 if n < 2 else n},2024-03-01,,Pothole,Open,-71,42" for n in range(20)]
    suggested(tmp_path, table(*rows))
    assert '"id"  # check: 1 row with an id that is there before' in suggest(tmp_path / "city.csv")


def test_a_point_that_very_many_share_is_asked(tmp_path: Path) -> None:
    rows = [f"{n},2024-03-01,,Pothole,Open,{'-71.5,42.5' if n % 2 else f'-71.{n},42.{n}'}" for n in range(100)]
    found = suggested(tmp_path, table(*rows))
    assert found["location"]["nowhere"] == [{"lon": -71.5, "lat": 42.5}]
    assert found["city"]["time_zone"] == "America/New_York"


def test_a_header_below_title_rows_another_encoding_and_an_escape_are_found(tmp_path: Path) -> None:
    rows = [f'{n},2024-03-01,,"the \\"big\\" hole, à côté",Open,-71.5,42.5' for n in range(20)]
    found = suggested(tmp_path, f"Rapport\n\n{table(*rows)}".encode("cp1252"))
    source = found["source"]
    assert (source["encoding"], source["header_line"], source["escape"]) == ("windows-1252", 3, "\\")
    reports, rejected = read_rows(tmp_path / "city.csv", tmp_path / "mapping.toml")
    assert rejected == {}
    assert reports[0].category == 'the "big" hole, à côté'


def test_workbooks_and_json_are_suggested_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Report of March"])
    for row in table("1,2024-03-01 08:00,,Pothole,Open,-71,42", "2,2024-03-02 09:00,,Tree,Open,-71,42").splitlines():
        book.active.append(row.split(","))
    content = io.BytesIO()
    book.save(content)
    found = suggested(tmp_path, content.getvalue(), "city.xlsx")
    assert (found["source"]["format"], found["source"]["header_line"]) == ("xlsx", 2)
    assert len(read_rows(tmp_path / "city.xlsx", tmp_path / "mapping.toml")[0]) == 2
    one = {
        "service_request_id": "1",
        "status": "open",
        "service_name": "Tree",
        "requested_datetime": "2024-03-01T08:00",
    }
    more = {
        "updated_datetime": "2024-03-02T08:00",
        "extended_attributes": {"channel": "web"},
        "lat": 42.0,
        "long": -71.0,
    }
    found = suggested(tmp_path, json.dumps([one | more]), "city.json")
    assert (found["source"]["format"], found["columns"]["channel"]) == ("json", "extended_attributes.channel")
    assert found["times"]["ended"]["columns"] == found["times"]["changed"]["columns"] == ["updated_datetime"]


@pytest.mark.parametrize(
    ("header", "words", "hint"),
    [
        ("place", '"(42.36, -71.06)"', "'place' seems to hold a point, such as '(42.36, -71.06)'"),
        ("place", "POINT (-71.06 42.36)", "'place' seems to hold a point"),
        ("x_coordinate", "774512.5", "'x_coordinate' may be a coordinate of a projection"),
    ],
)
def test_a_point_that_is_written_otherwise_is_pointed_at(tmp_path: Path, header: str, words: str, hint: str) -> None:
    (tmp_path / "city.csv").write_text(
        table(f"1,2024-03-01,,Tree,Open,{words}", header=f"id,opened,closed,category,status,{header}")
    )
    text = suggest(tmp_path / "city.csv")
    assert f"# check: {hint}" in text
    assert '# check: no column looks like a lon: lon = "..."' in text


def test_words_that_do_not_recur_are_not_shown(tmp_path: Path) -> None:
    rows = [f"{n},2024-03-01,,Pothole,Open,-71,42,Mrs {n} of house {n} calls" for n in range(50)]
    suggested(tmp_path, table(*rows, header="id,opened,closed,category,status,lon,lat,remarks"))
    assert "Mrs" not in suggest(tmp_path / "city.csv")


def test_the_command_writes_a_mapping_that_imports(connection: psycopg.Connection, tmp_path: Path) -> None:
    city = SampleCity(tmp_path)
    content = gzip.compress(VIETNAMESE.replace("105,", "105.").replace("21,", "21.").encode())
    (tmp_path / "hanoi.csv.gz").write_bytes(content)
    run = CliRunner()
    command = ["import", "suggest", str(tmp_path / "hanoi.csv.gz"), "--name", "Hà Nội"]
    assert run.invoke(app, command).stdout.startswith("# A first mapping for 'hanoi.csv.gz'")
    assert run.invoke(app, [*command, "--to", str(city.mapping)]).exit_code == 3  # it is there
    city.mapping.unlink()
    assert run.invoke(app, [*command, "--to", str(city.mapping)]).exit_code == 0
    assert run.invoke(app, command).stdout == city.mapping.read_text(encoding="utf-8")
    counts = city.load_bytes(connection, content)
    assert (counts.new, counts.rejected) == (4, 0)
    statuses = connection.execute("select status, count(*) from report group by 1").fetchall()
    assert dict(statuses) == {"waiting": 1, "in_progress": 1, "resolved": 1, "refused": 1}


def test_a_name_with_unseen_characters_survives_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "city.csv").write_text(
        table("1,2024-03-01,,Tree,Open,-71,42").replace("category", "type\u202e\u200b x")
    )
    shown = CliRunner().invoke(app, ["import", "suggest", str(tmp_path / "city.csv")]).stdout
    assert "\u202e" not in shown
    (tmp_path / "mapping.toml").write_text(shown, encoding="utf-8")
    assert read_rows(tmp_path / "city.csv", tmp_path / "mapping.toml")[0][0].category == "tree"


def test_a_file_that_holds_no_rows_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "city.csv"
    file.write_text("<html>")
    result = CliRunner().invoke(app, ["import", "suggest", str(file)])
    assert (result.exit_code, result.stdout) == (3, "")
    assert "this is a web page" in result.stderr


few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
hostile = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@few
@given(
    st.lists(hostile, min_size=3, max_size=3), st.lists(st.tuples(hostile, hostile, hostile), min_size=1, max_size=5)
)
def test_whatever_words_a_file_holds_the_suggestion_is_a_mapping(
    tmp_path: Path, names: list[str], words: list[tuple[str, str, str]]
) -> None:
    file = tmp_path / "city.jsonl"
    columns = [f"x{names[0]}", f"y{names[1]}", f"z{names[2]}", "status", "priority", "ontime", "channel", "department"]
    lines = []
    for n, (first, second, third) in enumerate(words):
        row = dict(zip(columns, (first, second, third, first, second, third, first, second), strict=True))
        lines.append(json.dumps(row | {"id": n, "opened": "2024-03-01", "closed": None, "category": third or "x",
                                       "lon": 1, "lat": 2}))  # fmt: skip
    file.write_text("\n".join(lines), encoding="utf-8")
    text = suggest(file)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(text, encoding="utf-8", newline="")
    found = tomllib.loads(text)
    assert found["columns"]["id"] == "id"
    if any(first.strip() for first, _, _ in words):
        read_mapping(str(mapping))
