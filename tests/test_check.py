"""`check` finds nothing in a good database, and names table, column and cure of every kind of damage."""

import tomllib
from datetime import timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reportdb.check import find_damage
from reportdb.check.access import role_damage
from reportdb.check.rules import RULES
from reportdb.check.structure import expected_structure
from reportdb.database.connection import connect
from reportdb.database.migrations import SchemaError
from reportdb.demo import build_demo
from tests.conftest import NewDatabase, database_name
from tests.reports import DAY, HOUR, T, past, report, small_city


def _step(connection: psycopg.Connection, number: int, *steps: tuple[str, timedelta]) -> None:
    """Add a report's events, with their times after its submission two days before T."""
    for n, (kind, after) in enumerate(steps, start=1):
        connection.execute(
            "insert into report_event (report_id, n, at, kind) values (%s, %s, %s, %s)",
            [number, n, T - 2 * DAY + after, kind],
        )


def _good_city(connection: psycopg.Connection) -> None:
    """Five reports consistent with their events and history: waiting, resolved, transferred, reopened, not located."""
    small_city(connection)
    connection.execute(
        """
        insert into working_day (day, working, source)
            select day, extract(isodow from day) < 6, 'test'
            from generate_series(date '2027-01-01', date '2027-03-31', interval '1 day') as day;
        insert into office_hours values ('1900-01-01', '08:00', '12:00', 'test', true),
            ('1900-01-01', '13:00', '17:00', 'test', true);
        insert into deadline_rule (id, receive_minutes, handle_minutes, clock, handle_from, valid_from, source,
                receive_confirmed, handle_confirmed)
            values (1, 480, 480, 'working', 'received', '2020-01-01', 'test', true, true);
        update area set geometry = jsonb_build_object('type', 'Polygon', 'coordinates', jsonb_build_array(
            jsonb_build_array(jsonb_build_array(west, 21.00), jsonb_build_array(west + 0.05, 21.00),
                jsonb_build_array(west + 0.05, 21.05), jsonb_build_array(west, 21.05), jsonb_build_array(west, 21.00))))
            from (values (1, 105.80), (11, 105.80), (2, 105.85), (12, 105.85)) as place (id, west)
            where area.id = place.id;
        """
    )
    connection.execute("insert into feed values (1, %s, interval '1 hour')", [T])
    began = T - 2 * DAY
    report(connection, 1, lon=105.82, lat=21.02, due_at=T + HOUR, rule_id=1)
    _step(connection, 1, ("submitted", 0 * HOUR))
    report(
        connection, 2, lon=105.87, lat=21.03, district_id=2, ward_id=12, unit_id=2, received_at=began + HOUR,
        ended_at=began + 9 * HOUR, rating="satisfied", rated_at=began + 10 * HOUR, updated_at=began + 10 * HOUR,
    )  # fmt: skip
    _step(
        connection, 2,
        ("submitted", 0 * HOUR), ("received", HOUR), ("resolved", 9 * HOUR), ("rated", 10 * HOUR),
    )  # fmt: skip
    connection.execute("insert into report_contact values (2, 'Công dân', '0900000000')")
    report(connection, 3, unit_id=2, transfer_count=1)
    past(connection, 3, valid_from=began, valid_to=began + 5 * HOUR)
    _step(connection, 3, ("submitted", 0 * HOUR), ("transferred", 5 * HOUR))
    report(connection, 4, reopen_count=1, status="in_progress", received_at=began + HOUR)
    past(
        connection, 4, valid_from=began, valid_to=began + 20 * HOUR, received_at=began + HOUR, status="resolved",
        ended_at=began + 8 * HOUR,
    )  # fmt: skip
    _step(
        connection, 4,
        ("submitted", 0 * HOUR), ("received", HOUR), ("resolved", 8 * HOUR), ("reopened", 20 * HOUR),
    )  # fmt: skip
    report(connection, 5, district_id=None, ward_id=None)
    _step(connection, 5, ("submitted", 0 * HOUR))


@pytest.fixture(scope="session")
def good_template(new_database: NewDatabase, schema_template: str) -> str:
    url = new_database(schema_template)
    with connect(url) as connection:
        _good_city(connection)
    return database_name(url)


@pytest.fixture
def database(new_database: NewDatabase, good_template: str) -> str:
    """A good database for this test, instead of the empty one."""
    return new_database(good_template)


def test_a_good_database_is_quiet(connection: psycopg.Connection) -> None:
    assert find_damage(connection, T) == []


