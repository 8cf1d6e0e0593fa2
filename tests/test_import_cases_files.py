"""How a city's file may be written: encodings, quotes, headers, kinds of files; which are refused, and why."""

import csv
import gzip
import io
import json
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from typer.testing import CliRunner

from reportdb.__main__ import app
from reportdb.importer import ImportFailure
from tests.import_sample import AGAIN, CLOSED, GOOD, HEADER, MAPPING, SampleCity
from tests.read_rows import raw_rows, read_rows, told

CASES = Path(__file__).parent / "import_cases"
ROWS = [GOOD, CLOSED, CLOSED.replace("8,", "9,", 1).replace("Hole", "Hố sâu ở phường Hòa Bình")]
CSV = "\n".join((HEADER, *ROWS, ""))


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


def case(name: str, **keys: str) -> tuple[Path, str]:
    """Return a given case's file and its mapping's text, with keys added to [source]."""
    text = (CASES / name / "mapping.toml").read_text(encoding="utf-8")
    return CASES / name / "input.csv", text.replace("[source]", "\n".join(("[source]", *keys.values())))


def written(city: SampleCity, content: bytes | str, *source: str, name: str = "city.csv") -> Path:
    """Write a file of the sample city, and its mapping with more keys in [source]."""
    city.mapping.write_text(MAPPING.replace("[source]", "\n".join(("[source]", *source))), encoding="utf-8")
    file = city.folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def notes(city: SampleCity, file: Path) -> list[str | None]:
    reports, rejected = read_rows(file, city.mapping)
    assert rejected == {}
    return [report.title for report in reports]


def test_bostons_present_file_is_read_by_the_shipped_mapping() -> None:
    (report,), rejected = read_rows(CASES / "06-boston-renamed-columns" / "legacy-2026.csv", "boston")
    assert rejected == {}
    assert report.due_at == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert (report.published_late, report.status, report.published_ward) == (True, "waiting", "Ward 7")


def test_utf_16_with_tabs_is_read(tmp_path: Path) -> None:
    file, mapping = case("21-utf16-tab")
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    reports, rejected = read_rows(file, tmp_path / "mapping.toml")
    assert rejected == {}
    assert [report.title for report in reports] == ["Đường hỏng"]


def test_an_escape_makes_quotes_letters_and_an_escape_before_the_end_is_a_letter(tmp_path: Path) -> None:
    file, mapping = case("22-backslash-quotes", escape=r'escape = "\\"')
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    reports, rejected = read_rows(file, tmp_path / "mapping.toml")
    assert rejected == {}
    assert [report.title for report in reports] == [
        'He said "big hole", twice',
        'a 12" pipe',
        "plain",
        "ends in a backslash\\",
    ]


def test_without_the_escape_the_reject_says_which_key_would_read_it() -> None:
    file, _ = case("22-backslash-quotes")
    _, rejected = read_rows(file, file.parent / "mapping.toml")
    assert rejected.keys() == {2, 3}
    assert all('escape = "\\\\" in [source]' in reason for reason in rejected.values())


def test_a_list_inside_quotes_is_no_row() -> None:
    file, _ = case("23-list-inside-quotes")
    reports, rejected = read_rows(file, file.parent / "mapping.toml")
    assert rejected == {}
    assert [report.source_ref for report in reports] == ["sample:P1", "sample:P2"]
    assert "Oak St, Elm St, Ash St" in reports[0].title


def test_the_line_ends_of_old_macs_end_lines() -> None:
    file, _ = case("31-old-mac-lines")
    reports, rejected = read_rows(file, file.parent / "mapping.toml")
    assert rejected == {}
    assert [(report.source_ref, report.line) for report in reports] == [("sample:W1", 2), ("sample:W2", 3)]


def test_a_quoted_text_may_be_thousands_of_lines_of_rows(city: SampleCity) -> None:
    inside = "\n".join(CLOSED.replace('"', "") for _ in range(900))
    file = written(city, "\n".join((HEADER, GOOD.replace("on a path", f"on\n{inside}\na path"), CLOSED)))
    reports, rejected = read_rows(file, city.mapping)
    assert rejected == {}
    assert [report.line for report in reports] == [2, 904]
    assert reports[0].title.count("Hole") == 900


def test_a_quote_that_is_never_closed_costs_its_own_line_however_far_the_file_goes_on(city: SampleCity) -> None:
    more = [CLOSED.replace("8,", f"{number},", 1) for number in range(100, 3000)]
    file = written(city, "\n".join((HEADER, GOOD.replace('path"', "path"), *more)))
    reports, rejected = read_rows(file, city.mapping)
    assert (len(reports), list(rejected)) == (2900, [2])


