"""Who may do what in the report database, compared with the schema: privileges on columns, rows and functions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import psycopg
from psycopg import sql

from reportdb.check.damage import Finding
from reportdb.database.migrations import ROLES

_EVERYBODY = "public"
_WHO = (_EVERYBODY, *ROLES)
_TO_COLUMNS = ("select", "insert", "update")
_TO_TABLES = ("delete", "truncate")
_Columns = frozenset[str | None]  # None: the table's rows as a whole
_BELONG = {("report_admin", "report_leader")}  # allowed memberships


class Right(NamedTuple):
    """What a role may do with a column, or with the table's rows if `column` is None."""

    role: str
    right: str
    column: str | None


class Policy(NamedTuple):
    """A row-level security policy: the command (r select, * all, ...), the roles, and the rows."""

    name: str
    command: str
    permissive: bool
    roles: tuple[str, ...]
    rows: str | None
    new_rows: str | None


class Function(NamedTuple):
    """A function: who may call it, whether it runs with its owner's rights, and its body."""

    callers: frozenset[str]
    definer: bool
    body: str


def read_rights(connection: psycopg.Connection, table: int) -> frozenset[Right]:
    """Return the privileges of public, and of each of the dashboard's roles, on a table or view (its oid)."""
    rows = connection.execute(
        """select role, privilege, attname
           from unnest(%(who)s::text[]) as role
           cross join unnest(%(columns)s::text[]) as privilege
           join pg_attribute on attrelid = %(table)s and attnum > 0 and not attisdropped
           where has_column_privilege(role, %(table)s::oid, attnum, privilege)
           union all
           select role, privilege, null
           from unnest(%(who)s::text[]) as role cross join unnest(%(tables)s::text[]) as privilege
           where has_table_privilege(role, %(table)s::oid, privilege)""",
        {"who": list(_WHO), "table": table, "columns": list(_TO_COLUMNS), "tables": list(_TO_TABLES)},
    ).fetchall()
    return frozenset(Right(*row) for row in rows)


def read_policies(connection: psycopg.Connection, table: int) -> frozenset[Policy] | None:
    """Return a table's policies (by oid) that apply to the dashboard's roles; None: row-level security is off."""
    if connection.execute("select relrowsecurity from pg_class where oid = %s", [table]).fetchone() != (True,):
        return None
    rows = connection.execute(
        """select polname, polcmd::text, polpermissive,
               array(select coalesce(rolname::text, %(everybody)s) from unnest(polroles) as bound
                     left join pg_roles on pg_roles.oid = bound order by 1),
               pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
           from pg_policy where polrelid = %(table)s""",
        {"everybody": _EVERYBODY, "table": table},
    ).fetchall()
    return frozenset(
        Policy(name, command, permissive, tuple(roles), rows, new_rows)
        for name, command, permissive, roles, rows, new_rows in rows
        if set(roles) & set(_WHO)
    )


def read_functions(connection: psycopg.Connection, signatures: Iterable[str]) -> Mapping[str, Function]:
    """Return those of the functions, given as "masked(text)", that the search path finds."""
    rows = connection.execute(
        """select signature, array(select role from unnest(%(who)s::text[]) as role
                                   where has_function_privilege(role, pg_proc.oid, 'execute')),
               prosecdef, coalesce(pg_get_function_sqlbody(pg_proc.oid), prosrc)
           from unnest(%(signatures)s::text[]) as signature join pg_proc on pg_proc.oid = to_regprocedure(signature)
           order by signature collate "C" """,
        {"who": list(_WHO), "signatures": list(signatures)},
    ).fetchall()
    return {name: Function(frozenset(callers), definer, body) for name, callers, definer, body in rows}


def rights_damage(
    table: str, columns: Iterable[str], expected: frozenset[Right], found: frozenset[Right], there: Iterable[str]
) -> Iterator[Finding]:
    """Yield missing and excessive privileges of roles on a table.

    `columns` are those of the expected table, `there` those of the found one. A privilege on all expected columns
    counts as one on the whole table, even if a city added columns.
    """
    everything, all_there = frozenset(columns), frozenset(there)
    lacking: dict[tuple[str, _Columns, _Columns], list[str]] = defaultdict(list)
    too_much: dict[tuple[str, _Columns, _Columns], list[str]] = defaultdict(list)
    for right in (*_TO_COLUMNS, *_TO_TABLES):
        open_to_all: _Columns = frozenset()
        for role in _WHO:
            ours = _columns(expected, role, right)
            theirs = _columns(found, role, right)
            whole = ours >= everything and right in _TO_COLUMNS
            if role != _EVERYBODY and (missing := (ours & (all_there | {None})) - theirs):
                lacking[right, missing, frozenset() if whole else ours].append(role)
            if not whole and (more := theirs - ours - open_to_all):
                too_much[right, more, ours].append(role)
                open_to_all |= more if role == _EVERYBODY else frozenset()
    for (right, missing, ours), roles in lacking.items():
        place = None if missing >= (ours or everything & all_there) else _named(missing)
        cure = f"grant {_right(right, ours)} on {table} to {', '.join(roles)}"
        yield Finding(table, place, f"{', '.join(roles)} may not {right}", cure)
    for (right, more, ours), roles in too_much.items():
        cure = f"revoke {right} on {table} from {', '.join(roles)}"
        if roles != [_EVERYBODY]:
            cure += ", and from any role they belong to"
        if ours:
            cure += f"; then grant {_right(right, ours)} on {table} to {', '.join(roles)}"
        place = None if more >= all_there else _named(more)
        yield Finding(table, place, f"{_words(roles)} may {right}, but must not", cure)


