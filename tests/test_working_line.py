"""The working-time line: its intervals, and that it always follows the calendar."""

import threading
from datetime import UTC, timedelta
from typing import Any

import psycopg
import pytest

from reportdb.database.connection import connect
from tests.calendars import utc, working_days


def _line(connection: psycopg.Connection) -> Any:
    return connection.execute("select opens, closes, done, run from working_line").fetchone()


def test_a_days_openings_are_in_order(connection: psycopg.Connection) -> None:
    working_days(connection, "2026-01-06", "2026-01-08")
    opens, closes, done, run = _line(connection)
    assert [moment.astimezone(UTC) for moment in opens] == [
        utc(local)
        for local in (
            "2026-01-06 00:00", "2026-01-06 08:00", "2026-01-06 13:00", "2026-01-07 00:00",
            "2026-01-08 00:00", "2026-01-08 08:00", "2026-01-08 13:00", "2026-01-09 00:00",
        )
    ]  # fmt: skip
    hour = 3_600_000_000
    assert done == [0, 0, 4 * hour, 8 * hour, 8 * hour, 8 * hour, 12 * hour, 16 * hour]
    assert run == [1, 1, 1, 0, 2, 2, 2, 0]
    assert [closing - opening for opening, closing in zip(opens, closes, strict=True)][:3] == [
        timedelta(), timedelta(hours=4), timedelta(hours=4),
    ]  # fmt: skip


CHANGES = [
    "update working_day set working = false where day = '2026-01-06'",
    "delete from working_day where day = '2026-01-06'",
    "insert into working_day values ('2026-01-10', true, null, 'test')",
    "insert into working_day values ('2026-01-06', false, null, 'x') on conflict (day) do update set working = false",
    "insert into office_hours values ('2026-01-07', '07:00', '11:30', 'test', true)",
    "update office_hours set closes = '16:30' where opens = '13:00'",
    "delete from office_hours where opens = '13:00'",
    "update city set time_zone = 'Europe/Madrid'",
    "truncate working_day",
    "truncate office_hours",
    "delete from city",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_line_follows_every_change_of_the_working_days(connection: psycopg.Connection, change: str) -> None:
    working_days(connection, *(f"2026-01-{day:02}" for day in range(5, 10)))
    before = _line(connection)
    connection.execute(change)
    assert _line(connection) != before
    assert _line(connection) == connection.execute("select * from working_line_recounted()").fetchone()


def test_a_whole_calendar_is_replaced_in_one_transaction(connection: psycopg.Connection) -> None:
    working_days(connection, "2026-01-06", "2026-01-07")
    with connection.transaction():
        connection.execute("delete from working_day; delete from office_hours; delete from city")
        working_days(connection, "2026-01-08", "2026-01-09")
        end = connection.execute("select working_add(%s, 120)", [utc("2026-01-08 16:00")]).fetchone()
    assert end == (utc("2026-01-09 09:00"),)


def test_concurrent_changes_of_different_days_both_count(connection: psycopg.Connection, database: str) -> None:
    working_days(connection, *(f"2026-01-{day:02}" for day in range(5, 10)))
    close = "update working_day set working = false where day = %s"

    def other() -> None:
        with connect(database) as second:
            second.execute(close, ["2026-01-08"])

    waiting = threading.Thread(target=other)
    with connection.transaction():
        connection.execute(close, ["2026-01-07"])
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
    waiting.join()
    assert connection.execute("select working_add(%s, 60)", [utc("2026-01-06 16:30")]).fetchone() == (
        utc("2026-01-09 08:30"),
    )