@pytest.mark.parametrize(
    ("encoding", "key"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-8-sig", 'encoding = "windows-1252"'),  # the file's own mark counts
        ("utf-16", ""),
        ("utf-16", 'encoding = "utf-16"'),
        ("utf-16-le", 'encoding = "utf-16"'),
        ("utf-16-be", 'encoding = "utf-16"'),
        ("utf-32", ""),
    ],
)
def test_a_unicode_file_is_read_with_and_without_its_mark(city: SampleCity, encoding: str, key: str) -> None:
    file = written(city, CSV.encode(encoding), key)
    assert notes(city, file)[2] == "Hố sâu ở phường Hòa Bình"


def in_1258(text: str) -> bytes:
    """Return a text in windows-1258, which has no letter for a vowel with a tone: the tone follows it."""
    found = b""
    for letter in text:
        marks = unicodedata.normalize("NFD", letter)
        tone = "".join(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
        base = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in tone))
        found += f"{base}{tone}".encode("windows-1258")
    return found


def test_windows_1258_is_read_and_its_letters_are_composed(city: SampleCity) -> None:
    file = written(city, in_1258(CSV), 'encoding = "windows-1258"')
    assert notes(city, file)[2] == unicodedata.normalize("NFC", "Hố sâu ở phường Hòa Bình")


def test_windows_1252_is_read(city: SampleCity) -> None:
    file = written(city, CSV.replace("Hố sâu ở phường Hòa Bình", "café – “là”").encode("cp1252"), 'encoding = "cp1252"')
    assert notes(city, file)[2] == "café – “là”"


@pytest.mark.parametrize(
    ("encoded", "named"),
    [(in_1258, "windows-1258"), (lambda text: text.encode("cp1252", "replace"), "windows-1252")],
    ids=["1258", "1252"],
)
def test_a_wrong_encoding_is_refused_with_the_likely_one(city: SampleCity, encoded: Any, named: str) -> None:
    words = "Hố sâu ở phường Hòa Bình" if named == "windows-1258" else "Trou profond à côté du café"
    rows = [ROWS[1].replace("8,", f"{n},", 1).replace("Hole", words) for n in range(20)]
    file = written(city, encoded("\n".join((HEADER, *rows))))
    with pytest.raises(ImportFailure, match=f"It looks like {named}: set encoding = '{named}'"):
        read_rows(file, city.mapping)


def test_decomposed_words_and_headers_are_composed(city: SampleCity) -> None:
    city_header = HEADER.replace("note", "ghi chú")
    decomposed = unicodedata.normalize("NFD", CSV.replace(HEADER, city_header))
    file = written(city, decomposed)
    city.remap(('title = ["note"]', 'title = ["ghi chú"]'))
    assert notes(city, file)[2] == "Hố sâu ở phường Hòa Bình"


@pytest.mark.parametrize("header", [HEADER.upper(), HEADER.replace(",", " , "), HEADER.replace("note", "No te")])
def test_names_of_columns_compare_without_case_and_spaces(city: SampleCity, header: str) -> None:
    assert len(notes(city, written(city, CSV.replace(HEADER, header)))) == 3


def test_of_two_columns_that_differ_in_case_the_exact_name_is_meant(city: SampleCity) -> None:
    rows = "\n".join(f"{row},other" for row in ROWS)
    assert "other" not in notes(city, written(city, f"{HEADER},NOTE\n{rows}"))
    assert notes(city, written(city, f"{HEADER.replace('note', 'Note')},note\n{rows}")) == ["other"] * 3


def test_a_column_may_have_other_names_and_the_first_that_is_there_is_read(city: SampleCity) -> None:
    names = '[source.also_named]\nnote = ["memo", "remark"]\n'
    for column in ("memo", "REMARK"):
        file = written(city, CSV.replace(",note,", f",{column},"))
        city.remap(("[columns]", f"{names}[columns]"))
        assert notes(city, file)[1] == "Hole"
    both = "\n".join((f"{HEADER},memo", *(f"{row},other" for row in ROWS)))
    file = written(city, both)
    city.remap(("[columns]", f"{names}[columns]"))
    assert notes(city, file)[1] == "Hole"


