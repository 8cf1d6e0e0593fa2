"""Migrations are applied once, all or nothing, and a stranger's database is refused."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from reportdb.check import find_damage
from reportdb.database.connection import connect
from reportdb.database.migrations import SCHEMA, SchemaError, migrate
from tests.conftest import DEMO_NOW, NewDatabase, database_name


def test_a_second_run_changes_nothing(connection: psycopg.Connection) -> None:
    assert migrate(connection) == []


def test_a_migration_that_fails_leaves_nothing_behind(connection: psycopg.Connection, tmp_path: Path) -> None:
    for file in SCHEMA.glob("*.sql"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "9998_good.sql").write_text("create table fresh (id int);")
    (tmp_path / "9999_bad.sql").write_text("create table broken (id nonsense);")
    with pytest.raises(psycopg.errors.UndefinedObject):
        migrate(connection, tmp_path)
    assert connection.execute("select to_regclass('fresh')").fetchone() == (None,)


def test_a_newer_database_is_refused(connection: psycopg.Connection) -> None:
    connection.execute("insert into schema_migration (name, sha256) values ('9999_future.sql', 'x')")
    with pytest.raises(SchemaError, match=r"newer than this program.*9999_future"):
        migrate(connection)


def test_a_changed_migration_is_refused(connection: psycopg.Connection) -> None:
    connection.execute("update schema_migration set sha256 = 'x'")
    with pytest.raises(SchemaError, match="was changed after it had been applied"):
        migrate(connection)


def test_the_reader_reads_reports_but_neither_contacts_nor_writes(connection: psycopg.Connection) -> None:
    connection.execute("set role report_reader")
    assert connection.execute("select count(*) from report").fetchone() == (0,)
    for statement in ("select * from report_contact", "select * from access_log", "delete from report"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_two_processes_that_start_together_migrate_once(new_database: NewDatabase) -> None:
    url = new_database("template1")

    def start(_: int) -> list[str]:
        with connect(url) as connection:
            return migrate(connection)

    with ThreadPoolExecutor(3) as processes:
        applied = [names for names in processes.map(start, range(3)) if names]
    assert applied == [sorted(file.name for file in SCHEMA.glob("*.sql"))]


def test_a_role_without_rights_is_told_what_it_lacks(new_database: NewDatabase) -> None:
    with connect(new_database("template1")) as connection:
        connection.execute("set role pg_monitor")
        with pytest.raises(SchemaError, match=r"may not change its schema .*Connect as the database's owner"):
            migrate(connection)


def test_hours_of_days_are_counted_where_a_summary_is_kept_already(demo: str, new_database: NewDatabase) -> None:
    with connect(new_database(database_name(demo))) as connection:
        connection.execute("update report set category_id = 2 where id % 50 = 1")  # noted, not yet in the counts
        told = "select * from report_hours order by dimension, span, begins, key, clock"
        before = connection.execute(told).fetchall()
        assert len(before) > 10_000
        _as_before_0020(connection)
        assert migrate(connection) == ["0020_hours_together.sql"]
        assert connection.execute(told).fetchall() == before
        assert [str(found) for found in find_damage(connection, DEMO_NOW) if "summarise" in str(found)] == []
        connection.execute("update report_hours set hours = reports, reports = hours where key = 3")
        assert "report_hours" in " ".join(map(str, find_damage(connection, DEMO_NOW)))


def test_own_squares_are_counted_where_a_summary_is_kept_already(demo: str, new_database: NewDatabase) -> None:
    with connect(new_database(database_name(demo))) as connection:
        connection.execute("delete from report_event where report_id % 50 = 1")
        connection.execute("delete from report_past where report_id % 50 = 1")
        connection.execute("delete from report where id % 50 = 1")  # noted, not yet in the counts
        told = "select * from report_square order by span, begins, square"
        before = connection.execute(told).fetchall()
        assert len(before) > 1_000
        _as_before_0025(connection)
        assert migrate(connection) == ["0025_own_squares.sql"]
        assert connection.execute(told).fetchall() == before
        connection.execute("update report_square set received = received + 1 where begins = '2026-11-01'")
        assert "report_square" in " ".join(map(str, find_damage(connection, DEMO_NOW)))


def test_what_is_counted_goes_with_the_reports(demo: str, new_database: NewDatabase) -> None:
    with connect(new_database(database_name(demo))) as connection:
        severities = ("severity_day", "severity_hours", "severity_open")
        counts = ("day", "month", "hours", "unit_hours", "square", "day_open", *severities)
        for table in [*(f"report_{name}" for name in counts), "report_change", "summary_state"]:
            if table == "report_change":
                connection.execute("update report set category_id = 2 where id % 50 = 1")
            assert connection.execute(f"select count(*) > 0 from {table}".encode()).fetchone() == (True,)
        connection.execute("truncate report cascade")
        for table in [*(f"report_{name}" for name in counts), "report_change", "summary_state"]:
            assert connection.execute(f"select count(*) from {table}".encode()).fetchone() == (0,)


def test_hours_of_units_are_counted_where_a_summary_is_kept_already(demo: str, new_database: NewDatabase) -> None:
    with connect(new_database(database_name(demo))) as connection:
        connection.execute("update report set unit_id = 3 where id % 50 = 1")  # noted, not yet in the counts
        told = "select * from report_unit_hours order by unit_id, month, district_id, ward_id, clock"
        before = connection.execute(told).fetchall()
        assert len(before) > 1_000
        connection.execute("drop table report_unit_hours")
        connection.execute("drop function bring_into_unit_hours cascade")
        connection.execute("delete from schema_migration where name = '0024_unit_hours.sql'")
        assert migrate(connection) == ["0024_unit_hours.sql"]
        assert connection.execute(told).fetchall() == before
        connection.execute("update report_unit_hours set hours = reports, reports = hours where ward_id = -1")
        assert "report_unit_hours" in " ".join(map(str, find_damage(connection, DEMO_NOW)))


def test_severities_are_counted_where_a_summary_is_kept_already(demo: str, new_database: NewDatabase) -> None:
    with connect(new_database(database_name(demo))) as connection:
        told = [
            f"select * from report_severity_{part} order by severity, {first}"
            for part, first in (("day", "day"), ("hours", "span, begins, clock"), ("open", "day"))
        ]
        before = [connection.execute(question.encode()).fetchall() for question in told]
        assert min(map(len, before)) > 1_000
        connection.execute(
            """drop function bring_into_severities, empty_severities, note_change_facts, forget_change_facts,
                   empty_change_facts cascade;
               drop function keep_open_severities_lately, keep_open_severities_anew;
               drop table report_severity_day, report_severity_hours, report_severity_open, report_change_fact;
               drop index report_change_open_differs_from;
               alter table report_change drop column severity, drop column noted;
               delete from schema_migration where name in ('0034_severities.sql', '0036_waiting_facts.sql')"""
        )
        assert migrate(connection) == ["0034_severities.sql", "0036_waiting_facts.sql"]
        assert [connection.execute(question.encode()).fetchall() for question in told] == before
        assert [str(found) for found in find_damage(connection, DEMO_NOW) if "summarise" in str(found)] == []
        for part, number in (("day", "received"), ("open", "open")):
            connection.execute(f"update report_severity_{part} set {number} = {number} + 1".encode())
        connection.execute("update report_severity_hours set hours = reports, reports = hours where span = 'day'")
        damage = " ".join(str(found) for found in find_damage(connection, DEMO_NOW))
        assert {part for part in ("day", "hours", "open") if f"report_severity_{part}" in damage} == {
            "day", "hours", "open",
        }  # fmt: skip


def _as_before_0025(connection: psycopg.Connection) -> None:
    """Take away what 0025 brought, and put there what it takes away."""
    connection.execute(
        """drop function city_grid, square_of, keep_squares_anew;
           alter table summary_state drop column wide, drop column high;
           create function square_of(cell bigint) returns integer language sql return 1;
           create function wider_cell(cell bigint) returns bigint language sql return 1;
           create table report_month_cell (
               month date, cell bigint, received integer, primary key (month, cell) include (received));
           delete from schema_migration where name = '0025_own_squares.sql'"""
    )


def _as_before_0020(connection: psycopg.Connection) -> None:
    """Put the counts of months where they were kept before, and take away what 0020 brought."""
    connection.execute(
        """create function wider_cell(cell bigint) returns bigint language sql return 1;
           create table report_month_cell (
               month date, cell bigint, received integer, primary key (month, cell) include (received));
           create table report_month_hours as
           select dimension, clock, begins as month, key, number_at(hours, place) as hours,
               number_at(reports, place) as reports
           from report_hours cross join lateral generate_series(0, length(hours) - 4, 4) as place
           where span = 'month';
           create table report_day_hours (day date);
           create function empty_day_hours() returns trigger language plpgsql as 'begin return null; end';
           create trigger note_emptying_of_hours after truncate on report
               for each statement execute function empty_day_hours();
           create or replace function bring_into_summary() returns void language sql begin atomic end;
           drop table report_hours;
           drop function told_once, number_at;
           drop function empty_summary cascade;
           create trigger note_emptying after truncate on report
               for each statement execute function note_report_change();
           delete from schema_migration where name = '0020_hours_together.sql'"""
    )
