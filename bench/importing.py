"""A first load of millions of rows: how long, what each step takes, and how that compares with a bare COPY.

The rows are a real city's, again and again with other ids and days that lie further back.
"""

import csv
import gzip
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, ClassVar, Self

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from reportdb.database.connection import connect
from reportdb.fast_lane.importing import import_reports
from reportdb.importer import Counts
from reportdb.importer import import_reports as import_row_by_row

_ID, _DAYS = "CASE ID", ("CREATION DATE", "CLOSED DATE")
# How a statement begins, and what it does; the first that fits.
_STEPS = (
    ("copy", "reading and staging the rows"),
    ("update staged", "areas by the source's names"),
    ('create unlogged table "report_filling"."plain_words"', "masking each text once"),
    ('create unlogged table "report_filling"."masked_words"', "masking each text once"),
    ('create unlogged table "report_filling"."arriving"', "reports in their order, with their words"),
    ("insert into report (", "writing reports"),
    ("insert into report_event", "writing steps"),
    ("insert into report_source", "writing the source's words"),
    ("insert into report_key", "writing keys"),
    ("create index report_words", "indexes of words"),
    ("create index report_open_words", "indexes of words"),
    ("create index", "other indexes"),
    ("alter table", "constraints"),
    ("analyze", "statistics"),
    ("create unlogged table summary", "counting the summary"),
    ('insert into "report_', "counting the summary"),
    ("select re", "counting the summary"),
    ("select count_", "counting the summary"),
)


class TimedCursor(psycopg.Cursor[Any]):
    """A cursor that adds up the seconds of statements by what they do."""

    seconds: ClassVar[dict[str, float]] = {}

    def execute(self, query: Any, *given: Any, **how: Any) -> Self:
        """Execute a statement, and take its time."""
        began = time.monotonic()
        try:
            return super().execute(query, *given, **how)
        finally:
            self._add(query, time.monotonic() - began)

    @contextmanager
    def copy(self, statement: Any, *given: Any, **how: Any) -> Iterator[psycopg.Copy]:
        """Copy, and take the time."""
        began = time.monotonic()
        try:
            with super().copy(statement, *given, **how) as copy:
                yield copy
        finally:
            self._add(statement, time.monotonic() - began)

    def _add(self, query: Any, seconds: float) -> None:
        text = query.as_string(self) if isinstance(query, sql.Composable) else query
        text = " ".join((text.decode() if isinstance(text, bytes) else text).split()).lower()
        step = next((step for begins, step in _STEPS if text.startswith(begins)), "everything else")
        self.seconds[step] = self.seconds.get(step, 0) + seconds


@dataclass(frozen=True)
class Measured:
    """One import: its counts, its time, and what its steps took."""

    counts: Counts
    seconds: float
    ours: float  # processor seconds of Python and its processes
    server: float  # processor seconds of PostgreSQL
    memory: float  # MB, of the largest of our processes
    steps: dict[str, float]  # seconds by the clock


def make_rows(source: Path, place: Path, rows: int) -> None:
    """Write a file of so many rows like Kansas City's."""
    with gzip.open(source, "rt", newline="") as opened:
        header, *own = csv.reader(opened)
    identity, days = header.index(_ID), [header.index(name) for name in _DAYS]
    with place.open("w", newline="") as written:
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(header)
        for number, row in _again(own, identity, days):
            if number == rows:
                return
            writer.writerow(row)


def _again(own: list[list[str]], identity: int, days: list[int]) -> Iterator[tuple[int, list[str]]]:
    number, back = 0, 0
    while True:
        known: dict[str, str] = {}
        for row in own:
            again = list(row)
            if back:
                again[identity] = f"{row[identity]}-{back}"
                for place in days:
                    words = row[place]
                    if words not in known:
                        known[words] = _earlier(words, back)
                    again[place] = known[words]
            yield number, again
            number += 1
        back += 1


def _earlier(words: str, days: int) -> str:
    try:
        return (datetime.strptime(words, "%m/%d/%Y") - timedelta(days=days)).strftime("%m/%d/%Y")  # noqa: DTZ007
    except ValueError:
        return words


