"""The simulated city is consistent: at a steady rate, with any time steps, and even when killed."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reportdb.database.connection import connect
from reportdb.demo import build_demo
from reportdb.simulation import AlreadyRunning, NotADemo, Simulation, run_simulation
from tests.report_invariants import broken_invariants, counted, fingerprint, replayed

ROOT = Path(__file__).parents[1]
MONDAY = datetime(2026, 11, 16, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
# Two columns of report_at contain the future, because of its indexes: open_until and rated_at.
_AS_OF = """select id, category_id, severity, district_id, ward_id, unit_id, received_at, receive_due_at, due_at,
                status, escalated_at, ended_at, rating, reopen_count, transfer_count
            from report_at(%s)"""


@pytest.fixture(scope="module")
def demo_template(new_database: Any, schema_template: str) -> str:
    """The name of a database with a demo city of 4,000 reports that ends on a Monday."""
    url = new_database(schema_template)
    with connect(url) as connection:
        build_demo(connection, reports=4000, seed=11, now=MONDAY)
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])


@pytest.fixture
def demo(new_database: Any, demo_template: str) -> Any:
    """The owner's connection to a demo city for this test."""
    with connect(new_database(demo_template)) as connection:
        yield connection


def value(connection: psycopg.Connection, question: str, *parameters: object) -> Any:
    row = connection.execute(question.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


def pass_time(connection: psycopg.Connection, *, until: datetime, step: timedelta, **options: Any) -> None:
    """Simulate from Monday on, in steps."""
    simulation = Simulation(connection, now=MONDAY, **({"per_hour": None, "seed": 1} | options))
    now = MONDAY
    while now < until:
        now = min(now + step, until)
        simulation.advance(now)


def test_a_week_leaves_the_city_consistent_and_in_balance(demo: psycopg.Connection) -> None:
    backlog = "select count(*) from report where ended_at is null"
    received = "select count(*) from report where submitted_at > %s and submitted_at <= %s"
    before, last_week = value(demo, backlog), value(demo, received, MONDAY - WEEK, MONDAY)
    pass_time(demo, until=MONDAY + WEEK, step=timedelta(hours=1))
    assert broken_invariants(demo) == {}
    assert 0.6 * before < value(demo, backlog) < 1.6 * before
    assert 0.6 * last_week < value(demo, received, MONDAY, MONDAY + WEEK) < 1.6 * last_week
    kinds = {kind for (kind,) in demo.execute("select distinct kind from report_event where at > %s", [MONDAY])}
    assert kinds >= {"submitted", "routed", "received", "transferred", "resolved", "refused", "rated"}


def test_the_reports_at_a_moment_are_unchanged_ones_and_past_versions(demo: psycopg.Connection) -> None:
    parts = "select * from report_standing(%(at)s) union all select * from report_former(%(at)s)"
    otherwise = 0
    for moment in [MONDAY - timedelta(hours=7 * n) for n in range(0, 400, 16)]:
        at = {"at": moment}
        for one, other in (("select * from report_at(%(at)s)", parts), (parts, "select * from report_at(%(at)s)")):
            assert demo.execute(f"({one}) except all ({other})".encode(), at).fetchall() == [], moment
        otherwise += value(demo, "select count(*) from report_former(%s)", moment)
    assert otherwise > 100, otherwise


def test_the_past_does_not_change(demo: psycopg.Connection) -> None:
    moments = [MONDAY, MONDAY - timedelta(days=3), MONDAY - timedelta(days=200)]
    before = [fingerprint(demo, _AS_OF, moment) for moment in moments]
    pass_time(demo, until=MONDAY + 2 * WEEK, step=timedelta(hours=6))
    assert [fingerprint(demo, _AS_OF, moment) for moment in moments] == before
    for hours in (5, 77, 201):
        moment = MONDAY + timedelta(hours=hours)
        assert replayed(demo, moment) == counted(demo, moment)


def test_the_time_steps_do_not_matter(new_database: Any, demo_template: str) -> None:
    prints = []
    for step in (timedelta(minutes=40), timedelta(days=3)):
        with connect(new_database(demo_template)) as connection:
            pass_time(connection, until=MONDAY + timedelta(days=3), step=step, per_hour=0)
            prints.append([fingerprint(connection, f"select * from {table}") for table in ("report", "report_event")])
    assert prints[0] == prints[1]


def test_stopping_and_starting_changes_nothing(new_database: Any, demo_template: str) -> None:
    prints = []
    for stops in ([12, 13, 40], []):
        with connect(new_database(demo_template)) as connection:
            for hours in [*stops, 72]:
                now = MONDAY + timedelta(hours=hours)
                Simulation(connection, per_hour=0, seed=None, now=now).advance(now)
            prints.append(fingerprint(connection, "select * from report"))
    assert prints[0] == prints[1]


def test_a_paused_city_catches_up_day_by_day(demo: psycopg.Connection) -> None:
    now = MONDAY + timedelta(days=5)
    Simulation(demo, per_hour=5, seed=3, now=now).advance(now)
    by_day = demo.execute(
        """select (submitted_at at time zone 'Asia/Ho_Chi_Minh')::date, count(*) from report
           where submitted_at > %s group by 1""",
        [MONDAY],
    ).fetchall()
    assert len(by_day) == 6
    assert min(count for day, count in by_day) > 0
    assert now - value(demo, "select max(last_delivery_at) from feed") < timedelta(minutes=1)
    assert str(value(demo, "select max(day) from app_account")) == "2026-11-20"
    assert broken_invariants(demo) == {}


def test_a_chosen_rate_is_kept(demo: psycopg.Connection) -> None:
    pass_time(demo, until=MONDAY + WEEK, step=timedelta(hours=6), per_hour=12)
    assert 0.9 < value(demo, "select count(*) from report where submitted_at > %s", MONDAY) / (12 * 7 * 24) < 1.1


def test_the_same_seed_gives_the_same_week(new_database: Any, demo_template: str) -> None:
    prints = []
    for seed in (5, 5, 6):
        with connect(new_database(demo_template)) as connection:
            pass_time(connection, until=MONDAY + timedelta(days=1), step=timedelta(hours=2), seed=seed, per_hour=5)
            prints.append(fingerprint(connection, "select * from report"))
    assert prints[0] == prints[1] != prints[2]


def test_every_change_is_newer_than_all_before(demo: psycopg.Connection) -> None:
    simulation = Simulation(demo, per_hour=20, seed=1, now=MONDAY)
    newest = "select max(updated_at) from report"
    for minutes in range(10, 200, 10):
        before, events = value(demo, newest), value(demo, "select count(*) from report_event")
        simulation.advance(MONDAY + timedelta(minutes=minutes))
        if value(demo, "select count(*) from report_event") > events:
            assert value(demo, newest) > before


def test_only_the_demo_is_simulated(connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into city (code, name_vi, name_en, time_zone, country) values ('b', 'B', 'B', 'America/New_York', 'US')"
    )
    with pytest.raises(NotADemo, match="real reports are not simulated"):
        run_simulation(connection, per_hour=1, seed=None, seconds=0)


def test_a_second_simulation_is_refused(demo: psycopg.Connection) -> None:
    with connect(demo.info.dsn) as other:
        other.execute("select pg_advisory_lock(4107312)")
        with pytest.raises(AlreadyRunning, match="already keeps this city alive"):
            run_simulation(demo, per_hour=1, seed=None, seconds=0)
        other.execute("select pg_advisory_unlock(4107312)")  # a closed connection releases it a little later
        run_simulation(demo, per_hour=1, seed=None, seconds=0)


def test_a_killed_simulation_leaves_a_consistent_city_and_continues(connection: psycopg.Connection) -> None:
    build_demo(connection, reports=500, seed=1, now=datetime.now(UTC) - timedelta(days=2))
    command = [sys.executable, "-m", "reportdb", "simulate", "--per-hour", "300", "--database", connection.info.dsn]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    reports = "select count(*) from report"
    deadline = time.monotonic() + 60
    while value(connection, reports) < 1500 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    _, complaint = process.communicate()
    killed_at = value(connection, reports)
    assert killed_at > 1500, complaint
    assert broken_invariants(connection) == {}
    run_simulation(connection, per_hour=60, seed=2, seconds=0)
    assert value(connection, reports) >= killed_at
    assert broken_invariants(connection) == {}
    assert datetime.now(UTC) - value(connection, "select max(updated_at) from report") < timedelta(hours=2)
