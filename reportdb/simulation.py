"""The demo city continues: new reports, steps and ratings, by the rules it was made with.

All state is in the database. A report's steps follow from its id and submission time, and the number of its events says
how far it has come, so a killed simulation resumes after its last transaction.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray

from reportdb.database.beat import write_beat
from reportdb.database.connection import DatabaseUnreachable, connect
from reportdb.deadlines.calendars import fill_calendar
from reportdb.demo.intake import take_in
from reportdb.demo.lifecycle import LONGEST_AFTERMATH, plan
from reportdb.demo.recall import Recalled
from reportdb.demo.records import write_events, write_intake, write_past
from reportdb.demo.state_machine import advance
from reportdb.demo.states import States, first_states
from reportdb.demo.steps import Steps
from reportdb.demo_city.accounts import add_accounts
from reportdb.demo_city.city import City
from reportdb.demo_city.reference_data import CALENDAR_AHEAD
from reportdb.demo_city.rhythm import Rhythm, aware, draw_times, local_day, midnight, moment
from reportdb.summary import summarise
from safe_text import log_text

Ints = NDArray[np.int64]
Moments = NDArray[np.datetime64]

_LOCK = 4_107_312  # advisory lock of simulations
_AT_ONCE = timedelta(hours=6)  # simulated time in one transaction
_REPORTS_AT_ONCE = 50_000
_PACE_DAYS = 28
_SECONDS_BETWEEN_SUMMARIES = 600
_SECONDS_BETWEEN_TRIES = 2.0
_NEVER = np.datetime64("2900-01-01", "us")
_LOG = logging.getLogger(__name__)


class SimulationRefused(Exception):
    """The database cannot be simulated; the message says why and what to do."""


class NotADemo(SimulationRefused):
    """The database does not hold the demo city."""


class AlreadyRunning(SimulationRefused):
    """Another simulation is running on this city."""


def run_simulation(
    connection: psycopg.Connection, *, per_hour: float | None, seed: int | None, seconds: float | None
) -> None:
    """Simulate the demo city for some seconds, or until interrupted; commits about every second.

    `per_hour` is the mean number of new reports; None keeps the pace of the last four weeks. First it catches up with
    the time since the last simulation. Raises NotADemo and AlreadyRunning.
    """
    with _alone(connection):
        simulation = Simulation(connection, per_hour=per_hour, seed=seed, now=datetime.now(UTC))
        started = time.monotonic()
        simulation.advance(datetime.now(UTC))
        summary_due = time.monotonic()
        while seconds is None or time.monotonic() - started < seconds:
            write_beat(connection)
            time.sleep(1)
            simulation.advance(datetime.now(UTC))
            if time.monotonic() >= summary_due:
                summarise(connection, now=datetime.now(UTC))
                summary_due = time.monotonic() + _SECONDS_BETWEEN_SUMMARIES


def keep_simulating(url: str, *, per_hour: float | None, seed: int | None, seconds: float | None) -> None:
    """Run the simulation on its own connections, as `run_simulation` does, and continue after an outage.

    Raises NotADemo and AlreadyRunning, and DatabaseUnreachable if the database is away at the start.
    """
    until = None if seconds is None else time.monotonic() + seconds
    tries, logged = 0, ""  # tries with a connection
    while True:
        left = None if until is None else max(0.0, until - time.monotonic())
        try:
            with connect(url) as connection:
                tries += 1
                run_simulation(connection, per_hour=per_hour, seed=seed, seconds=left)
                return
        except AlreadyRunning:
            if tries == 1:  # later, our own lost session may still hold the lock
                raise
        except (psycopg.OperationalError, DatabaseUnreachable) as error:
            if not tries:
                raise
            if str(error) != logged:  # once an outage
                logged = str(error)
                _LOG.warning("The simulation was interrupted; trying again. %s", log_text(logged))
        if until is not None and time.monotonic() >= until:
            return
        time.sleep(_SECONDS_BETWEEN_TRIES)


class Simulation:
    """The simulated city; `advance` moves it forward. Raises NotADemo."""

    def __init__(
        self, connection: psycopg.Connection, *, per_hour: float | None, seed: int | None, now: datetime
    ) -> None:
        city = connection.execute("select country, subdivision from city where demo").fetchone()
        if city is None:
            raise NotADemo(
                "The database does not hold the demo city, and real reports are not simulated. "
                "Make a demo with `python -m reportdb demo`, or name another database."
            )
        self._connection = connection
        fill_calendar(
            connection, country=city[0], subdivision=city[1], first=local_day(now), last=local_day(now) + CALENDAR_AHEAD
        )
        self._city = City(connection)
        self._last, self._next_id = self._where_it_stands(now)
        self._per_hour = self._own_pace() if per_hour is None else per_hour
        self._rng = np.random.default_rng(None if seed is None else [seed, self._next_id])
        self._sequence = self._public_code_sequence()
        # The pending reports, and when the next step of each is due.
        self._waiting: Ints = np.zeros(0, dtype=np.int64)
        self._due: Moments = np.zeros(0, dtype="datetime64[us]")
        self._recall()

    def advance(self, until: datetime) -> None:
        """Simulate up to a moment, in transactions of at most six hours of simulated time."""
        while self._last < until:
            step = min(until, self._last + _AT_ONCE)
            with self._connection.transaction():
                self._receive_new(step)
                self._take_steps(moment(step))
                self._connection.execute(
                    """update feed set last_delivery_at = %(at)s
                       where last_delivery_at is null or last_delivery_at + expected_every <= %(at)s""",
                    {"at": step},
                )
                self._count_accounts(step)
            self._last = step

    def _where_it_stands(self, now: datetime) -> tuple[datetime, int]:
        """Return until when the city has been simulated, and the next report's id."""
        row = self._connection.execute(
            """select greatest((select max(last_delivery_at) from feed where last_delivery_at <= %(now)s),
                       (select max(submitted_at) from report where submitted_at <= %(now)s)),
                   (select coalesce(max(id), 0) + 1 from report)""",
            {"now": now},
        ).fetchone()
        last, next_id = row or (None, 1)
        return last or now, next_id

    def _own_pace(self) -> float:
        """Return the reports in an ordinary hour of the last weeks, adjusted for quiet and stormy days."""
        start = self._last - timedelta(days=_PACE_DAYS)
        (count,) = self._connection.execute(
            "select count(*) from report where submitted_at > %s", [start]
        ).fetchone() or (0,)
        return float(count / Rhythm(start, self._last).hours(start, self._last)[2].sum())

    def _public_code_sequence(self) -> dict[str, int]:
        rows = self._connection.execute(
            """select left(public_code, 7), max(cast(right(public_code, 6) as integer)) from report
               where submitted_at >= %s and public_code like 'HN-%%' group by 1""",
            [midnight(local_day(self._last).replace(day=1))],
        ).fetchall()
        return dict(rows)

    def _recall(self) -> None:
        """Compute the next step of every report that may still have one."""
        since = moment(self._last) - LONGEST_AFTERMATH
        rows = self._connection.execute(
            "select id from report where open_until > %s order by id", [aware(since)]
        ).fetchall()
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        for part in np.split(ids, range(_REPORTS_AT_ONCE, len(ids), _REPORTS_AT_ONCE)):
            known = Recalled(self._connection, self._city, part)
            self._wait_for(known.cases.id, plan(self._city, known.cases), known.states, None)

    def _wait_for(self, ids: Ints, steps: Steps, states: States, after: np.datetime64 | None) -> None:
        """Record when these reports' next steps are due; `after` is the moment up to which all were taken."""
        if not len(ids):
            return
        places = np.arange(steps.at.shape[1])
        open_steps = (places >= states.done[:, None]) & (places < steps.count[:, None])
        if after is not None:
            open_steps &= steps.at > after
        due = np.where(open_steps, steps.at, _NEVER).min(axis=1)
        coming = due < _NEVER
        self._waiting = np.concatenate([self._waiting, ids[coming]])
        self._due = np.concatenate([self._due, due[coming]])

    def _receive_new(self, until: datetime) -> None:
        rhythm = Rhythm(self._last, until)
        begin, end, worth = rhythm.hours(self._last, until)
        submitted_at = draw_times(self._rng, begin, end, self._rng.poisson(self._per_hour * worth))
        if not len(submitted_at):
            return
        ids = np.arange(self._next_id, self._next_id + len(submitted_at))
        self._next_id += len(ids)
        city = self._city
        intake = take_in(city, rhythm, self._rng, ids, submitted_at)
        steps, states = plan(city, intake.cases), first_states(city, intake.cases)
        events, past = advance(city, intake.cases, steps, states, moment(until))
        write_intake(self._connection, city, intake, states, self._sequence)
        write_events(self._connection, intake.cases, states, events)
        write_past(self._connection, city, intake.cases, states, intake.channel, intake.district_id, past)
        self._wait_for(ids, steps, states, moment(until))

    def _take_steps(self, until: np.datetime64) -> None:
        now = self._due <= until
        ids = np.sort(self._waiting[now])
        self._waiting, self._due = self._waiting[~now], self._due[~now]
        for part in np.split(ids, range(_REPORTS_AT_ONCE, len(ids), _REPORTS_AT_ONCE)):
            known = Recalled(self._connection, self._city, part)
            steps = plan(self._city, known.cases)
            events, past = advance(self._city, known.cases, steps, known.states, until, settled=moment(self._last))
            known.write_states(self._connection, self._city)
            write_events(self._connection, known.cases, known.states, events)
            write_past(self._connection, self._city, known.cases, known.states, known.channel, known.district_id, past)
            self._wait_for(known.cases.id, steps, known.states, until)

    def _count_accounts(self, until: datetime) -> None:
        """Add the accounts of the days that have ended since the last count."""
        yesterday = local_day(until) - timedelta(days=1)
        if local_day(self._last) > yesterday:
            return
        row = self._connection.execute("select max(day) from app_account").fetchone()
        if row and isinstance(row[0], date):
            add_accounts(self._connection, first=row[0] + timedelta(days=1), last=yesterday)


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    """Hold the simulation lock. Raises AlreadyRunning."""
    row = connection.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    if not row or not row[0]:
        raise AlreadyRunning("Another simulation already keeps this city alive. Stop it first, or let it run.")
    try:
        yield
    finally:
        # Without a connection there is no lock either.
        with suppress(psycopg.Error):
            connection.execute("select pg_advisory_unlock(%s)", [_LOCK])
