"""The fast lane says of every file what the row reader says of it: row for row, reject for reject."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pytest

from reportdb.area_grid import AreaGrid
from reportdb.database.connection import connect
from reportdb.fast_lane import importing
from reportdb.fast_lane.importing import import_reports
from reportdb.fast_lane.row_block import reads_all
from reportdb.fast_lane.source import FastSource
from reportdb.fast_lane.worker import Job, Worker
from reportdb.importer import import_reports as import_row_by_row
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.mapping_file import read_mapping
from reportdb.rows.row import Rejected
from reportdb.rows.rows import RowReader
from reportdb.source_file.csv_file import CsvFile
from reportdb.source_file.raw_row import RowSource
from reportdb.source_file.reading import city_file
from tests.conftest import NewDatabase
from tests.import_sample import MAPPING, SampleCity
from tests.lane_files import city_file as made_file

AT = datetime(2024, 6, 1, tzinfo=UTC)
FILES = int(os.environ.get("LANE_FILES", "120"))
"""How many files are compared; LANE_FILES=2000 compares more."""

_READS = (
    MAPPING.replace(
        'title = ["note"]',
        """title = ["note"]
text = ["more", "street"]
address = ["street"]
officer = "officer"
severity = "level"
reopen_count = "again\"""",
    ).replace(
        "[location]",
        """received = { columns = ["received"], format = "iso" }
changed = { columns = ["changed"], format = "iso" }

[location]""",
    )
    + '\n[severities]\nhigh = "urgent"\n'
)
_BY_TIMES = """[state]
blank = "times"
unlisted = "waiting"
wins = "time"
closed_without_time = "changed"

[statuses]"""
MAPPINGS = (
    _READS,
    _READS.replace("[statuses]", _BY_TIMES),
    _READS.replace('title = ["note"]', 'title = ["what", "note"]').replace('["closed"]', '["closed", "more"]'),
)


