"""`check` names what would give the dashboard's login more rights, and the statement that repairs it."""

import psycopg
import pytest

from reportdb.check import beyond_the_owner, find_damage
from reportdb.check.login import login_damage

DOORS = {
    "temporary tables": (
        "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
        "everybody may make temporary tables in it. Cure: revoke temporary on database",
    ),
    "tables and functions": (
        "grant create on schema public to public",
        "schema public: everybody may make tables and functions in it. Cure: revoke create on schema public from",
    ),
    "a role that may make tables": (
        "grant create on schema public to report_reader",
        "schema public: report_reader may make tables and functions in it. Cure: revoke create on schema public from",
    ),
    "names that the caller may put anywhere": (
        "alter function contact_of reset search_path",
        "create them. Cure: alter function contact_of(bigint,text,text) set search_path = pg_catalog, public, pg_temp.",
    ),
    "the caller's temporary tables first": (
        "alter function found_by_words set search_path = pg_catalog, public",
        "found_by_words(tsquery): the function runs with its owner's rights and searches names",
    ),
    "a function of the city's own": (
        "create function ours() returns bigint language sql security definer as 'select count(*) from report'",
        "ours(): the function runs with its owner's rights and searches names",
    ),
    "no key": (
        "delete from scope_key",
        "scope_key: the key is missing, so that no scope can be signed and the dashboard shows counts only. Cure:",
    ),
    "a key for the reader": (
        "grant select on scope_key to report_reader",
        "scope_key: report_reader may select, but must not. Cure: revoke select on scope_key from report_reader",
    ),
    "a signature for everybody": (
        "grant execute on function scope_signature(text) to public",
        "scope_signature(text): everybody may call the function, but must not. Cure: revoke execute on function",
    ),
    "a scope that is believed unsigned": (
        "create or replace function scope_holds() returns boolean language sql immutable as 'select true'",
        "scope_holds(): the function does something else than ours. Cure: create it as reportdb/schema/ does.",
    ),
    "accounts without a scope": (
        "alter table app_user disable row level security",
        "app_user: row-level security is off, so that every reader of the table sees every row. Cure: alter table",
    ),
    "large objects": (
        "grant execute on function lo_create(oid) to public",
        "pg_catalog: every login may call lo_create. Cure: as a superuser, revoke execute on these functions",
    ),
    "a login that is a superuser": (
        "create role login_in_test superuser login in role report_dashboard",
        "login login_in_test: has the right SUPERUSER, beside report_dashboard. Cure: alter role login_in_test",
    ),
    "a login that belongs to others": (
        "create role login_in_test login in role report_dashboard, pg_read_all_data",
        "login login_in_test: belongs to pg_read_all_data, beside report_dashboard. Cure: revoke pg_read_all_data from",
    ),
    "a login that owns a table": (
        """create role login_in_test login in role report_dashboard;
           create table kept (id integer); alter table kept owner to login_in_test""",
        "login login_in_test: owns kept, beside report_dashboard. Cure: reassign owned by login_in_test to",
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_each_excess_right_is_named_with_its_cure(connection: psycopg.Connection, door: str) -> None:
    opened, said = DOORS[door]
    try:
        connection.execute(opened.encode())
        found = [str(damage) for damage in find_damage(connection)]
    except psycopg.errors.InsufficientPrivilege:
        pytest.skip("only a superuser may open it")
    finally:  # roles belong to the whole server
        connection.execute("drop table if exists kept; drop role if exists login_in_test")
    assert any(said in line for line in found), found


def test_an_extension_that_leads_elsewhere_is_named(connection: psycopg.Connection) -> None:
    assert list(login_damage(connection)) == []
    (found,) = map(str, login_damage(connection, ways_out=("plpgsql",)))  # the only extension installed here
    assert found.startswith("extension plpgsql: is installed, and leads to other databases")


def test_rights_that_only_a_superuser_may_revoke_are_listed_apart(connection: psycopg.Connection) -> None:
    assert beyond_the_owner(connection) == []
    with connection.transaction(force_rollback=True):
        try:
            connection.execute("grant execute on function lo_create(oid), pg_notify(text, text) to public")
        except psycopg.errors.InsufficientPrivilege:
            pytest.skip("only a superuser may open it")
        connection.execute("create role steward_in_test; set local role steward_in_test")
        (beyond,) = map(str, beyond_the_owner(connection))
        assert beyond.startswith("pg_catalog: every login may call lo_create, pg_notify. Cure: as a superuser")
        connection.execute("reset role; grant select on scope_key to steward_in_test; set local role steward_in_test")
        assert [found for found in login_damage(connection) if found.table == "pg_catalog"] == []