def measure(url: str, file: Path, boundaries: Path, *, fast: bool = True) -> Measured:
    """Import a file into an empty database at its owner's URL, and measure it."""
    with connect(url) as connection:
        connection.cursor_factory = TimedCursor
        TimedCursor.seconds.clear()
        start, began = _spent(connection), time.monotonic()
        lane = import_reports if fast else import_row_by_row
        rejects = file.with_suffix(".rejects.csv")
        counts = lane(connection, file, mapping="kansas_city", rejects=rejects, boundaries=boundaries)
        seconds = time.monotonic() - began
        ours, server = (after - before for after, before in zip(_spent(connection), start, strict=True))
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    steps = dict(sorted(TimedCursor.seconds.items(), key=lambda step: -step[1]))
    return Measured(counts, seconds, ours, server, largest / 1024, steps)


def bare_copy(url: str) -> tuple[float, float]:
    """Copy the reports of a database into a table of the same columns without an index; return seconds by the clock and
    of the processor.
    """
    with connect(url) as connection, TemporaryFile() as kept:
        with connection.cursor().copy("copy (select * from report) to stdout (format binary)") as rows:
            for row in rows:
                kept.write(row)
        kept.seek(0)
        connection.execute("create unlogged table bare as select * from report limit 0")
        start, began = _spent(connection), time.monotonic()
        with connection.cursor().copy("copy bare from stdin (format binary)") as copy:
            while block := kept.read(1_000_000):
                copy.write(block)
        seconds = time.monotonic() - began
        spent = sum(_spent(connection)) - sum(start)
        connection.execute("drop table bare")
    return seconds, spent


def figures(url: str) -> list[tuple[object, ...]]:
    """Return what the summary and the reports say, in a few numbers that differ if any report does."""
    with connect(url) as connection:
        return [
            row
            for question in (
                """select 'reports', count(*), max(id), md5(string_agg(md5(written::text), '' order by id))
                   from (select id, to_jsonb(report) - 'updated_at' as written from report) as report""",
                """select dimension, sum(received), md5(string_agg(report_day::text, '' order by day, key))
                   from report_day group by 1 order by 1""",
                "select kind, count(*), min(at), max(at) from report_event group by 1 order by 1",
            )
            for row in connection.execute(question.encode()).fetchall()
        ]


def _spent(connection: psycopg.Connection) -> tuple[float, float]:
    """Return the processor seconds of our own processes and of the server's, so far."""
    times = os.times()
    (folder,) = connection.execute("show data_directory").fetchone() or ("",)
    server = int(Path(folder, "postmaster.pid").read_text().splitlines()[0])
    ticks = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state = place.read_text().rpartition(")")[2].split()
            ticks += sum(map(int, state[11:13])) * (int(state[1]) == server)
            ticks += sum(map(int, state[11:15])) * (int(place.parent.name) == server)
    return sum(times[:4]), ticks / os.sysconf("SC_CLK_TCK")


def report(out: Console, found: Measured, bare: tuple[float, float], slow: Measured | None) -> None:
    """Print what was measured."""
    out.print(f"{found.counts.read:,} rows in {found.seconds:.0f} s; processor seconds: {found.ours:.0f} of Python, "
              f"{found.server:.0f} of PostgreSQL; largest process of ours {found.memory:.0f} MB")  # fmt: skip
    out.print(f"A bare COPY of the same rows: {bare[0]:.0f} s ({bare[1]:.0f} of the processor). The import takes "
              f"{found.seconds / bare[0]:.1f} times as long, {(found.ours + found.server) / bare[1]:.1f} times "
              "in processor seconds.")  # fmt: skip
    if slow:
        out.print(f"Row by row: {slow.seconds:.0f} s; processor seconds {slow.ours:.0f} + {slow.server:.0f}")
    table = Table("step", "seconds", "share")
    for step, seconds in found.steps.items():
        table.add_row(step, f"{seconds:.1f}", f"{100 * seconds / found.seconds:.0f} %")
    out.print(table)
