"""A CSV file whose plain rows are read by several processes, and whose other rows are read one after the other."""

import io
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from reportdb.fast_lane.blocks import BLOCK_BYTES, Block, blocks
from reportdb.fast_lane.worker import Done, Job, start, work
from reportdb.filling.scratch import SCRATCH
from reportdb.mapping.words import Term
from reportdb.source_file.csv_file import CsvFile
from reportdb.source_file.encodings import KEEP_BYTES
from reportdb.source_file.opening import bytes_of, told_when_broken
from reportdb.source_file.raw_row import RawRow

PROCESSES = 2
_AHEAD = 2  # blocks that wait for each process
FIRST_ROWS = 10_000  # read one after the other: what a message about the whole file is made of

Accept = Callable[[dict[str, list[Term]]], None]


def processes(job: Job) -> Executor:
    """Return a pool of processes that do `work`."""
    return ProcessPoolExecutor(PROCESSES, get_context("spawn"), start, (job,))


class FastSource:
    """The rows of a CSV file that the row reader has to read; the others are copied into the scratch table `staged`.

    `accept` is told which terms those name. `connection` deletes rows of blocks that turn out to begin within a row.
    """

    def __init__(
        self,
        file: Path,
        source: CsvFile,
        job: Job,
        accept: Accept,
        *,
        block_bytes: int = BLOCK_BYTES,
        first_rows: int = FIRST_ROWS,
        pool: Callable[[Job], Executor] = processes,
        forget: Callable[[int, int], None] | None = None,
    ) -> None:
        self.header = source.header
        self.taken = 0
        """Rows that were copied."""
        self._file, self._source, self._job, self._accept = file, source, job, accept
        self._bytes, self._first_rows, self._pool = block_bytes, first_rows, pool
        self._forget = forget or partial(_delete, job.database)
        self._position = 0

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self._position

    def size(self) -> int:
        """Return the file's size in bytes."""
        return self._source.size()

    def rows(self) -> Iterator[RawRow]:
        """Yield the rows that were not copied, in their order. Raises ImportFailure if the file is truncated."""
        with bytes_of(self._file) as (content, raw), told_when_broken(self._file):
            head = _head(content, self._source.first_line - 1)
            mark = len(head) - len(head.removeprefix(b"\xef\xbb\xbf"))
            read = blocks(content, len(head), self._source.first_line, self._bytes)
            with self._pool(self._job) as pool:
                queue = _Queue(read, pool, self._first_rows)
                try:
                    for block, done in queue:
                        self._position = raw.tell()
                        if done is None:
                            yield from self._slowly(head[mark:], block, queue)
                            continue
                        self.taken += done.taken
                        self._accept(done.terms)
                        yield from self._odd(head[mark:], done)
                finally:
                    queue.stop()

    def _odd(self, head: bytes, done: Done) -> Iterator[RawRow]:
        """Yield the odd rows of a clean block."""
        if done.odd_lines:
            rows = self._reader(io.BytesIO(head + done.odd_text)).rows()
            for row, line in zip(rows, done.odd_lines, strict=True):
                yield replace(row, line=line)

    def _slowly(self, head: bytes, block: Block, queue: "_Queue") -> Iterator[RawRow]:
        """Yield the rows of a block, and of those after it until one begins with a row."""
        joined = _Joined(head, block, queue)
        passed: list[Block] = []
        for row in self._reader(joined.stream()).rows():
            line = row.line + block.line - self._source.first_line
            while joined.later and line > joined.later[0].line:
                passed.append(joined.later.popleft())
            if joined.later and line == joined.later[0].line:
                break
            yield replace(row, line=line)
        else:
            passed += joined.later
        if passed:
            queue.skip(passed)
            self._forget(passed[0].line, passed[-1].following_line - 1)

    def _reader(self, stream: io.BufferedReader | io.BytesIO) -> CsvFile:
        text = io.TextIOWrapper(stream, "utf-8", errors=KEEP_BYTES, newline="")
        return CsvFile(text, stream, self._file, self._job.mapping, self._source.encoding)


def _delete(database: str, first: int, last: int) -> None:
    """Delete the copied rows of some lines."""
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(
            sql.SQL("delete from {} where raw is null and line between %s and %s").format(
                sql.Identifier(SCRATCH, "staged")
            ),
            [first, last],
        )


def _head(content: IO[bytes], lines: int) -> bytes:
    return b"".join(content.readline() for _ in range(lines))


class _Queue:
    """The blocks of a file in their order, each with what became of it; the processes are some blocks ahead."""

    def __init__(self, read: Iterator[Block], pool: Executor, first_rows: int) -> None:
        self._read, self._pool, self._first_rows = read, pool, first_rows
        self._waiting: deque[tuple[Block, Future[Done | None] | None]] = deque()
        self._rows_seen = 0

    def __iter__(self) -> Iterator[tuple[Block, Done | None]]:
        while True:
            while len(self._waiting) < PROCESSES * (1 + _AHEAD) and self.fetch():
                pass
            if not self._waiting:
                return
            block, future = self._waiting.popleft()
            yield block, future.result() if future else None

    def fetch(self) -> Block | None:
        """Read another block and give it to the processes, unless it is of the first; None at the end of the file."""
        block = next(self._read, None)
        if block is not None:
            first = self._rows_seen < self._first_rows
            self._rows_seen += block.data.count(b"\n")
            self._waiting.append((block, None if first else self._pool.submit(work, block)))
        return block

    def at(self, place: int) -> Block | None:
        """Return a block that waits, the first if `place` is 0, and read on for it; None at the end of the file."""
        while len(self._waiting) <= place:
            if self.fetch() is None:
                return None
        return self._waiting[place][0]

    def skip(self, passed: list[Block]) -> None:
        """Leave out the first blocks that wait, once the processes are done with them."""
        for _ in passed:
            _, future = self._waiting.popleft()
            if future:
                future.result()

    def stop(self) -> None:
        """Take back what no process has begun."""
        for _, future in self._waiting:
            if future:
                future.cancel()


class _Joined:
    """A file's head, a block and what follows it, as one stream; `later` are the blocks after it that were read."""

    def __init__(self, head: bytes, block: Block, queue: _Queue) -> None:
        self.later: deque[Block] = deque()
        self._parts, self._queue, self._place = [head, block.data], queue, 0

    def stream(self) -> io.BufferedReader:
        """Return the stream."""
        return io.BufferedReader(_Parts(self._next), 1 << 16)

    def _next(self) -> bytes:
        if self._parts:
            return self._parts.pop(0)
        block = self._queue.at(self._place)
        if block is None:
            return b""
        self._place += 1
        self.later.append(block)
        return block.data


class _Parts(io.RawIOBase):
    def __init__(self, following: Callable[[], bytes]) -> None:
        self._following, self._held = following, b""

    def readable(self) -> bool:
        """Say that it can be read, as io.RawIOBase asks."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer, and return how many bytes were written; 0 at the end."""
        if not self._held:
            self._held = self._following()
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size
