"""The constraints of the schema, checked on the rows: not null, checks, keys and references.

A table made by reportdb/schema/ enforces them itself. They are checked here if a table lost its constraints, or if a
view replaces it.
"""

import re
from collections.abc import Iterator

import psycopg
from psycopg import sql

from reportdb.check.damage import Finding, times
from reportdb.check.structure import Constraint, Structure, Table

# Checks over several columns in words: what is wrong, and how to repair it.
RULES: dict[tuple[str, ...], tuple[str, str]] = {
    ("area", "lat", "lon"): ("only one of the two coordinates", "fill or empty both"),
    ("area", "valid_from", "valid_to"): ("an end before the beginning", "correct valid_from or valid_to"),
    ("unit", "valid_from", "valid_to"): ("an end before the beginning", "correct valid_from or valid_to"),
    ("unit_head", "valid_from", "valid_to"): ("an end before the beginning", "correct valid_from or valid_to"),
    ("unit_successor", "successor_id", "unit_id"): ("a unit that succeeds itself", "name the unit that took over"),
    ("deadline_rule", "valid_from", "valid_to"): ("an end before the beginning", "correct valid_from or valid_to"),
    ("access_export", "ended_at", "sent", "whole"): (
        "an incomplete end of a file",
        "fill or empty ended_at, sent and whole together",
    ),
    ("office_hours", "closes", "opens"): ("closing before opening", "correct opens or closes"),
    ("report", "lat", "lon"): ("only one of the two coordinates", "fill or empty both"),
    ("report", "ended_at", "status"): (
        "a status that does not agree with ended_at",
        "give resolved and refused reports their ended_at, and no other report",
    ),
    ("report", "escalated_at", "escalated_by_id"): (
        "a unit that handed it up, without the time of it",
        "fill escalated_at, or empty escalated_by_id",
    ),
    ("report_past", "escalated_at", "escalated_by_id"): (
        "a unit that handed it up, without the time of it",
        "fill escalated_at, or empty escalated_by_id",
    ),
    ("report", "rated_at", "rating"): ("a rating without its time, or a time without a rating", "fill or empty both"),
    ("report", "ended_at", "submitted_at"): ("ended before it was submitted", "correct ended_at or submitted_at"),
    ("report", "received_at", "submitted_at"): (
        "received before it was submitted",
        "correct received_at or submitted_at",
    ),
    ("report", "answer", "ended_at", "resolved_without_text_at", "status"): (
        "a time of being resolved without a text that does not agree with answer, status and ended_at",
        "write the report's answer again",
    ),
    ("report", "ended_at", "ended_known", "worked_minutes"): (
        "an unknown closing time of a report that is open or has working minutes",
        "set ended_known to true, or empty worked_minutes",
    ),
    ("report_past", "ended_at", "ended_known", "worked_minutes"): (
        "an unknown closing time of a report that is open or has working minutes",
        "set ended_known to true, or empty worked_minutes",
    ),
    ("report_past", "valid_from", "valid_to"): ("an end before the beginning", "correct valid_from or valid_to"),
    ("report_past", "ended_at", "status"): (
        "a status that does not agree with ended_at",
        "give resolved and refused reports their ended_at, and no other report",
    ),
    ("report_hours", "hours", "reports"): (
        "lists that are not of one length",
        "run `python -m reportdb summarise --recount`",
    ),
    ("report_unit_hours", "hours", "reports"): (
        "lists that are not of one length",
        "run `python -m reportdb summarise --recount`",
    ),
    ("report_severity_hours", "hours", "reports"): (
        "lists that are not of one length",
        "run `python -m reportdb summarise --recount`",
    ),
    ("report_source", "stale_reason", "stale_since"): (
        "a mark of being out of date without its reason, or a reason without the mark",
        "fill or empty stale_since and stale_reason together",
    ),
    ("report_source", "district_from_source", "district_named"): (
        "a district by the source's word, and no district that it names",
        "import the city's file again",
    ),
    ("report_source", "ward_from_source", "ward_named"): (
        "a ward by the source's word, and no ward that it names",
        "import the city's file again",
    ),
    ("imported_step", "kind", "rating"): (
        "a rating without its word, or another step with one",
        "import the city's file of ratings again",
    ),
    ("imported_step", "at", "kind"): ("a step without a time", "import the city's file of steps again"),
    ("app_user", "role", "unit_id"): ("a unit head without a unit, or a unit without a unit head", "correct unit_id"),
}