def test_the_check_changes_nothing(connection: psycopg.Connection) -> None:
    schemas = "select count(*) from pg_namespace where nspname like 'reportdb_check%'"
    find_damage(connection, T)
    assert connection.execute(schemas).fetchone() == (0,)


DAMAGE = tomllib.loads(Path(__file__).with_name("damage.toml").read_text(encoding="utf-8"))["damage"]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage["name"])
def test_damage_is_named_with_table_column_and_cure(connection: psycopg.Connection, damage: dict[str, Any]) -> None:
    connection.execute(damage["inflicted"])
    lines = [str(found) for found in find_damage(connection, T)]
    assert [line[: len(words)] for line, words in zip_longest(lines, damage["said"], fillvalue="")] == damage["said"]
    assert all(". Cure: " in line for line in lines)


def test_a_city_of_the_past_needs_no_coming_days(connection: psycopg.Connection) -> None:
    connection.execute("delete from working_day where day > '2026-11-18'")
    assert find_damage(connection, T + 90 * DAY) == []


OF_VIEWS = """
    alter table report rename to case_file;
    create view report with (security_invoker) as select * from case_file;
    do $$
    declare granted record;
    begin
        for granted in
            select grantee, string_agg(column_name, ', ') as columns
            from information_schema.column_privileges
            where table_name = 'case_file' and privilege_type = 'SELECT' and grantee like 'report\\_%'
                and grantee <> current_user
            group by grantee
        loop
            execute format('grant select (%s) on report to %I', granted.columns, granted.grantee);
        end loop;
    end
    $$"""


def test_views_over_the_citys_own_tables_are_as_good(connection: psycopg.Connection) -> None:
    connection.execute(OF_VIEWS)
    assert find_damage(connection, T) == []


def test_a_view_that_bypasses_row_level_security_is_named(connection: psycopg.Connection) -> None:
    connection.execute(OF_VIEWS)
    connection.execute("alter view report reset (security_invoker)")
    (damage,) = find_damage(connection, T)
    assert str(damage).startswith("report: the view shows cases to officials without access to any. Cure: let it")


def test_a_role_that_bypasses_the_rules_is_named(connection: psycopg.Connection) -> None:
    with connection.transaction(force_rollback=True):  # roles belong to the whole server
        connection.execute("grant report_gate to report_reader")
        (belongs,) = map(str, role_damage(connection))
        assert belongs.startswith(
            "role report_reader: belongs to report_gate, and may do what that role may. Cure: revoke"
        )
    with connection.transaction(force_rollback=True):
        try:
            connection.execute("alter role report_leader bypassrls")
        except psycopg.errors.InsufficientPrivilege:
            pytest.skip("only a superuser may let a role pass by row-level security")
        (passes,) = map(str, role_damage(connection))
        assert passes.startswith("role report_leader: bypasses row-level security. Cure: alter role report_leader nosu")


def test_a_view_is_held_to_the_rules_of_the_table(connection: psycopg.Connection) -> None:
    connection.execute(OF_VIEWS)
    connection.execute(
        """alter table case_file drop constraint report_unit_id_fkey, drop constraint report_check2;
           update case_file set unit_id = 99, rating = 'satisfied', title = normalize('Hồ', nfd) where id = 1"""
    )
    assert [(damage.table, damage.column) for damage in find_damage(connection, T)] == [
        ("report", "rating, rated_at"),
        ("report", "unit_id"),
        ("report", "title"),
    ]


def test_every_check_over_several_columns_has_words(connection: psycopg.Connection) -> None:
    expected, _ = expected_structure(connection)
    between = {
        (name, *sorted(rule.columns))
        for name, table in expected.items()
        for rule in table.constraints
        if rule.kind == "c" and len(rule.columns) > 1
    }
    assert between == set(RULES)


def test_an_empty_city_is_good(new_database: NewDatabase, schema_template: str) -> None:
    with connect(new_database(schema_template)) as connection:
        connection.execute(
            """insert into city (code, name_vi, name_en, time_zone, country)
               values ('hanoi', 'Hà Nội', 'Hanoi', 'Asia/Ho_Chi_Minh', 'VN')"""
        )
        assert find_damage(connection, T) == []


def test_the_demo_city_is_good(new_database: NewDatabase, schema_template: str) -> None:
    with connect(new_database(schema_template)) as connection:
        build_demo(connection, reports=3000, seed=1000, now=T)
        assert find_damage(connection, T) == []


def test_a_role_that_may_not_create_schemas_gets_a_message(connection: psycopg.Connection) -> None:
    connection.execute("set role report_reader")
    with pytest.raises(SchemaError, match="grant create on the database"):
        find_damage(connection, T)
