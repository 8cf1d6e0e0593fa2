"""Whatever is done to a file, no report is lost, none is doubled, and importing again changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdb.database.connection import connect
from tests.conftest import NewDatabase
from tests.import_sample import AGAIN, HEADER, SampleCity

few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NOTES = ["Hole", '"Fallen, on a path"', '"They said ""now"""', '"two\nlines"', "Cây đổ", "nó 5' dài"]
BROKEN = [
    b"",
    b"   ",
    b"junk",
    b",,,,,,,,,,,,",
    b'"',
    b'9,"unclosed,2024-03-01,,',
    b"9\0,2024-03-01 09:00:00",
    b"\xff\xfe\xfa",
    b"x" * 200_000,
    b"9,2024-03-01 09:00:00,,,app,Trees,Parks,-71.5,42.5,West,,Hole,lost",
    b"9,yesterday,,,app,Trees,Parks,-71.5,42.5,West,,Hole,open",
    b",2024-03-01 09:00:00,,,app,Trees,Parks,-71.5,42.5,West,,Hole,open",
    b"9,2024-03-01 09:00:00,,,app,Trees,Parks,-71.5,42.5,West,,H\xe9le,open",
]


def good_row(number: int, day: int, note: str, closed: bool) -> bytes:
    ended, status = (f"2024-04-{day:02} 10:00:00", "closed") if closed else ("", "open")
    opened = f"2024-03-{day:02} 09:00:00"
    # The status comes last, so that a row cut anywhere is a bad row.
    return f"A{number},{opened},{opened},{ended},app,Trees,Parks,-71.{day},42.5,West,Y,{note},{status}".encode()


good_rows = st.lists(
    st.builds(good_row, st.integers(1, 40), st.integers(1, 28), st.sampled_from(NOTES), st.booleans()),
    max_size=12,
    unique_by=lambda row: row.split(b",")[0],
)
bad_rows = st.lists(
    st.sampled_from(BROKEN)
    | st.binary(max_size=60).map(lambda garbage: garbage.replace(b"\n", b" ").replace(b"\r", b" ")),
    max_size=8,
)


@pytest.fixture(scope="module")
def emptied(new_database: NewDatabase, schema_template: str) -> Iterator[psycopg.Connection]:
    """One database for all examples; each empties it first."""
    with connect(new_database(schema_template)) as opened:
        yield opened


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


def empty(connection: psycopg.Connection) -> None:
    with connection.transaction():
        for table in ("report", "report_event", "report_source", "category", "working_day"):
            connection.execute(f"delete from {table}".encode())


def contents(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        """select to_jsonb(report), event.steps, source.*
           from report left join report_source as source on source.report_id = report.id
           left join (select report_id, array_agg((n, at, kind)::text order by n) as steps from report_event group by 1)
               as event on event.report_id = report.id
           order by report.id"""
    ).fetchall()


def file_of(rows: list[bytes]) -> bytes:
    return b"\n".join((HEADER.encode(), *rows, b""))


def taken(connection: psycopg.Connection) -> set[str]:
    return {ref for (ref,) in connection.execute("select source_ref from report")}


def ids(rows: list[bytes]) -> set[str]:
    return {f"sample:{row.split(b',')[0].decode()}" for row in rows}


@few
@given(good=good_rows.filter(bool), bad=bad_rows, data=st.data())
def test_garbage_between_good_rows_costs_none_of_them(
    emptied: psycopg.Connection, city: SampleCity, good: list[bytes], bad: list[bytes], data: st.DataObject
) -> None:
    empty(emptied)
    file = file_of(data.draw(st.permutations(good + bad)))
    counts = city.load_bytes(emptied, file)
    assert counts.read == counts.new + counts.rejected
    assert counts.new == len(good)
    assert taken(emptied) == ids(good)
    again = city.load_bytes(emptied, file, at=AGAIN)
    assert (again.new, again.updated, again.unchanged, again.rejected) == (0, 0, len(good), counts.rejected)


@few
@given(good=good_rows.filter(bool), data=st.data())
def test_the_order_of_rows_does_not_matter(
    emptied: psycopg.Connection, city: SampleCity, good: list[bytes], data: st.DataObject
) -> None:
    empty(emptied)
    city.load_bytes(emptied, file_of(good))
    first = contents(emptied)
    empty(emptied)
    city.load_bytes(emptied, file_of(data.draw(st.permutations(good))))
    assert contents(emptied) == first


@few
@given(good=good_rows.filter(bool), data=st.data())
def test_repeated_rows_make_no_second_report(
    emptied: psycopg.Connection, city: SampleCity, good: list[bytes], data: st.DataObject
) -> None:
    empty(emptied)
    repeated = data.draw(st.lists(st.sampled_from(good), max_size=10))
    counts = city.load_bytes(emptied, file_of(data.draw(st.permutations(good + repeated))))
    assert (counts.read, counts.new, counts.repeated) == (len(good) + len(repeated), len(good), len(repeated))
    assert taken(emptied) == ids(good)


@few
@given(good=good_rows.filter(bool), data=st.data())
def test_a_file_cut_anywhere_gives_the_rows_that_are_whole(
    emptied: psycopg.Connection, city: SampleCity, good: list[bytes], data: st.DataObject
) -> None:
    empty(emptied)
    file = file_of(good)
    start = len(HEADER) + 2
    cut = data.draw(st.integers(start, len(file)))
    whole, end = [], start - 1
    for row in good:
        end += len(row)
        if end <= cut:
            whole.append(row)
        end += 1
    counts = city.load_bytes(emptied, file[:cut])
    assert counts.read == counts.new + counts.rejected
    assert taken(emptied) == ids(whole)
    assert counts.new == len(whole)
    rest = city.load_bytes(emptied, file, at=AGAIN)
    assert (rest.new, rest.updated, rest.unchanged) == (len(good) - len(whole), 0, len(whole))


@few
@given(before=good_rows.filter(bool), after=good_rows.filter(bool))
def test_a_newer_file_updates_what_differs(
    emptied: psycopg.Connection, city: SampleCity, before: list[bytes], after: list[bytes]
) -> None:
    empty(emptied)
    city.load_bytes(emptied, file_of(before))
    counts = city.load_bytes(emptied, file_of(after), at=AGAIN)
    assert counts.unchanged == len(set(before) & set(after))
    assert counts.new == len(ids(after) - ids(before))
    assert counts.read == counts.new + counts.updated + counts.unchanged == len(after)
    updated = emptied.execute("select count(*) from report where updated_at = %s", [AGAIN]).fetchone()
    assert updated == (counts.new + counts.updated,)
    assert taken(emptied) == ids(before) | ids(after)
