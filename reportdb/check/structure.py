"""The structure of the report database: as reportdb/schema/ makes it, and as found."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

import psycopg
from psycopg import sql

from reportdb.check.access import (
    Function,
    Policy,
    Right,
    policy_damage,
    read_functions,
    read_policies,
    read_rights,
    rights_damage,
)
from reportdb.check.damage import Finding
from reportdb.database.migrations import LOCK, READER, SchemaError, create_schema

_WITH_INDEXES = "rpm"  # tables, partitioned tables and materialised views, as in pg_class.relkind


class Column(NamedTuple):
    """A column's type, as PostgreSQL writes it, and whether it is not null."""

    type: str
    filled: bool


class Constraint(NamedTuple):
    """A constraint: c check, f foreign key, p primary key, u unique."""

    kind: str
    columns: tuple[str, ...]
    other_table: str | None
    other_columns: tuple[str, ...]
    expression: str | None


@dataclass(frozen=True)
class Table:
    """A table or view: columns, indexes ("btree (due_at)"), constraints, each role's privileges and policies."""

    kind: str
    columns: Mapping[str, Column]
    indexes: Mapping[str, bool]  # whether it is unique
    constraints: frozenset[Constraint]
    rights: frozenset[Right]
    policies: frozenset[Policy] | None  # None: every reader of the table sees all rows

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return next(rule.columns for rule in self.constraints if rule.kind == "p")


Structure = Mapping[str, Table]


def expected_structure(connection: psycopg.Connection) -> tuple[Structure, Mapping[str, Function]]:
    """Return the tables and the functions of the schema: they are made in a schema of their own, and undone.

    Raises SchemaError if the role may not do that.
    """
    try:
        return _made_and_undone(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"The check compares the database with tables it makes in a schema of its own and undoes, and may not "
            f"({error.diag.message_primary}). Connect as the database's owner, or grant create on the database."
        ) from error


def _made_and_undone(connection: psycopg.Connection) -> tuple[Structure, Mapping[str, Function]]:
    scratch = sql.Identifier(f"reportdb_check_{uuid4().hex}")
    with connection.transaction(force_rollback=True):
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        (path,) = connection.execute("show search_path").fetchone() or ("public",)
        connection.execute(sql.SQL("create schema {}").format(scratch))
        connection.execute(sql.SQL("set local search_path = {}, {}").format(scratch, sql.SQL(path)))
        create_schema(connection)
        names = connection.execute(
            "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'v')"
        ).fetchall()
        functions = connection.execute(
            """select format('%I(%s)', proname, oidvectortypes(proargtypes)) from pg_proc
               where pronamespace = current_schema()::regnamespace order by 1"""
        ).fetchall()
        structure = read_structure(connection, [name for (name,) in names])
        return structure, read_functions(connection, [name for (name,) in functions])


def read_structure(connection: psycopg.Connection, names: Iterable[str]) -> Structure:
    """Return those of the named tables (or views in their place) that the search path finds."""
    return {
        name: _read_table(connection, oid, kind)
        for name, oid, kind in connection.execute(
            """select name, pg_class.oid, relkind::text from unnest(%s::text[]) as name
               join pg_class on pg_class.oid = to_regclass(quote_ident(name)) order by name""",
            [list(names)],
        ).fetchall()
    }


def _read_table(connection: psycopg.Connection, oid: int, kind: str) -> Table:
    columns = connection.execute(
        """select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute
           where attrelid = %s and attnum > 0 and not attisdropped order by attnum""",
        [oid],
    ).fetchall()
    indexes = connection.execute(
        """select substring(pg_get_indexdef(indexrelid) from ' USING (.*)$'), indisunique from pg_index
           where indrelid = %s and indisvalid""",
        [oid],
    ).fetchall()
    constraints = connection.execute(
        """select contype::text, array(select attname::text from unnest(conkey) with ordinality as k (n, place)
                       join pg_attribute on attrelid = conrelid and attnum = n order by place),
               (select relname::text from pg_class where oid = confrelid),
               array(select attname::text from unnest(confkey) with ordinality as k (n, place)
                       join pg_attribute on attrelid = confrelid and attnum = n order by place),
               pg_get_expr(conbin, conrelid)
           from pg_constraint where conrelid = %s and contype in ('c', 'f', 'p', 'u') and convalidated""",
        [oid],
    ).fetchall()
    return Table(
        kind=kind,
        columns={name: Column(type_, filled) for name, type_, filled in columns},
        indexes=dict(indexes),
        constraints=frozenset(
            Constraint(kind, tuple(own), other, tuple(others), words) for kind, own, other, others, words in constraints
        ),
        rights=read_rights(connection, oid),
        policies=read_policies(connection, oid),
    )


def structural_damage(expected: Structure, found: Structure) -> Iterator[Finding]:
    """Yield what the found tables lack or hold in another form, compared with the expected ones."""
    for name, table in expected.items():
        if name not in found:
            cure = "create it as reportdb/schema/ does, or a view of this name with the same columns"
            yield Finding(name, None, "the table is missing", cure)
            continue
        there = found[name]
        for column, (type_, filled) in table.columns.items():
            if column not in there.columns:
                cure = f"add it as {type_}, which {'must be filled' if filled else 'may be empty'}"
                yield Finding(name, column, "the column is missing", cure)
            elif not _same_type(there.columns[column].type, type_):
                wrong = f"the column holds {there.columns[column].type} where {type_} is read"
                yield Finding(name, column, wrong, f"alter table {name} alter column {column} type {type_}")
        if there.kind in _WITH_INDEXES:
            for index, unique in table.indexes.items():
                if index not in there.indexes:
                    columns = index.partition("(")[2].partition(")")[0]
                    cure = f"create {'unique ' * unique}index on {name} using {index}"
                    yield Finding(name, columns, "an index is missing, without which the queries are slow", cure)
        yield from rights_damage(name, table.columns, table.rights, there.rights, there.columns)
        if there.kind != "v":
            yield from policy_damage(name, table.policies, there.policies, same_tables=same_tables(found))


def same_tables(found: Structure) -> bool:
    """Whether no view replaces the reports: functions and conditions then use the same names."""
    return "report" in found and found["report"].kind in _WITH_INDEXES


def views_of_cases(expected: Structure, found: Structure) -> list[str]:
    """Return the views whose rows depend on the reader: ours, and a city's that replace tables with policies."""
    return [
        name
        for name, there in found.items()
        if there.kind == "v"
        and (
            expected[name].policies is not None
            or (expected[name].kind == "v" and not any(right.role == READER for right in expected[name].rights))
        )
    ]


def _same_type(found: str, expected: str) -> bool:
    return found == expected or (expected == "text" and found.startswith("character varying"))
