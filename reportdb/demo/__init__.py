"""The demo city: an invented Hanoi of the last two years, up to the present moment, the same for the same seed.

What becomes of its reports, step by step. What the city is made of stands in reportdb/demo_city.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.progress import Progress

from reportdb.demo.intake import take_in
from reportdb.demo.lifecycle import plan
from reportdb.demo.records import write_events, write_intake, write_past
from reportdb.demo.state_machine import advance
from reportdb.demo.states import first_states
from reportdb.demo_city.accounts import add_accounts
from reportdb.demo_city.city import City
from reportdb.demo_city.reference_data import lay_ground
from reportdb.demo_city.rhythm import Rhythm, draw_times, growth, local_day, midnight, moment
from reportdb.demo_city.seed_data import facts
from reportdb.filling.scratch import scratch, use_scratch
from reportdb.filling.tables import emptied
from reportdb.filling.whole_reports import prepare_reports, write_reports
from reportdb.summary import summarise

Ints = NDArray[np.int64]

_YEARS = 2
_BATCH = 40_000
_TABLES = ["report", "report_event", "report_past", "report_contact"]


def holds_reports(connection: psycopg.Connection) -> bool:
    """Return whether the database holds any report."""
    return connection.execute("select 1 from report limit 1").fetchone() is not None


def build_demo(
    connection: psycopg.Connection, *, reports: int, seed: int, now: datetime, progress: Progress | None = None
) -> int:
    """Fill an empty report database with the demo city as it is at `now`, and return the number of reports.

    The same `reports`, `seed` and `now` give the same rows. All in one transaction: an interrupted run leaves nothing
    behind. The connection must be in autocommit mode, because the tables are vacuumed afterwards.
    """
    if holds_reports(connection):
        raise ValueError("The database holds reports already; the demonstration city is built in an empty one.")
    start = max(now - timedelta(days=365 * _YEARS), midnight(facts("city")["turns"]["launch"]))
    task = progress.add_task("Reports", total=reports) if progress else None
    with scratch(connection), connection.transaction():
        use_scratch(connection)
        lay_ground(connection, first=local_day(start), last=local_day(now))
        add_accounts(connection, first=local_day(start), last=local_day(now) - timedelta(days=1))
        city = City(connection)
        rhythm = Rhythm(start, now)
        sequence: dict[str, int] = {}
        # A table emptied in the same transaction is filled without a log and frozen: each row is written once.
        with emptied(connection, _TABLES, silent=["report", "report_past"], keys=["report_key"]):
            arriving = prepare_reports(connection)
            done = 0
            for n, (begin, end, counts) in enumerate(_batches(rhythm, start, now, reports, seed)):
                rng = np.random.default_rng([seed, n])
                submitted_at = draw_times(rng, begin, end, counts)
                ids = np.arange(done + 1, done + 1 + len(submitted_at))
                intake = take_in(city, rhythm, rng, ids, submitted_at)
                states = first_states(city, intake.cases)
                events, past = advance(city, intake.cases, plan(city, intake.cases), states, moment(now))
                write_intake(connection, city, intake, states, sequence, table=arriving)
                write_events(connection, intake.cases, states, events, frozen=True)
                write_past(
                    connection, city, intake.cases, states, intake.channel, intake.district_id, past, frozen=True
                )
                done += len(ids)
                if progress and task is not None:
                    progress.update(task, completed=done)
            write_reports(connection)
            connection.execute("insert into report_key select 'public_code', public_code, id from report order by id")
        # The city is complete up to this moment: the simulation continues from the newest delivery.
        connection.execute("update feed set last_delivery_at = %s", [now])
    connection.execute("vacuum analyze")
    summarise(connection, now=now)
    connection.execute(
        """vacuum analyze report_day, report_month, report_hours, report_unit_hours, report_square, report_day_open,
               report_severity_day, report_severity_hours, report_severity_open, report_change"""
    )
    return reports


def _batches(
    rhythm: Rhythm, start: datetime, now: datetime, reports: int, seed: int
) -> Iterator[tuple[NDArray[np.datetime64], NDArray[np.datetime64], Ints]]:
    """Distribute the reports over the hours; yield ranges of hours (begin, end, reports in each) of bounded size."""
    begin, end, worth = rhythm.hours(start, now)
    weight = worth * growth(begin)
    counts = np.random.default_rng(seed).multinomial(reports, weight / weight.sum())
    cuts = np.flatnonzero(np.diff((np.cumsum(counts) - 1) // _BATCH)) + 1
    yield from zip(np.split(begin, cuts), np.split(end, cuts), np.split(counts, cuts), strict=True)
