"""Small calendars written by hand."""

from datetime import UTC, datetime, timedelta

import psycopg


def utc(local: str) -> datetime:
    """Return a local time of Hanoi as an aware datetime."""
    return (datetime.fromisoformat(local) - timedelta(hours=7)).replace(tzinfo=UTC)


def hanoi(connection: psycopg.Connection, zone: str = "Asia/Ho_Chi_Minh") -> None:
    """Add the city."""
    connection.execute(
        """insert into city (code, name_vi, name_en, time_zone, country)
           values ('hanoi', 'Hà Nội', 'Hanoi', %s, 'VN')""",
        [zone],
    )


def working_days(connection: psycopg.Connection, *days: str) -> None:
    """Add the city, the days, all of them working days, and the usual hours from 2026 on."""
    hanoi(connection)
    connection.execute(
        "insert into working_day (day, working, source) select day, true, 'test' from unnest(%s::date[]) as day",
        [list(days)],
    )
    connection.execute(
        "insert into office_hours values ('2026-01-01', '08:00', '12:00', 'test', true),"
        " ('2026-01-01', '13:00', '17:00', 'test', true)"
    )
