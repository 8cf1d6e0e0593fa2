"""The cost of working time in bulk: a million deadlines and a million spans, in Python and in the database."""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import numpy as np
from rich.console import Console
from rich.table import Table

from reportdb.database.connection import connect
from reportdb.deadlines.working_time import WorkingTime

_TIMES = 3
_ONE_BY_ONE = 10_000


def measure(url: str, console: Console, rows: int = 1_000_000) -> None:
    """Time the calendar of the report database at `url` and print seconds; the median of three runs.

    Times are drawn from the calendar's first year on, terms from 0 to 40 working hours. Python and the database compute
    the same rows; the database only returns sums, so that the computation is measured.
    """
    with connect(url) as connection:
        connection.execute("set jit = off")
        hours = WorkingTime.from_database(connection)
        first, last = connection.execute("select min(day), max(day) from working_day").fetchone() or (None, None)
        if first is None or last - first < timedelta(days=200):
            raise SystemExit("The calendar is shorter than 200 days: python -m reportdb demo")
        rng = np.random.default_rng(1000)
        days = (last - first).days - 100  # far enough from the end for every term
        moments = np.datetime64(first, "us") + rng.integers(86_400_000_000, days * 86_400_000_000, rows).astype(
            "timedelta64[us]"
        )
        minutes = rng.integers(0, 2400, rows).astype(float)
        connection.execute("create temp table drawn (moment timestamptz, minutes double precision)")
        with connection.cursor().copy("copy drawn (moment, minutes) from stdin") as copy:
            for moment, term in zip(np.datetime_as_string(moments), minutes.tolist(), strict=True):
                copy.write_row((f"{moment}Z", term))
        connection.execute(
            """create temp table asked as
               select moment, minutes, ends as due from drawn, try_working_add(moment, minutes)"""
        )
        connection.execute("vacuum analyze asked")
        due = hours.add(moments, minutes)

        def ask(query: str) -> Callable[[], object]:
            return lambda: connection.execute(query).fetchone()

        few = f"(select * from asked limit {_ONE_BY_ONE}) as asked"
        table = Table("what", "where", "rows", "seconds", show_edge=False)
        for what, where, count, run in (
            ("deadlines", "Python, add", rows, lambda: hours.add(moments, minutes)),
            ("deadlines", "try_working_add", rows,
             ask("select max(ends) from asked, try_working_add(moment, minutes)")),
            ("deadlines", "working_add", _ONE_BY_ONE, ask(f"select max(working_add(moment, minutes)) from {few}")),
            ("spans", "Python, between", rows, lambda: hours.between(moments, due)),
            ("spans", "try_working_between", rows,
             ask("select sum(worked.minutes) from asked, try_working_between(moment, due) as worked")),
            ("spans", "working_between", _ONE_BY_ONE, ask(f"select sum(working_between(moment, due)) from {few}")),
            ("days, after a change", "recount_working_line", (last - first).days + 1,
             lambda: connection.execute("call recount_working_line()")),
        ):  # fmt: skip
            table.add_row(what, where, f"{count:,}", f"{_seconds(run):.3f}")
    console.print(table)


def _seconds(run: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