class Here(Executor):
    """Does the work of the processes in this one."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def submit(self, _: Callable[..., Any], *given: Any, **__: Any) -> Future[Any]:  # type: ignore[override]
        done: Future[Any] = Future()
        done.set_result(self._worker.read(*given))
        return done


class NoAreas:
    """Finds every point in no area."""

    def locate(self, lon: Any, lat: Any) -> Any:
        nothing = AreaGrid(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=object)).locate(lon, lat)
        return nothing, nothing


def read_all(source: RowSource, reader: RowReader) -> tuple[dict[int, dict[str, Any]], list[tuple[int, str, str]]]:
    """Return the rows that a row reader takes, by their lines, and those that it rejects."""
    rows, rejects = {}, []
    for raw in source.rows():
        try:
            read = reader.read(raw)
        except Rejected as reason:
            rejects.append((raw.line, str(reason), raw.text.rstrip("\r\n")))
        else:
            rows[raw.line] = asdict(read)
    return rows, rejects


def terms(reader: RowReader) -> list[dict[str, Any]]:
    return [dict(sorted(met.items())) for met in (reader.channels, reader.categories, reader.units)]


def by_the_fast_lane(file: Path, mapping: Mapping, opened: CsvFile, block_bytes: int, first_rows: int) -> Any:
    """Return what the fast lane reads, and how many rows it took by itself."""
    taken: dict[int, dict[str, Any]] = {}
    content = file.read_bytes()

    def write(columns: dict[str, pa.Array], wanted: pa.Array) -> None:
        for row in pa.table(columns).filter(wanted).to_pylist():
            row["raw"] = content[row["raw_at"] : row["raw_at"] + row["raw_bytes"]].decode()
            taken[row["line"]] = row

    def forget(first: int, last: int) -> None:
        for line in range(first, last + 1):
            taken.pop(line, None)

    reader = RowReader(mapping, opened.header, AT)
    job = Job("", mapping, opened.header, opened.written.delimiter, AT, NoAreas(), None)  # type: ignore[arg-type]
    source = FastSource(file, opened, job, reader.accept, block_bytes=block_bytes, first_rows=first_rows,
                        pool=lambda job: Here(Worker(job, write)), forget=forget)  # fmt: skip
    rows, rejects = read_all(source, reader)
    assert source.taken == len(taken)
    return rows, rejects, taken, terms(reader)


def zoneless(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


@pytest.fixture(scope="module")
def mappings(tmp_path_factory: pytest.TempPathFactory) -> list[Mapping]:
    folder = tmp_path_factory.mktemp("mappings")
    read = []
    for number, text in enumerate(MAPPINGS):
        place = folder / f"{number}.toml"
        place.write_text(text.replace('compare = "district"\n', ""), encoding="utf-8")
        read.append(read_mapping(str(place)))
    return read


def test_the_fast_lane_knows_every_column_of_a_row(mappings: list[Mapping]) -> None:
    assert all(map(reads_all, mappings))


def test_both_lanes_read_the_same(mappings: list[Mapping], tmp_path: Path) -> None:
    file, quick, all_rows = tmp_path / "city.csv", 0, 0
    for seed in range(FILES):
        file.write_bytes(made_file(seed))
        mapping = mappings[seed % len(mappings)]
        block_bytes, first_rows = ((200, 0), (2_000, 0), (100_000, 0), (300, 10))[seed % 4]
        with city_file(file, mapping) as opened:
            reader = RowReader(mapping, opened.header, AT)
            rows, rejects = read_all(opened, reader)
        with city_file(file, mapping) as opened:
            assert isinstance(opened, CsvFile)
            other, other_rejects, taken, other_terms = by_the_fast_lane(file, mapping, opened, block_bytes, first_rows)
        assert other_rejects == rejects, seed
        assert other.keys() | taken.keys() == rows.keys(), seed
        assert not other.keys() & taken.keys(), seed
        assert {line: rows[line] for line in other} == other, seed
        for line, columns in taken.items():
            expected = rows[line]
            assert not expected["notes"], (seed, line)
            same = {name: zoneless(expected[name]) for name in columns.keys() & expected.keys()}
            assert {name: columns[name] for name in same} == same, (seed, line)
            assert expected.keys() - columns.keys() == {"notes", "written_point", "rating", "rated_at", "answer"}
        assert other_terms == terms(reader), seed
        quick, all_rows = quick + len(taken), all_rows + len(rows)
    assert quick > all_rows / 5


_CONTENTS = {
    "report": "to_jsonb(report)",
    "report_event": "to_jsonb(report_event)",
    "report_source": "to_jsonb(report_source)",
    "report_key": "to_jsonb(report_key)",
    "report_day": "to_jsonb(report_day)",
    "report_month": "to_jsonb(report_month)",
    "report_hours": "to_jsonb(report_hours)",
    "category": "to_jsonb(category)",
    "area": "to_jsonb(area)",
}


def contents(connection: psycopg.Connection) -> dict[str, list[Any]]:
    return {
        table: connection.execute(f"select {row}::text from {table} order by 1".encode()).fetchall()
        for table, row in _CONTENTS.items()
    }


def structure(connection: psycopg.Connection) -> list[Any]:
    return connection.execute(
        """select pg_get_indexdef(indexrelid) as what from pg_index where indrelid::regclass::text like 'report%'
           union all
           select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint where conrelid <> 0
           union all
           select format('%s %s %s', tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
           union all
           select nspname from pg_namespace where nspname not like 'pg_%'
           order by 1"""
    ).fetchall()


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    city = SampleCity(tmp_path)
    city.mapping.write_text(_READS, encoding="utf-8")
    return city


@pytest.fixture
def two_databases(new_database: NewDatabase, schema_template: str) -> Iterator[list[psycopg.Connection]]:
    with ExitStack() as opened:
        yield [opened.enter_context(connect(new_database(schema_template))) for _ in range(2)]


def test_a_first_load_leaves_the_database_that_rows_one_by_one_leave(
    two_databases: list[psycopg.Connection], city: SampleCity
) -> None:
    """Twice: the second time everything is known."""
    before = structure(two_databases[0])
    for seed in (3, 4):
        city.file.write_bytes(made_file(seed))
        counts, rejects = [], []
        for connection, lane in zip(two_databases, (import_row_by_row, import_reports), strict=True):
            how: dict[str, Any] = {"large": 0, "block_bytes": 2_000, "first_rows": 0} if lane is import_reports else {}
            counts.append(lane(connection, city.file, mapping=str(city.mapping), rejects=city.rejects,
                               boundaries=city.folder, at=AT, **how))  # fmt: skip
            rejects.append(city.rejects.read_bytes() if city.rejects.exists() else b"")
        assert counts[0] == counts[1]
        assert rejects[0] == rejects[1]
        slow, fast = map(contents, two_databases)
        assert slow == fast
        assert len(slow["report"]) > 10
        assert structure(two_databases[1]) == before


def test_a_first_load_that_fails_leaves_nothing_behind(
    connection: psycopg.Connection, city: SampleCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, nothing = structure(connection), contents(connection)
    city.file.write_bytes(made_file(3))

    def broken(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reportdb.importer.importing.summarise", broken)
    with pytest.raises(KeyboardInterrupt):
        import_reports(connection, city.file, mapping=str(city.mapping), rejects=city.rejects,
                       boundaries=city.folder, at=AT, large=0, first_rows=0)  # fmt: skip
    assert contents(connection) == nothing
    assert structure(connection) == before
    assert not list(city.folder.glob("*rejects*"))


def test_small_files_go_row_by_row(
    connection: psycopg.Connection, city: SampleCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "scratch", None)
    city.file.write_bytes(made_file(3))
    counts = import_reports(connection, city.file, mapping=str(city.mapping), rejects=city.rejects,
                            boundaries=city.folder, at=AT)  # fmt: skip
    assert counts.new > 10