def test_other_names_of_a_column_that_is_not_read_are_refused(city: SampleCity) -> None:
    file = written(city, CSV)
    city.remap(("[columns]", '[source.also_named]\nnotes = ["memo"]\n[columns]'))
    with pytest.raises(ImportFailure, match=r"source.also_named.notes is no column that the mapping reads"):
        read_rows(file, city.mapping)


def test_a_column_named_in_two_ways_is_refused(city: SampleCity) -> None:
    file = written(city, CSV)
    city.remap(('title = ["note"]', 'title = ["note", "NOTE"]'))
    with pytest.raises(ImportFailure, match=r"names the column note in two ways, 'note' and 'NOTE'"):
        read_rows(file, city.mapping)


def doubled(*second: str) -> str:
    return "\n".join((f"{HEADER},note", *(f"{row},{words}" for row, words in zip(ROWS, second, strict=True))))


def test_a_column_that_is_there_twice_with_the_same_words_is_one(city: SampleCity) -> None:
    same = ('"Fallen, on a path"', "", ROWS[2].split(",")[-2])
    assert notes(city, written(city, doubled(*same)))[:2] == ["Fallen, on a path", "Hole"]


def test_a_column_that_is_there_twice_with_different_words_is_a_question(city: SampleCity) -> None:
    file = written(city, doubled("a", "b", "c"))
    with pytest.raises(ImportFailure, match=r'several columns named note.*Write "note \(1\)" or "note \(2\)"'):
        read_rows(file, city.mapping)
    city.remap(('title = ["note"]', 'title = ["note (2)"]'))
    assert notes(city, file) == ["a", "b", "c"]
    city.remap(('title = ["note"]', 'title = ["note (1)"]'))
    assert notes(city, file)[1] == "Hole"


def test_doubled_and_blank_names_that_nobody_reads_do_not_matter(city: SampleCity) -> None:
    rows = [f"{row},x,y,z,w" for row in ROWS]
    assert len(notes(city, written(city, "\n".join((f"{HEADER},,other,other,", *rows))))) == 3


def test_a_header_alone_that_ends_in_a_delimiter_costs_no_row(city: SampleCity) -> None:
    assert len(notes(city, written(city, "\n".join((f"{HEADER},", "", *ROWS))))) == 3


def test_rows_with_a_delimiter_too_many_are_broken_for_it_may_stand_anywhere(city: SampleCity) -> None:
    _, rejected = read_rows(written(city, "\n".join((HEADER, *(f"{row}," for row in ROWS)))), city.mapping)
    assert set(rejected.values()) == {"14 columns where the header has 13"}


def test_a_sep_line_names_the_delimiter(city: SampleCity) -> None:
    rows = io.StringIO()
    csv.writer(rows, delimiter=";").writerows(csv.reader(CSV.splitlines()))
    file = written(city, f"\ufeffsep=;\r\n{rows.getvalue()}")
    reports, rejected = read_rows(file, city.mapping)
    assert rejected == {}
    assert [report.line for report in reports] == [3, 4, 5]


def test_the_header_may_stand_below_title_rows(city: SampleCity) -> None:
    file = written(city, f"Báo cáo phản ánh\nTừ 1/1 đến 31/1\n\n{CSV}", "header_line = 4")
    reports, _ = read_rows(file, city.mapping)
    assert [report.line for report in reports] == [5, 6, 7]


def test_blank_lines_above_the_header_and_the_end_of_a_dos_file_are_no_rows(city: SampleCity) -> None:
    reports, rejected = read_rows(written(city, f"\r\n\r\n{CSV}\x1a"), city.mapping)
    assert rejected == {}
    assert [report.line for report in reports] == [4, 5, 6]


def test_spaces_before_a_quote_are_passed_over_where_the_row_needs_it(city: SampleCity) -> None:
    spaced = GOOD.replace('"Fallen', ' "Fallen')
    reports, rejected = read_rows(written(city, "\n".join((HEADER, spaced, CLOSED))), city.mapping)
    assert rejected == {}
    assert reports[0].title == "Fallen, on a path"


def test_utf_8_under_the_name_of_an_encoding_of_single_bytes_is_refused(city: SampleCity) -> None:
    file = written(city, CSV, 'encoding = "windows-1252"')
    with pytest.raises(ImportFailure, match="is not cp1252 text, but UTF-8: set encoding = 'utf-8'"):
        read_rows(file, city.mapping)