def policy_damage(
    table: str, expected: frozenset[Policy] | None, found: frozenset[Policy] | None, *, same_tables: bool
) -> Iterator[Finding]:
    """Yield where row-level security is off, or shows other rows than ours.

    `same_tables`: the tables have the names used in the conditions, so that those can be compared.
    """
    if expected is None:
        return
    if found is None:
        wrong = "row-level security is off, so that every reader of the table sees every row"
        yield Finding(table, None, wrong, f"alter table {table} enable row level security")
        return
    ours, theirs = ({policy.name: policy for policy in policies} for policies in (expected, found))
    for name in sorted(ours.keys() | theirs.keys()):
        there = theirs.get(name)
        if there is None:
            cure = f"create policy {name} on {table} as reportdb/schema/ does"
            yield Finding(table, None, f"the policy {name} is missing", cure)
        elif name not in ours:
            wrong = f"the unknown policy {name} shows rows to {_words(there.roles)}"
            yield Finding(table, None, wrong, f"drop policy {name} on {table}")
        elif ours[name] != (there if same_tables else there._replace(rows=ours[name].rows)):
            cure = f"drop policy {name} on {table}; then create it as reportdb/schema/ does"
            yield Finding(table, None, f"the policy {name} shows other rows than ours, or to other roles", cure)


def function_damage(
    expected: Mapping[str, Function], found: Mapping[str, Function], *, same_tables: bool
) -> Iterator[Finding]:
    """Yield missing or different functions, and wrong privileges to call them."""
    for name, ours in expected.items():
        if name not in found:
            yield Finding(name, None, "the function is missing", "create it as reportdb/schema/ does")
            continue
        there = found[name]
        if same_tables and there.body != ours.body:
            yield Finding(
                name, None, "the function does something else than ours", "create it as reportdb/schema/ does"
            )
        if there.definer != ours.definer:
            whose = ("definer", "caller's") if ours.definer else ("invoker", "owner's")
            cure = f"alter function {name} security {whose[0]}"
            yield Finding(name, None, f"the function runs with its {whose[1]} rights", cure)
        if unable := [role for role in ROLES if role in ours.callers - there.callers]:
            cure = f"grant execute on function {name} to {', '.join(unable)}"
            yield Finding(name, None, f"{', '.join(unable)} may not call the function", cure)
        able = [role for role in _WHO if role in there.callers - ours.callers]
        able = [_EVERYBODY] if _EVERYBODY in able else able
        if able:
            cure = f"revoke execute on function {name} from {', '.join(able)}"
            yield Finding(name, None, f"{_words(able)} may call the function, but must not", cure)


def role_damage(connection: psycopg.Connection) -> Iterator[Finding]:
    """Yield dashboard roles that bypass row-level security, or belong to other roles."""
    for role in connection.execute(
        "select rolname from pg_roles where rolname = any(%s) and (rolsuper or rolbypassrls) order by 1", [list(ROLES)]
    ).fetchall():
        cure = f"alter role {role[0]} nosuperuser nobypassrls"
        yield Finding(f"role {role[0]}", None, "bypasses row-level security", cure)
    for member, role in connection.execute(
        """select member.rolname, role.rolname
           from pg_auth_members
           join pg_roles as member on member.oid = pg_auth_members.member
           join pg_roles as role on role.oid = roleid
           where member.rolname = any(%s) order by 1, 2""",
        [list(ROLES)],
    ).fetchall():
        if (member, role) not in _BELONG:
            wrong = f"belongs to {role}, and may do what that role may"
            yield Finding(f"role {member}", None, wrong, f"revoke {role} from {member}")


def shown_without_scope(connection: psycopg.Connection, views: Iterable[str]) -> Iterator[Finding]:
    """Yield the views that show cases to an official without a scope. `connection` is in a transaction."""
    for view in views:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute("select set_config('report.scope', signed_scope('{}', 'report_official'), true)")
                connection.execute("set local role report_official")
                row = connection.execute(
                    sql.SQL("select exists(select 1 from {})").format(sql.Identifier(view))
                ).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            continue
        except psycopg.errors.UndefinedFunction:  # reported with the functions
            return
        if row == (True,):
            cure = "let it choose the rows that sees_all() and scope_units() allow, or make it with (security_invoker)"
            yield Finding(view, None, "the view shows cases to officials without access to any", cure)


def _columns(rights: frozenset[Right], role: str, right: str) -> _Columns:
    return frozenset(each.column for each in rights if (each.role, each.right) == (role, right))


def _right(right: str, columns: _Columns) -> str:
    return f"{right} ({_named(columns)})" if _named(columns) else right


def _named(columns: _Columns) -> str:
    return ", ".join(sorted(column for column in columns if column))


def _words(roles: Iterable[str]) -> str:
    return ", ".join("everybody" if role == _EVERYBODY else role for role in roles)
