"""Migrations are applied once, all or nothing, and a stranger's database is refused."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from reportdb.check import find_damage
from reportdb.connection import connect
from reportdb.migrations import SCHEMA, SchemaError, migrate
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
    url = new_database(database_name(demo))
    with connect(url) as connection:
        connection.execute("drop table report_day_hours cascade")  # as it was before them
        connection.execute("drop function empty_day_hours cascade")
        connection.execute("delete from schema_migration where name = '0017_hours_of_days.sql'")
        connection.execute("update report set category_id = 2 where id % 50 = 1")  # noted, not yet in the counts
        assert migrate(connection) == ["0017_hours_of_days.sql"]
        assert connection.execute("select count(*) > 1000 from report_day_hours").fetchone() == (True,)
        assert [str(found) for found in find_damage(connection, DEMO_NOW) if "summarise" in str(found)] == []
        connection.execute("update report_day_hours set reports = reports + 1 where key = 3")
        assert "report_day_hours" in " ".join(map(str, find_damage(connection, DEMO_NOW)))
        connection.execute("truncate report cascade")
        assert connection.execute("select count(*) from report_day_hours").fetchone() == (0,)