def test_unseen_characters_in_a_header_do_not_matter(city: SampleCity) -> None:
    assert len(notes(city, written(city, CSV.replace("note", "no\u200bte\u00a0")))) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"Report of January\n\n\n{CSV}", "Line 4 looks like the header: set header_line = 4"),
        (CSV.replace(",", ";"), "The header has one column; with ';' it would have 13: set delimiter = \";\""),
        (CSV.replace(",", "\t"), r'set delimiter = "\\t"'),
        (f"Report\n{CSV.replace(',', '|')}", r"set header_line = 2\. .*set delimiter = \"\|\""),
    ],
)
def test_a_header_that_is_elsewhere_or_split_otherwise_is_found(city: SampleCity, content: str, words: str) -> None:
    with pytest.raises(ImportFailure, match=words):
        read_rows(written(city, content), city.mapping)


def workbook(rows: list[list[Any]], *, above: int = 0, empty_first: bool = False) -> bytes:
    """Return an Excel workbook whose second sheet holds other words."""
    book = openpyxl.Workbook()
    sheet = book.active
    if empty_first:
        sheet = book.create_sheet("Data")
    for _ in range(above):
        sheet.append(["Báo cáo"])
    for row in rows:
        sheet.append(row)
    book.create_sheet("Notes").append(["nothing", "here"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def typed(word: str, column: str) -> Any:
    """Return a word as Excel and JSON have it: a number, a time, or text."""
    if column in {"opened", "due", "closed"} and word:
        return datetime.fromisoformat(word)
    return float(word) if column in {"lon", "lat"} else int(word) if column == "id" else word or None


def table() -> list[list[Any]]:
    header, *rows = list(csv.reader(CSV.splitlines()))
    return [header, *([typed(word, column) for word, column in zip(row, header, strict=True)] for row in rows)]


def objects() -> list[dict[str, Any]]:
    header, *rows = table()
    return [
        {name: str(cell) if isinstance(cell, datetime) else cell for name, cell in zip(header, row, strict=True)}
        for row in rows
    ]


JSON_LINES = "\n".join(json.dumps(one, ensure_ascii=False) for one in objects())
DOCUMENTS: dict[str, tuple[str, bytes]] = {
    "xlsx": ("city.xlsx", workbook(table())),
    "xlsx, second sheet": ("city.xlsx", workbook(table(), empty_first=True)),
    "json lines": ("city.jsonl", JSON_LINES.encode()),
    "json lines, gzipped": ("city.jsonl.gz", gzip.compress(JSON_LINES.encode())),
    "json": ("city.json", json.dumps(objects(), indent=1).encode()),
    "json in utf-16": ("city.json", json.dumps(objects(), ensure_ascii=False).encode("utf-16")),
    "georeport": ("city.json", json.dumps({"count": 3, "service_requests": objects()}).encode()),
    "georeport from xml": ("city.json", json.dumps({"service_requests": {"request": objects()}}).encode()),
    "portal": ("city.json", json.dumps({"help": {"x": [1]}, "result": {"records": objects()}}).encode()),
    "without a suffix": ("city", workbook(table())),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_other_kinds_of_files_give_the_same_reports(city: SampleCity, kind: str) -> None:
    name, content = DOCUMENTS[kind]
    expected, _ = read_rows(written(city, CSV), city.mapping)
    reports, rejected = read_rows(written(city, content, name=name), city.mapping)
    assert rejected == {}
    assert told(reports) == told(expected)


def test_excels_typed_times_are_read_whatever_the_format_of_the_mapping(city: SampleCity) -> None:
    expected, _ = read_rows(written(city, CSV), city.mapping)
    file = written(city, workbook(table()), name="city.xlsx")
    city.remap(('["opened"], format = "iso"', '["opened"], format = "%m/%d/%Y %I:%M %p"'))
    assert told(read_rows(file, city.mapping)[0]) == told(expected)


def test_a_sheet_is_chosen_by_name_and_its_header_by_row(city: SampleCity) -> None:
    file = written(city, workbook(table(), above=2, empty_first=True), 'sheet = "Data"', "header_line = 3",
                   name="city.xlsx")  # fmt: skip
    assert [report.line for report in read_rows(file, city.mapping)[0]] == [4, 5, 6]
    written(city, b"", 'sheet = "Dta"')
    with pytest.raises(ImportFailure, match=r"has no sheet named 'Dta'\. It has: Sheet, Data, Notes"):
        read_rows(file, city.mapping)
    written(city, b"")
    with pytest.raises(ImportFailure, match="Row 3 looks like the header: set header_line = 3"):
        read_rows(file, city.mapping)


def test_what_stands_beside_a_table_costs_no_row(city: SampleCity) -> None:
    rows = table()
    rows[1] += [None, None, "remark of the desk"]
    (first, *_) = raw_rows(written(city, workbook(rows), name="city.xlsx"), city.mapping)
    assert first.reason is None
    assert json.loads(first.text)["column 16"] == "remark of the desk"


def test_numbers_of_a_sheet_are_never_written_with_an_exponent(city: SampleCity) -> None:
    rows = table()
    rows[1][0], rows[2][0] = 101005000001, 9007199254740991
    rows[1][7] = -0.00000012
    reports, _ = read_rows(written(city, workbook(rows), name="city.xlsx"), city.mapping)
    assert [report.source_ref for report in reports][:2] == ["sample:101005000001", "sample:9007199254740991"]
    assert reports[0].lon == -0.00000012


def test_nested_values_are_columns_with_dots_and_lists_are_joined(city: SampleCity) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one.pop("lon"), one.pop("lat")]},
            "properties": one | {"what": ["Trees", "Parks"]},
        }
        for one in objects()
    ]
    file = written(city, json.dumps({"type": "FeatureCollection", "features": features}), name="city.geojson")
    text = MAPPING
    for column in ("id", "how", "what", "who", "status", "note", "opened", "due", "closed", "late", "place"):
        text = text.replace(f'"{column}"', f'"properties.{column}"')
    text = text.replace('lon = "lon"', 'lon = "geometry.coordinates.0"')
    city.mapping.write_text(text.replace('lat = "lat"', 'lat = "Geometry.Coordinates.1"'), encoding="utf-8")
    reports, rejected = read_rows(file, city.mapping)
    assert rejected == {}
    assert [(report.lon, report.lat) for report in reports] == [(-71.5, 42.5), (-70.5, 42.5), (-70.5, 42.5)]
    assert reports[0].category == "trees, parks"


