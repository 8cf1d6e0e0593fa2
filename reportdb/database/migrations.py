"""The schema: a baseline by subject, and the migrations that came after it, all plain SQL.

A new database gets the files of reportdb/schema/baseline/ in their order, then every migration of reportdb/schema/ that
is later than the baseline. An older database gets the migrations it has not seen. Each step is recorded with its hash.

A change of the schema is a new file, NNNN_what_it_does.sql, numbered on from BASELINE. To bring the baseline up to
date, edit its files so that they give the same schema as before with the migrations (`python -m tests.catalogue`
compares the two), and raise BASELINE to the number of the last migration. The migrations stay: older databases need
them.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

SCHEMA = Path(__file__).parents[1] / "schema"
BASELINE = "0040_baseline"
"""The name under which a database records the baseline: it holds all that migrations up to this number did."""
READER = "report_reader"
ROLES = (READER, "report_official", "report_leader", "report_admin", "report_gate", "report_escalator")
"""The roles in which the dashboard asks: schema/baseline/18_access.sql says what each may see."""
DASHBOARD = "report_dashboard"
"""A role that is a member of all of these and inherits nothing; the dashboard's login must belong to it."""
OLDEST_SERVER = 150000  # as server_version counts: PostgreSQL 15.0
LOCK = 4_107_311  # advisory lock: of two processes that start together, one migrates after the other


class SchemaError(Exception):
    """The database's schema cannot be used; the message says why and what to do."""


def migrate(connection: psycopg.Connection, folder: Path = SCHEMA, baseline: str = BASELINE) -> list[str]:
    """Apply what the database has not seen of the schema in `folder`, and return the names of these steps.

    All in one transaction: either the schema is current afterwards, or nothing has changed. Raises SchemaError when
    the server is too old or a standby, the database is newer than the code, older than the baseline or its past
    differs from ours, or rights are missing.
    """
    if connection.info.server_version < OLDEST_SERVER:
        raise SchemaError(
            f"This is PostgreSQL {connection.info.server_version // 10000}; the report database needs 15 or later."
        )
    if connection.execute("select pg_is_in_recovery()").fetchone() == (True,):
        raise SchemaError("This database is a copy (a standby), which can only be read. Name its primary.")
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
            began = next((name for name in known if name.endswith("_baseline") and name < baseline), baseline)
            steps = _steps(folder, baseline, began)
            _refuse_strangers(known, began, steps)
            fresh = [name for name in steps if name not in known]
            for name in fresh:
                for file in steps[name]:
                    connection.execute(file.read_bytes())
                connection.execute(
                    "insert into schema_migration (name, sha256) values (%s, %s)", [name, _digest(steps[name])]
                )
            close_to_everybody(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"The database's role may not change its schema ({error.diag.message_primary}). "
            "Connect as the database's owner, or have its administrator grant the right."
        ) from error
    return fresh


def create_schema(connection: psycopg.Connection) -> None:
    """Make every object of the current schema, in the first schema of the search path and without a record of it."""
    for files in _steps(SCHEMA, BASELINE, BASELINE).values():
        for file in files:
            connection.execute(file.read_bytes())


def _steps(folder: Path, baseline: str, began: str) -> dict[str, list[Path]]:
    """Return the steps that make the schema of a database, in their order, and the files of each.

    A database that began with an earlier baseline keeps that one, and gets the migrations that came after it. A
    migration is later than a baseline when its name sorts behind it: 0041_escalation.sql behind 0040_baseline.
    """
    first = {baseline: sorted((folder / "baseline").glob("*.sql"))} if began == baseline else {}
    return first | {file.name: [file] for file in sorted(folder.glob("[0-9]*.sql")) if file.name > began}


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


def _digest(files: Iterable[Path]) -> str:
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _refuse_strangers(known: Mapping[str, str], began: str, steps: Mapping[str, list[Path]]) -> None:
    if known and not any(name.endswith("_baseline") for name in known):
        raise SchemaError(
            f"This database was made by a version of this program before its first release ({min(known)}), and cannot "
            "be brought up to date: name an empty database or a new folder, and fill it with `python -m reportdb demo` "
            "or `python -m reportdb import csv`."
        )
    if unrecognised := sorted(set(known) - set(steps) - {began}):
        raise SchemaError(
            f"The database is newer than this program: it holds {', '.join(unrecognised)}. "
            "Update the program and try again."
        )
    if changed := [name for name, digest in sorted(known.items()) if name in steps and _digest(steps[name]) != digest]:
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
