"""What the dashboard's login could do besides asking: in this database, its functions and its server."""

from collections.abc import Iterator, Sequence

import psycopg

from reportdb.check.damage import Finding
from reportdb.database.migrations import DASHBOARD, ROLES

_ROLES = (*ROLES, DASHBOARD)
_EVERY_LOGINS_FUNCTIONS = """
    select string_agg(distinct proname, ', ' order by proname) from pg_proc
    where pronamespace = 'pg_catalog'::regnamespace and has_function_privilege('public', oid, 'execute')
        and (proname ~ '^(lo_|pg_(try_)?advisory_)' or proname in ('loread', 'lowrite', 'pg_logical_emit_message',
            'pg_notify', 'pg_cancel_backend', 'pg_terminate_backend', 'pg_stat_get_activity',
            'pg_stat_get_backend_activity'))"""
_WAYS_OUT = ("dblink", "postgres_fdw", "file_fdw", "adminpack", "plpython3u", "plperlu", "pltclu")
"""Extensions that reach other databases or the server's files."""


def login_damage(connection: psycopg.Connection, ways_out: Sequence[str] = _WAYS_OUT) -> Iterator[Finding]:
    """Yield what the database's owner left open to the dashboard's login.

    `ways_out` are extensions that lead to other databases or to the server's files.
    """
    yield from _definers(connection)
    yield from _makers(connection)
    yield from _logins(connection)
    yield from _extensions(connection, ways_out)
    yield from _key(connection)
    if _is_superuser(connection):
        yield from _left_by_postgresql(connection)


def beyond_the_owner(connection: psycopg.Connection) -> list[Finding]:
    """Return what stays open to every login because only a superuser may close it and `connection`'s role is none."""
    return [] if _is_superuser(connection) else list(_left_by_postgresql(connection))


def _key(connection: psycopg.Connection) -> Iterator[Finding]:
    if connection.execute("select to_regclass('scope_key')").fetchone() == (None,):
        return  # reported with the tables
    if connection.execute("select exists (select 1 from scope_key)").fetchone() == (False,):
        wrong = "the key is missing, so that no scope can be signed and the dashboard shows counts only"
        yield Finding("scope_key", None, wrong, "python -m reportdb scope-key --new")


def _definers(connection: psycopg.Connection) -> Iterator[Finding]:
    rows = connection.execute(
        """select cast(cast(pg_proc.oid as regprocedure) as text), nspname
           from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
           where prosecdef and nspname not in ('pg_catalog', 'information_schema')
               and not exists (
                   select 1 from unnest(proconfig) as setting
                   where setting ~ '^search_path=' and setting !~ '\\$user'
                       and (setting ~ '^search_path=pg_catalog,.*, ?pg_temp$' or setting = 'search_path=""'))
           order by 1"""
    ).fetchall()
    for name, schema in rows:
        wrong = "the function runs with its owner's rights and searches names where its caller may create them"
        yield Finding(name, None, wrong, f"alter function {name} set search_path = pg_catalog, {schema}, pg_temp")


def _makers(connection: psycopg.Connection) -> Iterator[Finding]:
    rows = connection.execute(
        """select format('database %%I', current_database()), role, privilege, ''
           from unnest(%(roles)s::text[]) as role, unnest(array['temporary', 'create']) as privilege
           where has_database_privilege(role, current_database(), privilege)
               and (role = 'public' or not has_database_privilege('public', current_database(), privilege))
           union all
           select format('schema %%I', nspname), role, 'create', ''
           from unnest(%(roles)s::text[]) as role, pg_namespace
           where nspname !~ '^pg_' and nspname <> 'information_schema' and has_schema_privilege(role, oid, 'create')
               and (role = 'public' or not has_schema_privilege('public', oid, 'create'))
           order by 1, 2, 3""",
        {"roles": ["public", *_ROLES]},
    ).fetchall()
    for place, role, privilege, _ in rows:
        who = "everybody" if role == "public" else role
        what = "make temporary tables" if privilege == "temporary" else "make tables and functions"
        yield Finding(place, None, f"{who} may {what} in it", f"revoke {privilege} on {place} from {role}")


def _logins(connection: psycopg.Connection) -> Iterator[Finding]:
    """Yield what logins in report_dashboard may do besides: their own rights, other roles, ownership."""
    rows = connection.execute(
        """with recursive belongs as (
               select member from pg_auth_members where roleid = to_regrole(%(dashboard)s) and not admin_option
               union
               select pg_auth_members.member from pg_auth_members join belongs on roleid = belongs.member
               where not admin_option
           )
           select login.rolname, format('has the right %%s', upper(rolright)),
               format('alter role %%I no%%s', login.rolname, rolright)
           from belongs join pg_roles as login on login.oid = member,
               unnest(array['superuser', 'bypassrls', 'createrole', 'createdb', 'replication'],
                   array[rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication]) as rights (rolright, held)
           where rolcanlogin and held
           union all
           select login.rolname, format('belongs to %%s', role.rolname),
               format('revoke %%I from %%I', role.rolname, login.rolname)
           from belongs join pg_roles as login on login.oid = belongs.member
           join pg_auth_members as membership on membership.member = login.oid
           join pg_roles as role on role.oid = membership.roleid
           where login.rolcanlogin and role.rolname <> all(%(ours)s::text[])
               and role.oid not in (select member from belongs)
           union all
           select login.rolname, format('owns %%s', string_agg(thing, ', ' order by thing)),
               format('reassign owned by %%I to the owner of the database', login.rolname)
           from belongs join pg_roles as login on login.oid = member
           join (
               select datdba, 'database ' || datname from pg_database
               union all select relowner, cast(cast(oid as regclass) as text) from pg_class where relkind <> 't'
               union all select proowner, cast(cast(oid as regprocedure) as text) from pg_proc
               union all select nspowner, 'schema ' || nspname from pg_namespace
           ) as owned (owner, thing) on owner = login.oid
           where rolcanlogin
           group by 1
           order by 1, 2""",
        {"dashboard": DASHBOARD, "ours": list(_ROLES)},
    ).fetchall()
    for login, wrong, cure in rows:
        yield Finding(f"login {login}", None, f"{wrong}, beside {DASHBOARD}", cure)


def _extensions(connection: psycopg.Connection, ways_out: Sequence[str]) -> Iterator[Finding]:
    rows = connection.execute(
        "select extname from pg_extension where extname = any(%s) order by 1", [list(ways_out)]
    ).fetchall()
    for (name,) in rows:
        wrong = "is installed, and leads to other databases or to the server's files"
        yield Finding(f"extension {name}", None, wrong, f"drop extension {name}, in a database that does not need it")


def _left_by_postgresql(connection: psycopg.Connection) -> Iterator[Finding]:
    (names,) = connection.execute(_EVERY_LOGINS_FUNCTIONS).fetchone() or (None,)
    if names:
        wrong = f"every login may call {names}"
        cure = "as a superuser, revoke execute on these functions from public; where nobody is one, watch for their use"
        yield Finding("pg_catalog", None, wrong, cure)


def _is_superuser(connection: psycopg.Connection) -> bool:
    return connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (True,)
