"""What a process of the fast lane does: read blocks, and copy their rows into the scratch table `staged`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import NDArray
from psycopg import sql

from reportdb.areas import Locator
from reportdb.fast_lane.blocks import Block, CleanRows, clean_rows
from reportdb.fast_lane.lines import copy_text
from reportdb.fast_lane.row_block import RowBlockReader, TakenRows
from reportdb.fast_lane.words import read_columns
from reportdb.filling.scratch import SCRATCH
from reportdb.importer.staging import Comparison
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.words import Term

Ids = NDArray[np.int32]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Job:
    """What a process has to know: the mapping, the file's columns, the areas and the database."""

    database: str
    mapping: Mapping
    header: Sequence[str]
    delimiter: str
    at: datetime
    locator: Locator
    comparison: Comparison


@dataclass(frozen=True)
class Done:
    """What became of a block: rows that were copied, and rows that the row reader has to read, as they stand there."""

    taken: int
    odd_text: bytes
    odd_lines: Sequence[int]
    terms: dict[str, list[Term]]


Write = Callable[[dict[str, pa.Array], pa.Array], None]
"""Takes columns of `staged`, and which of their rows are to be written."""


class Worker:
    """Reads blocks, and has the rows that it takes written."""

    def __init__(self, job: Job, write: Write) -> None:
        self._job, self._write = job, write
        self._reader = RowBlockReader(job.mapping, job.at)

    def read(self, block: Block) -> Done | None:
        """Read the rows of a block; None if it is not clean, and nothing of it was written."""
        job = self._job
        rows = clean_rows(block)
        parsed = read_columns(block, rows, job.header, job.mapping.columns(), job.delimiter) if rows else None
        if parsed is None:
            return None
        rows, columns = parsed
        whole = np.flatnonzero(~rows.odd)
        read = self._reader.read(columns, len(whole))
        self._located(block, rows, whole, read)
        odd = np.flatnonzero(rows.odd)
        odd = np.sort(np.concatenate((odd, whole[~read.taken])))
        texts = [block.data[rows.begins[row] : rows.ends[row]] for row in odd.tolist()]
        return Done(
            int(read.taken.sum()),
            b"".join(texts),
            rows.lines[odd].tolist(),
            read.terms,
        )

    def _located(self, block: Block, rows: CleanRows, whole: Places, read: TakenRows) -> None:
        """Write the rows that were taken, with their places in the file and their areas."""
        lon, lat = (read.columns[name].to_numpy(zero_copy_only=False) for name in ("lon", "lat"))
        district, ward = self._job.locator.locate(lon.astype(np.float64), lat.astype(np.float64))
        columns = read.columns | {
            "line": pa.array(rows.lines[whole]),
            "raw_at": pa.array(block.start + rows.begins[whole]),
            "raw_bytes": pa.array(rows.ends[whole] - rows.begins[whole]),
            "district_id": pa.array(district, mask=district == 0),
            "ward_id": pa.array(ward, mask=ward == 0),
            "disagrees": pa.array(self._disagree(read, district, ward)),
        }
        self._write(columns, pa.array(read.taken))

    def _disagree(self, read: TakenRows, district: Ids, ward: Ids) -> NDArray[np.bool_]:
        """Return for which rows the source names another area than the one found from the coordinates."""
        mapping, compare = self._job.mapping, self._job.comparison
        disagrees = np.zeros(len(district), dtype=bool)
        for level, area in (("district", mapping.district), ("ward", mapping.ward)):
            if area is None or area.compare is None:
                continue
            found = district if area.compare == "district" else ward
            named = read.areas[level]
            key = named.places * (int(found.max(initial=0)) + 1) + found
            _, rows, places = np.unique(key, return_index=True, return_inverse=True)
            one = [compare.one(area, named.each[named.places[row]], int(found[row])) for row in rows.tolist()]
            disagrees |= np.array(one, dtype=bool)[places]
        return disagrees


_worker: Worker | None = None


def start(job: Job) -> None:
    """Make this process's worker, with a session of its own."""
    global _worker  # noqa: PLW0603 - a process of a pool has no other place for it
    session = psycopg.connect(job.database, autocommit=True, application_name="reportdb")
    session.execute("set time zone 'UTC'")
    session.execute("set synchronous_commit = off")  # what is lost in a crash is read again: the table has no log
    _worker = Worker(job, partial(_copy, session))


def _copy(session: psycopg.Connection, columns: dict[str, pa.Array], taken: pa.Array) -> None:
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(SCRATCH, "staged"), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(copy_text(list(columns.values()), taken))


def work(block: Block) -> Done | None:
    """Let this process's worker read a block."""
    if _worker is None:
        raise RuntimeError("start() comes first")
    return _worker.read(block)