def test_what_an_object_lacks_is_blank(city: SampleCity) -> None:
    lines = [json.dumps({name: value for name, value in one.items() if value is not None}) for one in objects()]
    reports, rejected = read_rows(written(city, "\n".join(lines), name="city.jsonl"), city.mapping)
    assert rejected == {}
    assert [report.due_at is None for report in reports] == [False, True, True]


def test_a_broken_json_line_costs_itself(city: SampleCity) -> None:
    first, *rest = JSON_LINES.splitlines()
    bad = ['{"id": 5', "[1, 2]", json.dumps({"id": "a\0b"}), '{"id": "\\ud800"}', "7"]
    file = written(city, "\n".join((first, *bad, *rest)), name="city.jsonl")
    reports, rejected = read_rows(file, city.mapping)
    assert [report.line for report in reports] == [1, 7, 8]
    assert {line: reason.split(":")[0] for line, reason in rejected.items()} == {
        2: "is no JSON",
        3: "is no JSON object",
        4: "holds a NUL character",
        5: "holds half of a character",
        6: "is no JSON object",
    }


def test_a_long_document_is_read_piece_by_piece(city: SampleCity) -> None:
    one = objects()[1]
    many = [one | {"id": number, "note": "x" * 900} for number in range(3000)]
    file = written(city, json.dumps({"meta": {"page": 1}, "service_requests": many}), name="city.json")
    reports, rejected = read_rows(file, city.mapping)
    assert rejected == {}
    assert [report.source_ref for report in reports] == [f"sample:{number}" for number in range(3000)]


