"""Import a city's file by the fast lane if that pays, else row by row."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from reportdb.areas import Locator
from reportdb.fast_lane.blocks import BLOCK_BYTES
from reportdb.fast_lane.raw_rows import fetch_repeated
from reportdb.fast_lane.row_block import reads_all
from reportdb.fast_lane.source import FIRST_ROWS, FastSource
from reportdb.fast_lane.worker import Job
from reportdb.filling.scratch import SCRATCH, scratch, use_scratch
from reportdb.importer import Counts
from reportdb.importer.importing import import_rows
from reportdb.importer.staging import Comparison, create_lasting_table
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.mapping_file import read_mapping
from reportdb.rows.rows import RowReader
from reportdb.source_file.csv_file import CsvFile
from reportdb.source_file.raw_row import RowSource
from reportdb.source_file.reading import city_file

LARGE = 20_000_000
"""Bytes from which on a file is worth two more processes; a gzipped file's count eightfold."""

_PACKED = 8


def import_reports(
    connection: psycopg.Connection,
    file: Path,
    *,
    mapping: str,
    at: datetime | None = None,
    large: int = LARGE,
    block_bytes: int = BLOCK_BYTES,
    first_rows: int = FIRST_ROWS,
    **how: Any,
) -> Counts:
    """Import a city's file; like `import_reports` of reportdb/importer, whose other arguments `how` are.

    A CSV file of `large` bytes or more goes by the fast lane. `connection` must be in autocommit mode.
    """
    read = read_mapping(mapping)
    moment = at or datetime.now(UTC)
    with city_file(file, read) as opened:
        if not isinstance(opened, CsvFile) or not _suits(file, opened, read, large):
            return import_rows(connection, opened, read, at=moment, encoding=opened.encoding, **how)
        with scratch(connection):
            create_lasting_table(connection, SCRATCH)
            lane = FastLane(connection, file, opened, read, block_bytes=block_bytes, first_rows=first_rows)
            return import_rows(connection, opened, read, at=moment, encoding=opened.encoding, lane=lane, **how)


def _suits(file: Path, opened: CsvFile, mapping: Mapping, large: int) -> bool:
    """Whether a file is large, and written as the fast lane reads it: UTF-8, and quotes as RFC 4180 has them."""
    written = opened.written
    plain = written.escape is None and written.quote == '"' and written.delimiter.isascii()
    size = file.stat().st_size * (_PACKED if file.suffix == ".gz" else 1)
    usual = opened.encoding in {"utf-8", "utf-8-sig", "ascii"} and not opened.has_doubled_columns
    return plain and usual and size >= large and reads_all(mapping)


class FastLane:
    """The lane of one import: `reportdb/importer/lane.py` says what the importer asks of it."""

    def __init__(
        self,
        connection: psycopg.Connection,
        file: Path,
        opened: CsvFile,
        mapping: Mapping,
        *,
        block_bytes: int = BLOCK_BYTES,
        first_rows: int = FIRST_ROWS,
    ) -> None:
        self._connection, self._file, self._opened, self._mapping = connection, file, opened, mapping
        self._sizes = block_bytes, first_rows
        self._source: FastSource | None = None

    def take(self, reader: RowReader, at: datetime) -> RowSource:
        """Return the rows that the row reader has to read; the others are copied meanwhile."""
        connection = self._connection
        use_scratch(connection)
        job = Job(
            database=psycopg.conninfo.make_conninfo(connection.info.dsn, password=connection.info.password or None),
            mapping=self._mapping,
            header=self._opened.header,
            delimiter=self._opened.written.delimiter,
            at=at,
            locator=Locator(connection),
            comparison=Comparison(connection, self._mapping),
        )
        block_bytes, first_rows = self._sizes
        self._source = FastSource(
            self._file, self._opened, job, reader.accept, block_bytes=block_bytes, first_rows=first_rows
        )
        return self._source

    def finish(self) -> int:
        """Give rows that repeat an id their text, and return how many rows were copied."""
        fetch_repeated(self._connection, self._file, sql.Identifier(SCRATCH, "staged"))
        return self._source.taken if self._source else 0
