"""Files of GeoReport requests, and what hostile ones can do: nothing."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdb.feeds.records import RecordSource, text_of, value_at
from reportdb.importer import Counts, ImportFailure
from reportdb.open311.bulk import import_requests, request_file
from tests.conftest import SHARED
from tests.open311_city import write_mapping

FIXTURES = SHARED / "open311" / "fixtures"
BULK: list[dict[str, Any]] = [
    {
        "service_request_id": 1,
        "requested_datetime": "2024-05-01T08:00:00-04:00",
        "updated_datetime": "2024-05-03T08:00:00-04:00",
        "closed_date": "2024-05-02T08:00:00-04:00",
        "status_description": "Closed",
        "source": "Phone",
        "service_name": "Pothole",
        "address": "Main Street",
        "lat": 42.3,
        "long": -71.1,
    },
    {
        "service_request_id": "2",
        "requested_datetime": "2024-05-01T09:00:00-04:00",
        "updated_datetime": "2024-05-03T08:00:00-04:00",
        "closed_date": "",
        "status_description": "Open",
        "source": "Mobile App",
        "service_name": "Ổ gà",
        "address": "Main Street",
        "lat": None,
        "long": None,
    },
]


def as_xml(records: list[dict[str, Any]]) -> str:
    rows = ("".join(f"<{name}>{text_of(value)}</{name}>" for name, value in one.items()) for one in records)
    return "<?xml version='1.0'?><service_requests>" + "".join(f"<request>{r}</request>" for r in rows)


def as_csv(records: list[dict[str, Any]]) -> str:
    rows = [",".join(records[0]), *(",".join(f'"{text_of(value)}"' for value in one.values()) for one in records)]
    return "\r\n".join(rows)


def load(connection: psycopg.Connection, folder: Path, content: bytes | Path) -> Counts:
    file = content if isinstance(content, Path) else folder / "requests"
    if isinstance(content, bytes):
        file.write_bytes(content)
    return import_requests(
        connection, file, mapping=str(write_mapping(folder)), rejects=folder / "rejects.csv", boundaries=folder
    )


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(BULK),
        json.dumps(BULK, ensure_ascii=False, indent=3),
        json.dumps({"service_requests": BULK}),
        json.dumps({"service_requests": {"request": BULK}}),
        "\ufeff" + "\n".join(json.dumps(one) for one in BULK),
        as_xml(BULK) + "</service_requests>",
        as_csv(BULK),
    ],
    ids=["json", "indented", "outer", "spark", "lines", "xml", "csv"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_bulk_data_come_in_in_every_form(
    connection: psycopg.Connection, tmp_path: Path, content: str, packed: bool
) -> None:
    counts = load(connection, tmp_path, gzip.compress(content.encode()) if packed else content.encode())
    assert (counts.new, counts.rejected) == (2, 0)
    rows = connection.execute(
        """select source_ref, status, cast(extract(day from ended_at - submitted_at) as int), channel.code, title, lat
           from report join channel on channel.id = channel_id order by 1"""
    ).fetchall()
    assert rows == [
        ("harbour:1", "resolved", 1, "phone", "Pothole", 42.3),
        ("harbour:2", "waiting", None, "mobile app", "Ổ gà", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither JSON nor XML"),
        (b"id,name\n1,x\n", "no CSV with a column service_request_id"),
        (b"service_request_id,a\n1\n", "line 2 has another number of columns"),
        (b'[{"service_request_id": "1"', "its JSON is broken"),
        (b'[{"service_request_id": "1"} 7]', "something that is no object"),
        (b'{"errors": [{"code": 400, "description": "no"}]}', "no file of GeoReport requests: no"),
        (as_xml(BULK).encode(), "no file of GeoReport requests"),
        (b'<!DOCTYPE r [<!ENTITY a "b">]><service_requests/>', "no file of GeoReport requests"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (gzip.compress(json.dumps(BULK).encode())[:-10], "the compressed file is incomplete"),
    ],
)
def test_a_file_that_holds_no_requests_is_refused_in_words(
    connection: psycopg.Connection, tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(ImportFailure, match=words):
        load(connection, tmp_path, content)
    assert connection.execute("select count(*) from report").fetchone() == (0,)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "resolved", "waiting"),
    [
        ("boston_requests_sample200.json", 196, 4),
        ("chicago_requests_extended_with_notes_2014.json", 49, 1),
        ("service_requests_from_spec_example.xml", 1, 1),
    ],
)
def test_real_answers_come_in_whole(
    connection: psycopg.Connection, tmp_path: Path, name: str, resolved: int, waiting: int
) -> None:
    if not FIXTURES.exists():
        pytest.skip("the fixtures (../shared/data/open311) are not here")
    counts = load(connection, tmp_path, FIXTURES / name)
    assert (counts.rejected, counts.new) == (0, resolved + waiting)
    found: dict[str, int] = dict(connection.execute("select status, count(*) from report group by 1").fetchall())
    assert found == {status: count for status, count in (("resolved", resolved), ("waiting", waiting)) if count}
    assert load(connection, tmp_path, FIXTURES / name).unchanged == resolved + waiting


def test_the_last_closing_note_is_the_end(connection: psycopg.Connection, tmp_path: Path) -> None:
    notes = [
        {"datetime": f"2024-05-0{day}T08:00:00-04:00", "type": kind}
        for day, kind in ((1, "opened"), (2, "closed"), (3, "opened"), (4, "closed"), (5, "activity"))
    ]
    one = {**BULK[0], "closed_date": None, "notes": notes, "updated_datetime": "2024-05-09T08:00:00-04:00"}
    load(connection, tmp_path, json.dumps([one]).encode())
    row = connection.execute("select extract(day from ended_at - submitted_at)::int from report").fetchone()
    assert row == (3,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a", "1"),
        ("b.c", "true"),
        ("b.d.e", ""),
        ("b", '{"c": true}'),
        ("x.y", "dotted"),
        ("many", "p, q"),
        ("notes[type=closed].at", "2"),
        ("notes[type=none].at", ""),
        ("a[type=none].at", ""),
        ("notes", '[{"type": "closed", "at": 1}, {"type": "closed", "at": 2}, 7]'),
    ],
)
def test_a_column_is_a_dotted_name(name: str, value: str) -> None:
    notes = [{"type": "closed", "at": 1}, {"type": "closed", "at": 2}, 7]
    record = {"a": 1, "b": {"c": True}, "x.y": "dotted", "many": ["p", "q"], "notes": notes}
    assert text_of(value_at(record, name)) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [("a\0b", "holds a NUL"), ("x" * 100_001, "longer than 100,000"), ("\ud800", "half of a character")],
)
def test_a_record_that_cannot_be_stored_says_why(value: str, reason: str) -> None:
    (row,) = RecordSource([{"id": value}], ["id"]).rows()
    assert row.reason is not None
    assert reason in row.reason
    row.text.encode()


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=30), min_size=1, max_size=4), max_size=30))
def test_json_is_read_piece_by_piece_as_a_whole(records: list[dict[str, str]]) -> None:
    assert list(read_in_pieces(json.dumps(records), 7)) == records
    assert list(read_in_pieces(json.dumps(records, ensure_ascii=True, indent=1), 3)) == records


def read_in_pieces(words: str, size: int) -> Iterator[object]:
    import io

    from reportdb.open311 import bulk

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bulk, "_SIGNS", size)
        with io.TextIOWrapper(
            io.BytesIO(words.encode("utf-8", "surrogatepass")), "utf-8", errors="surrogatepass"
        ) as text:
            yield from bulk._of_json(text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailure, match="cannot be read"), request_file(tmp_path):
        pass