def broken_rules(connection: psycopg.Connection, expected: Structure, found: Structure) -> Iterator[Finding]:
    """Yield the constraints that rows break. Raises psycopg.ProgrammingError if columns are missing."""
    for name, table in expected.items():
        if name not in found:
            continue
        there = found[name]
        for column, (_, filled) in table.columns.items():
            if filled and column in there.columns and not there.columns[column].filled:
                where = sql.SQL("{} is null").format(sql.Identifier(column))
                if hit := _count(connection, name, table, where):
                    yield Finding(name, column, f"empty, but must be filled{hit}", f"fill {name}.{column}")
        for rule in sorted(table.constraints - there.constraints, key=str):
            if all(column in there.columns for column in rule.columns):
                yield from _broken(connection, name, table, rule, found)


def _broken(
    connection: psycopg.Connection, name: str, table: Table, rule: Constraint, found: Structure
) -> Iterator[Finding]:
    column = ", ".join(rule.columns)
    if rule.kind == "f":
        other = rule.other_table or ""
        if other in found and (hit := _count(connection, name, table, _without_other(rule))):
            cure = f"add what is missing to {other}, or correct {name}.{column}"
            yield Finding(name, column, f"names a row that {other} does not hold{hit}", cure)
    elif rule.kind in "pu":
        if hit := _doubles(connection, name, rule):
            yield Finding(name, column, f"the same in more than one row{hit}", f"leave one row of each in {name}")
    elif hit := _count(connection, name, table, sql.SQL("not ({})").format(sql.SQL(rule.expression or "true"))):
        wrong, cure = _words(name, rule)
        yield Finding(name, column, wrong + hit, cure)


def _words(name: str, rule: Constraint) -> tuple[str, str]:
    expression = rule.expression or ""
    if known := RULES.get((name, *sorted(rule.columns))):
        return known
    if allowed := re.findall(r"'([^']*)'::text", expression):
        return f"none of {', '.join(allowed)}", f"correct {name}.{rule.columns[0]}"
    return f"breaks the rule {expression}", f"correct {', '.join(rule.columns)}"


def _without_other(rule: Constraint) -> sql.Composed:
    """Return the condition that a row refers to a missing row of the other table."""
    pairs = list(zip(rule.columns, rule.other_columns, strict=True))
    return sql.SQL("{} and not exists (select 1 from {} as other where {})").format(
        sql.SQL(" and ").join(sql.SQL("mine.{} is not null").format(sql.Identifier(own)) for own, _ in pairs),
        sql.Identifier(rule.other_table or ""),
        sql.SQL(" and ").join(
            sql.SQL("other.{} = mine.{}").format(sql.Identifier(other), sql.Identifier(own)) for own, other in pairs
        ),
    )


def _count(connection: psycopg.Connection, name: str, table: Table, where: sql.Composable) -> str:
    """Return how many rows meet a condition in words; empty if there are none."""
    query = sql.SQL("select count(*), min({}) from {} as mine where {}").format(
        _key_in_words(table.key), sql.Identifier(name), where
    )
    count, example = connection.execute(query).fetchone() or (0, None)
    return times(count, example)


def _doubles(connection: psycopg.Connection, name: str, rule: Constraint) -> str:
    columns = sql.SQL(", ").join(map(sql.Identifier, rule.columns))
    query = sql.SQL(
        """with double as (select {columns} from {table} where ({columns}) is not null
               group by {columns} having count(*) > 1)
           select count(*), min({key}) from double"""
    ).format(columns=columns, table=sql.Identifier(name), key=_key_in_words(rule.columns))
    count, example = connection.execute(query).fetchone() or (0, None)
    return times(count, example)


def _key_in_words(columns: tuple[str, ...]) -> sql.Composed:
    """Return an expression like "id 17"."""
    return sql.SQL("concat_ws(' ', {})").format(
        sql.SQL(", ").join(sql.SQL("{}, {}").format(sql.Literal(column), sql.Identifier(column)) for column in columns)
    )
