"""The schema as ordered migrations: plain SQL files, each applied once, in a transaction, and recorded."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

SCHEMA = Path(__file__).parents[1] / "schema"
READER = "report_reader"
ROLES = (READER, "report_official", "report_leader", "report_admin", "report_gate", "report_escalator")
"""The roles in which the dashboard asks: the schema's 0008 and 0031 say what each may see."""
DASHBOARD = "report_dashboard"
"""A role that is a member of all of these and inherits nothing; the dashboard's login must belong to it."""
OLDEST_SERVER = 150000  # as server_version counts: PostgreSQL 15.0
LOCK = 4_107_311  # advisory lock: of two processes that start together, one migrates after the other


class SchemaError(Exception):
    """The database's schema cannot be used; the message says why and what to do."""


def migrate(connection: psycopg.Connection, folder: Path = SCHEMA) -> list[str]:
    """Apply the migrations of `folder` that the database does not have yet, and return their names.

    In one transaction: either the schema is current afterwards, or nothing has changed. Raises SchemaError if the
    server is too old or a standby, if the database is newer than the code or its history differs from ours, or if
    privileges are missing.
    """
    if connection.info.server_version < OLDEST_SERVER:
        raise SchemaError(
            f"This is PostgreSQL {connection.info.server_version // 10000}; the report database needs 15 or later."
        )
    if connection.execute("select pg_is_in_recovery()").fetchone() == (True,):
        raise SchemaError("This database is a copy (a standby), which can only be read. Name its primary.")
    files = sorted(folder.glob("[0-9]*.sql"))
    try:
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
            _create_roles(connection)
            connection.execute(
                """create table if not exists schema_migration (
                       name text primary key, sha256 text not null, applied_at timestamptz not null default now())"""
            )
            for role in ROLES:
                connection.execute(sql.SQL("grant select on schema_migration to {}").format(sql.Identifier(role)))
            known: dict[str, str] = dict(connection.execute("select name, sha256 from schema_migration").fetchall())
            _refuse_strangers(known, files)
            fresh = [file for file in files if file.name not in known]
            for file in fresh:
                connection.execute(file.read_bytes())
                connection.execute(
                    "insert into schema_migration (name, sha256) values (%s, %s)", [file.name, _digest(file)]
                )
            close_to_everybody(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"The database's role may not change its schema ({error.diag.message_primary}). "
            "Connect as the database's owner, or have its administrator grant the right."
        ) from error
    return [file.name for file in fresh]


def close_to_everybody(connection: psycopg.Connection) -> None:
    """Let only the owner create tables or functions in the database, including temporary ones.

    These privileges belong to a database and are not copied with it. A privilege that the role may not revoke stays;
    `check` reports it.
    """
    connection.execute(
        """do $$
           begin
               if has_database_privilege('public', current_database(), 'temporary')
                       or has_database_privilege('public', current_database(), 'create') then
                   execute format('revoke temporary, create on database %I from public', current_database());
               end if;
               if has_schema_privilege('public', current_schema(), 'create') then
                   execute format('revoke create on schema %I from public', current_schema());
               end if;
           exception when insufficient_privilege then
               null;
           end
           $$"""
    )


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def _refuse_strangers(known: dict[str, str], files: list[Path]) -> None:
    ours = {file.name: file for file in files}
    if unrecognised := sorted(set(known) - set(ours)):
        raise SchemaError(
            f"The database is newer than this program: it holds {', '.join(unrecognised)}. "
            "Update the program and try again."
        )
    if changed := [name for name, digest in sorted(known.items()) if _digest(ours[name]) != digest]:
        raise SchemaError(
            f"{', '.join(changed)} was changed after it had been applied to this database. "
            "Restore the file; a change of the schema is a new migration."
        )


def _create_roles(connection: psycopg.Connection) -> None:
    """Create the roles the dashboard asks in, once for the whole server, and let us become them."""
    for role in (*ROLES, DASHBOARD):
        try:
            with connection.transaction():
                if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                    connection.execute(sql.SQL("create role {} nologin noinherit").format(sql.Identifier(role)))
                    if role == "report_admin":
                        connection.execute("alter role report_admin inherit")
                        _grant(connection, ("report_leader",), role)
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            pass  # another database of this server made it at the same moment
    member = connection.execute(
        """select rolname::text from pg_auth_members join pg_roles on pg_roles.oid = roleid
           where member = (select oid from pg_roles where rolname = %s)""",
        [DASHBOARD],
    ).fetchall()
    if missing := [role for role in ROLES if (role,) not in member]:  # all roles, or those that a newer schema added
        _grant(connection, missing, DASHBOARD)
    # Since PostgreSQL 16 a member of a role may not be allowed to become it.
    become = "set" if connection.info.server_version >= 160000 else "member"
    for role in ROLES:
        if connection.execute("select pg_has_role(current_user, %s, %s)", [role, become]).fetchone() != (True,):
            connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))


def _grant(connection: psycopg.Connection, roles: Iterable[str], member: str) -> None:
    members = sql.SQL(", ").join(map(sql.Identifier, roles))
    connection.execute(sql.SQL("grant {} to {}").format(members, sql.Identifier(member)))
