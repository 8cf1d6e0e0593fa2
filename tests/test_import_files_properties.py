"""However a file is written, its rows come back as they were put in."""

import csv
import io
import json
import unicodedata
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.file_format import FileFormat
from reportdb.source_file.reading import opened_file
from tests.import_sample import HEADER, MAPPING
from tests.read_rows import read_rows, told

quickly = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-8",  # with its mark, whatever the mapping says
    "utf-16-le": "utf-16",
    "utf-16-be": "utf-16",
    "windows-1252": "windows-1252",
    "shift_jis": "shift_jis",
}
"""How a file is encoded, and what its mapping says."""

LETTERS = "aZ 0,;\t|'\"\\=#é"
UNICODE = f"{LETTERS}ệĐ\u0301\U0001f6a7"


class _Every:
    """A mapping that reads no column by name."""

    def __init__(self, written: FileFormat) -> None:
        self.file_format = written

    def columns(self) -> list[str]:
        return []


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, Any]:
    """A dialect of Python's csv module that its reader understands."""
    delimiter, quote = draw(st.sampled_from(",;\t|")), draw(st.sampled_from("\"'"))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE]))
    doubled = draw(st.booleans()) and quoting != csv.QUOTE_NONE
    return {
        "delimiter": delimiter,
        "quotechar": quote,
        "quoting": quoting,
        "doublequote": doubled,
        "escapechar": None if doubled else "\\",
        "lineterminator": draw(st.sampled_from(["\n", "\r\n", "\r"])),
    }


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, FileFormat, int, list[list[str]]]:
    """A file's text, its encoding, its format, the number of its first row's line, and its rows."""
    dialect, encoding = draw(dialects()), draw(st.sampled_from(sorted(ENCODINGS)))
    letters = UNICODE if encoding.startswith("utf") else LETTERS.replace("é", "" if encoding == "shift_jis" else "é")
    if encoding == "shift_jis":
        letters = letters.replace("\\", "")  # its second bytes may be backslashes
    if dialect["quoting"] == csv.QUOTE_ALL:
        letters += "\n\r"
    width = draw(st.integers(2, 4))
    field = st.text(letters, max_size=8)
    rows = draw(st.lists(st.lists(field, min_size=width, max_size=width), min_size=1, max_size=6))
    text = io.StringIO(newline="")
    end = dialect["lineterminator"]
    above = draw(st.sampled_from([0, 0, 3]))
    sep = draw(st.booleans()) and not above
    text.write(f"sep={dialect['delimiter']}{end}" if sep else f"Title{end}" * above)
    writer = csv.writer(text, **dialect)
    writer.writerow([f"c{place}" for place in range(width)])
    writer.writerows(rows)
    written = FileFormat(
        ENCODINGS[encoding],
        "\0" if sep else dialect["delimiter"],
        kind="csv",
        quote=None if dialect["quoting"] == csv.QUOTE_NONE else dialect["quotechar"],
        escape=dialect["escapechar"],
        header_line=above + 1,
    )
    return text.getvalue(), encoding, written, above + sep + 2, rows


@quickly
@given(files())
def test_rows_written_in_any_dialect_and_encoding_come_back(
    tmp_path: Path, made: tuple[str, str, FileFormat, int, list[list[str]]]
) -> None:
    text, encoding, written, first, rows = made
    file = tmp_path / "rows"
    file.write_bytes(text.encode(encoding))
    with opened_file(file, _Every(written)) as source:
        found = list(source.rows())
    assert [row.reason for row in found] == [None] * len(rows)
    assert [row.fields for row in found] == [[unicodedata.normalize("NFC", word) for word in row] for row in rows]
    assert found[0].line == first
    assert text.endswith("".join(row.text for row in found))


reports = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(1, 10**12),
            "opened": st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2024-01-01")).map(
                lambda at: at.replace(microsecond=0)
            ),
            "due": st.none()
            | st.datetimes(datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2025-01-01")).map(
                lambda at: at.replace(microsecond=0, hour=at.hour or 1)
            ),
            "how": st.sampled_from(["app", "phone", "Mobile"]),
            "what": st.sampled_from(["Trees", "Đường hỏng", "trees"]),
            "who": st.sampled_from(["Parks & Rec", "Sở Xây dựng", None]),
            "lon": st.none() | st.floats(-180, 180).map(lambda lon: round(lon, 6)),
            "lat": st.floats(-90, 90).map(lambda lat: round(lat, 6)),
            "note": st.none() | st.text("ab ,\";'ệ\n", min_size=1, max_size=12).filter(str.strip),
            "closed": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda report: report["id"],
)


def as_rows(made: list[dict[str, Any]]) -> list[list[Any]]:
    """Return reports as rows of typed values under the sample city's header."""
    columns = HEADER.split(",")
    rows = []
    for report in made:
        closed = report["closed"]
        ended = datetime.fromisoformat("2024-02-03T04:05:06") if closed else None
        row = report | {"closed": ended, "status": "closed" if closed else "open"}
        rows.append([row.get(column) for column in columns])
    return rows


@few
@given(reports)
def test_the_same_rows_give_the_same_reports_as_csv_sheet_and_json(tmp_path: Path, made: list[dict[str, Any]]) -> None:
    columns, rows = HEADER.split(","), as_rows(made)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    with (tmp_path / "city.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    book = openpyxl.Workbook()
    for row in [columns, *rows]:
        book.active.append(row)
    book.save(tmp_path / "city.xlsx")
    objects = [dict(zip(columns, row, strict=True)) for row in rows]
    lines = [json.dumps(one, default=str) for one in objects]
    (tmp_path / "city.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "city.json").write_text(f'{{"service_requests": [{",".join(lines)}]}}', encoding="utf-8")
    expected, rejected = read_rows(tmp_path / "city.csv", mapping)
    for name in ("city.xlsx", "city.jsonl", "city.json"):
        found, refused = read_rows(tmp_path / name, mapping)
        assert told(found) == told(expected)
        assert sorted(refused.values()) == sorted(rejected.values())


@quickly
@given(
    st.binary(max_size=300),
    st.sampled_from(["city.csv", "city", "city.json", "city.xlsx"]),
    st.sampled_from([b"", b"[", b"{", b"PK\3\4xl/workbook", b"id,opened\n", b"\xff\xfe"]),
)
def test_no_content_raises_anything_but_a_failure_in_words(
    tmp_path: Path, garbage: bytes, name: str, start: bytes
) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    file = tmp_path / name
    file.write_bytes(start + garbage)
    with suppress(ImportFailure):
        read_rows(file, mapping)
