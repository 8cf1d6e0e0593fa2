"""A small city written by hand, with few enough reports to count by hand."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

T = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
"""The moment of most tests: Wednesday 18 November 2026, 10:00 in Hanoi."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def small_city(connection: psycopg.Connection) -> None:
    """Two districts with a ward each, two units, two categories, two channels, and the calendar of 2026."""
    connection.execute(
        """
        insert into city (code, name_vi, name_en, time_zone, country)
            values ('test', 'Thành phố', 'City', 'Asia/Ho_Chi_Minh', 'VN');
        insert into area (id, level, code, name_vi, name_en, kind, parent_id, population) values
            (1, 'district', '006', 'Đống Đa', 'Dong Da', 'quan', null, 379102),
            (2, 'district', '017', 'Đông Anh', 'Dong Anh', 'huyen', null, 415578),
            (11, 'ward', '00190', 'Láng', 'Lang', 'phuong', 1, 41003),
            (12, 'ward', '00454', 'Đông Anh', 'Dong Anh', 'xa', 2, 118005);
        insert into unit (id, code, name_vi, name_en, kind, area_id) values
            (1, 'lang', 'UBND phường Láng', 'Lang ward', 'commune', 11),
            (2, 'dong-anh', 'UBND xã Đông Anh', 'Dong Anh commune', 'commune', 12);
        insert into category (id, code, name_vi, name_en) values
            (1, 'rac', 'Rác thải', 'Waste'), (2, 'duong', 'Đường sá', 'Roads');
        insert into channel (id, code, name_vi, name_en) values
            (1, 'ihanoi', 'iHanoi', 'iHanoi'), (2, 'zalo', 'Zalo', 'Zalo');
        insert into working_day (day, working, source)
            select day, extract(isodow from day) < 6, 'test'
            from generate_series(date '2026-01-01', date '2026-12-31', interval '1 day') as day;
        """
    )


SQUARE = {"type": "Polygon", "coordinates": [[[105.8, 21], [105.9, 21], [105.9, 21.1], [105.8, 21.1], [105.8, 21]]]}
_BESIDE = {"type": "Polygon", "coordinates": [[[105.9, 21], [106, 21], [106, 21.1], [105.9, 21.1], [105.9, 21]]]}


def give_boundaries(connection: psycopg.Connection) -> None:
    """Give the small city's two districts a boundary each: two adjacent squares."""
    for key, geometry in ((1, SQUARE), (2, _BESIDE)):
        connection.execute("update area set geometry = %s where id = %s", [json.dumps(geometry), key])


def report(connection: psycopg.Connection, number: int, **facts: Any) -> None:
    """Add one report, submitted two days before T and open unless the facts say otherwise."""
    ended = facts.get("ended_at")
    row = {
        "id": number,
        "public_code": f"T-{number}",
        "channel_id": 1,
        "category_id": 1,
        "severity": "normal",
        "district_id": 1,
        "ward_id": 11,
        "unit_id": 1,
        "title": f"Phản ánh {number}",
        "submitted_at": T - 2 * DAY,
        "status": "resolved" if ended else "waiting",
        "updated_at": ended or T,
    } | facts
    _insert(connection, "report", row)


def past(connection: psycopg.Connection, number: int, **facts: Any) -> None:
    """Add an earlier version of a report; the facts give valid_from and valid_to."""
    row = {
        "report_id": number,
        "channel_id": 1,
        "category_id": 1,
        "severity": "normal",
        "district_id": 1,
        "ward_id": 11,
        "unit_id": 1,
        "submitted_at": T - 2 * DAY,
        "status": "waiting",
        "reopen_count": 0,
        "transfer_count": 0,
    } | facts
    _insert(connection, "report_past", row)


def give_step(connection: psycopg.Connection, number: int, n: int, kind: str, at: datetime, **facts: Any) -> None:
    """Add the nth event of a report."""
    _insert(connection, "report_event", {"report_id": number, "n": n, "at": at, "kind": kind} | facts)


def give_rule(connection: psycopg.Connection, **facts: Any) -> None:
    """Add a rule for all reports since 2024, of 8 working hours to receive and 40 to handle unless the facts differ."""
    row = {
        "category_id": None,
        "severity": None,
        "receive_minutes": 480,
        "handle_minutes": 2400,
        "clock": "working",
        "handle_from": "submitted",
        "valid_from": date(2024, 1, 1),
        "valid_to": None,
        "source": "test",
        "receive_confirmed": True,
        "handle_confirmed": True,
    } | facts
    _insert(connection, "deadline_rule", row)


def ruled_city(connection: psycopg.Connection) -> None:
    """The small city under one rule, with office hours."""
    small_city(connection)
    give_rule(connection, id=1)
    connection.execute(
        """insert into office_hours values ('1900-01-01', '08:00', '12:00', 'test', true),
               ('1900-01-01', '13:00', '17:00', 'test', true)"""
    )


def _insert(connection: psycopg.Connection, table: str, row: dict[str, Any]) -> None:
    places = ", ".join(f"%({name})s" for name in row)
    connection.execute(f"insert into {table} ({', '.join(row)}) values ({places})", row)
