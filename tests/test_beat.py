"""The heartbeat row: the primary's clock, written every two seconds, through outages too."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from reportdb.__main__ import app
from reportdb.database import beat
from reportdb.database.beat import beating, write_beat, write_beats
from reportdb.database.connection import DatabaseUnreachable, connect
from reportdb.demo import build_demo
from reportdb.simulation import run_simulation
from tests.waiting import becomes

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beat, "SECONDS_BETWEEN_BEATS", 0.1)


def beaten_at(connection: psycopg.Connection) -> Any:
    row = connection.execute("select at from primary_beat").fetchone()
    return row[0] if row else None


def test_a_heartbeat_is_the_databases_own_time_in_one_row(connection: psycopg.Connection) -> None:
    for _ in range(2):
        write_beat(connection)
    assert connection.execute("select count(*) from primary_beat").fetchone() == (1,)
    assert abs(datetime.now(UTC) - beaten_at(connection)) < 5 * SECOND


def test_it_continues_after_a_lost_connection(connection: psycopg.Connection, database: str) -> None:
    def beats() -> bool:
        before = beaten_at(connection)
        return becomes(lambda: beaten_at(connection) != before)

    with beating(database):
        assert becomes(lambda: beaten_at(connection) is not None)
        ours = connection.info.backend_pid
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> %s",
            [ours],
        )
        assert beats()
    last = beaten_at(connection)
    time.sleep(0.3)
    assert beaten_at(connection) == last, "the heartbeat has stopped"


def test_a_first_heartbeat_that_cannot_be_written_is_an_error() -> None:
    with pytest.raises(DatabaseUnreachable):
        write_beats("postgresql://nobody@127.0.0.1:9/report", threading.Event())


def test_a_dashboard_survives_a_heartbeat_that_cannot_be_written() -> None:
    with beating("postgresql://nobody@127.0.0.1:9/report"):
        pass


def test_the_command_writes_it_until_told_to_stop(connection: psycopg.Connection, database: str) -> None:
    done = CliRunner().invoke(app, ["beat", "--seconds", "1", "--database", database])
    assert done.exit_code == 0
    assert datetime.now(UTC) - beaten_at(connection) < 5 * SECOND


def test_the_simulation_writes_it(connection: psycopg.Connection, database: str) -> None:
    build_demo(connection, reports=300, seed=1, now=datetime.now(UTC))
    with connect(database) as city:
        run_simulation(city, per_hour=1, seed=1, seconds=1)
    assert datetime.now(UTC) - beaten_at(connection) < 5 * SECOND