def zipped(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, CSV)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "key", "words"),
    [
        ("city.csv", workbook(table()), "", "an Excel workbook under a CSV's name. Set format = 'xlsx'"),
        ("city.csv", json.dumps(objects()).encode(), "", "a JSON document under a CSV's name. Set format = 'json'"),
        ("city.csv.gz", gzip.compress(JSON_LINES.encode()), "", "a file of JSON lines under a CSV's name"),
        ("city.csv", json.dumps({"error": "no such table"}).encode(), "", "under a CSV's name"),
        ("city.csv", b"<!DOCTYPE html><html><body>503</body></html>", "", "this is a web page"),
        ("city.csv", b"\n\n<html>", "", "this is a web page"),
        ("city.csv", b'<?xml version="1.0"?><a/>', "", "this is XML"),
        ("city.csv", b"%PDF-1.4\n%\xe2\xe3", "", "this is a PDF document"),
        ("city.csv", zipped("city.csv"), "", "this is a zip archive. Unpack it"),
        ("city.csv", b"BZh91AY", "", "compressed with bzip2"),
        ("city.csv", b"PAR1\x15\x04", "", "a Parquet file"),
        ("city.csv.gz", gzip.compress(gzip.compress(CSV.encode())), "", "compressed twice"),
        ("city.csv", workbook(table()), 'format = "csv"', "is not csv, as the mapping's format says: this is an Excel"),
        ("city.xlsx", CSV.encode(), 'format = "xlsx"', "is not xlsx, .*: this is a CSV file. Set format = 'csv'"),
        ("city.xlsx", workbook(table())[:3000], "", "cannot be read as a workbook"),
        ("city.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "", "cannot be read as a workbook"),
        ("city.json", b'{"error": "no such table"}', 'format = "json"', "is JSON without a list of reports"),
        ("city.json", json.dumps(objects()).encode()[:-9], "", "is no whole JSON document"),
        ("city.json", b'[{"a": 1}]', "", "lacks columns the mapping reads: id. It has: a"),
        ("city.json", b"[]", "", "is empty: not a single row"),
        ("city.json", json.dumps({"rows": objects()}).encode(), 'rows = "items"', "without a list named 'items'"),
        ("city.jsonl", b"", 'format = "jsonl"', "is not jsonl"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_with_its_cause(
    connection: psycopg.Connection, city: SampleCity, name: str, content: bytes, key: str, words: str
) -> None:
    file = written(city, content, key, name=name)
    city.file = file
    with pytest.raises(ImportFailure, match=words):
        city.load_bytes(connection, content)
    assert connection.execute("select count(*) from report").fetchone() == (0,)


def test_a_workbook_under_a_csvs_name_is_read_if_the_mapping_says_so(city: SampleCity) -> None:
    assert len(raw_rows(written(city, workbook(table()), 'format = "xlsx"'), city.mapping)) == 3


def test_the_list_of_a_document_is_named_by_a_key(city: SampleCity) -> None:
    document = json.dumps({"a": {"service_requests": []}, "answer": {"items": objects()}})
    file = written(city, document, 'rows = "answer.items"', name="city.json")
    assert [row.line for row in raw_rows(file, city.mapping)] == [1, 2, 3]


def test_rejects_of_a_sheet_hold_the_row_as_json(connection: psycopg.Connection, city: SampleCity) -> None:
    rows = table()
    rows[2][1] = "yesterday"
    city.file = city.folder / "city.xlsx"
    counts = city.load_bytes(connection, workbook(rows))
    assert (counts.new, counts.rejected) == (2, 1)
    with city.rejects.open(encoding="utf-8", newline="") as file:
        _, (line, _, row) = csv.reader(file)
    assert line == "3"
    assert json.loads(row)["id"] == "8"
    assert json.loads(row)["opened"] == "yesterday"


def test_rejects_of_a_workbook_are_a_csv_file_by_name(
    database: str, city: SampleCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table()
    rows[2][1] = "yesterday"
    file = written(city, workbook(rows), name="city.xlsx")
    monkeypatch.chdir(city.folder)
    command = ["import", "csv", str(file), str(city.mapping), "--database", database]
    assert CliRunner().invoke(app, command).stdout.startswith("3 rows read = 2 new")
    assert (city.folder / "rejects-city.xlsx.csv").read_text(encoding="utf-8").startswith("line,reason,row")


def test_importing_the_same_rows_as_another_kind_of_file_changes_nothing(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    city.load_bytes(connection, CSV.encode())
    for kind in ("xlsx", "json lines", "georeport"):
        name, content = DOCUMENTS[kind]
        city.file = city.folder / name
        assert city.load_bytes(connection, content, at=AGAIN).unchanged == 3


def test_rejects_of_a_utf_16_file_are_written_in_utf_8(connection: psycopg.Connection, city: SampleCity) -> None:
    content = CSV.replace("2024-03-01", "hôm qua").encode("utf-16")
    assert city.load_bytes(connection, content).rejected == 1
    assert "hôm qua" in city.rejects.read_text(encoding="utf-8")


def test_rejects_of_a_windows_1258_file_keep_its_bytes(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(("[source]", '[source]\nencoding = "windows-1258"'))
    row = in_1258(ROWS[2].replace("2024-03-02", "hôm qua ở Hà Nội"))
    city.load_bytes(connection, b"\n".join((HEADER.encode(), GOOD.encode(), row)))
    assert row in city.rejects.read_bytes().replace(b'""', b'"')
