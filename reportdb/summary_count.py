"""Count the whole summary from the reports at once, with all processors (10_summary.sql describes what it holds).

What one report adds to the counts is report_facts() here as well. Each of its counts is 0 or 1, so those of a fact are
the bits of a number: equal ones are counted together, and taken apart once they are few.
"""

from collections.abc import Mapping as Words

import psycopg
from psycopg import sql

_DIMENSIONS = {
    "city": sql.SQL("0"),
    "district": sql.SQL("coalesce(district_id, -1)"),
    "ward": sql.SQL("coalesce(ward_id, -1)"),
    "unit": sql.SQL("coalesce(unit_id, -1)"),
    "category": sql.SQL("cast(category_id as integer)"),
    "channel": sql.SQL("cast(channel_id as integer)"),
}
_CHOICES = sql.SQL("district_id, ward_id, unit_id, category_id, channel_id")


def count_summary(connection: psycopg.Connection) -> None:
    """Fill the emptied tables of the summary, but for what was open at the ends of days; in a transaction.

    `summary_state` holds its row already.
    """
    # Not temporary, or one process would read them. Nobody else sees them before they are dropped.
    _count_days(connection)
    _count_hours(connection)
    connection.execute("select recount_squares()")


def _count_days(connection: psycopg.Connection) -> None:
    counted = [
        name
        for (name,) in connection.execute(
            """select name from pg_proc, unnest(proargnames, proargmodes) with ordinality as given (name, mode, n)
               where pg_proc.oid = 'report_facts'::regproc and mode = 't' and name <> 'at' order by n"""
        )
    ]
    given = [
        name
        for (name,) in connection.execute(
            """select name from pg_proc, unnest(proargnames, proargmodes) with ordinality as given (name, mode, n)
               where pg_proc.oid = 'report_facts'::regproc and mode = 'i' order by n"""
        )
    ]
    connection.execute(
        sql.SQL(
            """create unlogged table summary_fact as
               select cast(fact.at at time zone time_zone as date) as day, {what} as what, severity, {choices}
               from report cross join city cross join lateral report_facts({given}) as fact"""
        ).format(
            what=sql.SQL(" | ").join(
                sql.SQL("(coalesce(fact.{}, 0) << {})").format(sql.Identifier(name), sql.Literal(bit))
                for bit, name in enumerate(counted)
            ),
            choices=_CHOICES,
            given=sql.SQL(", ").join(
                sql.SQL("report.cell is null") if name == "off_map" else sql.Identifier("report", name)
                for name in given
            ),
        )
    )
    connection.execute("analyze summary_fact")
    for dimension, key in _DIMENSIONS.items():
        _count(connection, "report_day", counted, {"day": sql.SQL("day"), "key": key}, {"dimension": dimension})
    _count(connection, "report_severity_day", counted, {"severity": sql.SQL("severity"), "day": sql.SQL("day")}, {})
    month = {"month": sql.SQL("cast(date_trunc('month', day) as date)")}
    choices = {name: sql.SQL(name) for name in ("district_id", "ward_id", "unit_id", "category_id", "channel_id")}
    _count(connection, "report_month", counted, month | choices, {})
    connection.execute("drop table summary_fact")


def _count(
    connection: psycopg.Connection,
    table: str,
    counted: list[str],
    groups: Words[str, sql.Composable],
    fixed: Words[str, str],
) -> None:
    """Fill a table of counts: a row for each of the `groups`, with values that are the same for all."""
    _gather(connection, "summary_fact", {**groups, "what": sql.SQL("what")})
    keys = sql.SQL(", ").join(map(sql.Identifier, groups))
    connection.execute(
        sql.SQL(
            "insert into {table} ({columns}) select {keys}, {fixed} {sums} from summary_group group by {keys}"
        ).format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, (*groups, *fixed, *counted))),
            keys=keys,
            fixed=sql.SQL("").join(sql.SQL("{}, ").format(sql.Literal(value)) for value in fixed.values()),
            sums=sql.SQL(", ").join(
                sql.SQL("coalesce(sum(n) filter (where (what >> {}) & 1 = 1), 0)").format(sql.Literal(bit))
                for bit in range(len(counted))
            ),
        )
    )
    connection.execute("drop table summary_group")


def _count_hours(connection: psycopg.Connection) -> None:
    connection.execute(
        sql.SQL(
            """create unlogged table summary_handled as
               select cast(ended_at at time zone time_zone as date) as day, clock, handled.hours, severity, {choices}
               from report cross join city
               cross join lateral (values
                   ('calendar', handled_hours(ended_at - submitted_at)),
                   ('working', handled_hours(make_interval(mins => worked_minutes)))
               ) as handled (clock, hours)
               where status = 'resolved' and ended_known and handled.hours is not null"""
        ).format(choices=_CHOICES)
    )
    connection.execute("analyze summary_handled")
    spans = {"day": sql.SQL("day"), "month": sql.SQL("cast(date_trunc('month', day) as date)")}
    for dimension, key in _DIMENSIONS.items():
        _gather_hours(connection, {"begins": spans["day"], "key": key})
        for span in spans:
            _list_hours(
                connection,
                "report_hours",
                {"begins": sql.SQL("begins") if span == "day" else _month_of("begins"), "key": sql.SQL("key")},
                {"dimension": dimension, "span": span},
            )
        connection.execute("drop table summary_group")
    _gather_hours(connection, {"begins": spans["day"], "severity": sql.SQL("severity")})
    for span in spans:
        _list_hours(
            connection,
            "report_severity_hours",
            {"begins": sql.SQL("begins") if span == "day" else _month_of("begins"), "severity": sql.SQL("severity")},
            {"span": span},
        )
    connection.execute("drop table summary_group")
    connection.execute("delete from summary_handled where unit_id is null")
    where = {"month": spans["month"], "unit_id": sql.SQL("unit_id")}
    areas = {f"{level}_id": _DIMENSIONS[level] for level in ("district", "ward")}
    _gather_hours(connection, where | areas)
    _list_hours(connection, "report_unit_hours", {name: sql.Identifier(name) for name in where | areas}, {})
    connection.execute("drop table summary_group, summary_handled")


def _month_of(column: str) -> sql.Composable:
    return sql.SQL("cast(date_trunc('month', {}) as date)").format(sql.Identifier(column))


def _gather_hours(connection: psycopg.Connection, groups: Words[str, sql.Composable]) -> None:
    _gather(connection, "summary_handled", {**groups, "clock": sql.SQL("clock"), "hours": sql.SQL("hours")})


def _gather(connection: psycopg.Connection, table: str, groups: Words[str, sql.Composable]) -> None:
    """Make the table `summary_group`: a row for each of the groups, and how many rows of a table it has."""
    connection.execute(
        sql.SQL(
            "create unlogged table summary_group as select {columns}, count(*) as n from {table} group by {places}"
        ).format(
            columns=sql.SQL(", ").join(
                sql.SQL("{} as {}").format(value, sql.Identifier(name)) for name, value in groups.items()
            ),
            table=sql.Identifier(table),
            places=sql.SQL(", ").join(map(sql.SQL, map(str, range(1, len(groups) + 1)))),
        )
    )


def _list_hours(
    connection: psycopg.Connection, table: str, groups: Words[str, sql.Composable], fixed: Words[str, str]
) -> None:
    """Fill a table of handling times from `summary_group`: two lists of numbers for each group and clock."""
    columns = sql.SQL(", ").join(map(sql.Identifier, (*groups, "clock", *fixed, "hours", "reports")))
    connection.execute(
        sql.SQL(
            """insert into {table} ({columns})
               select {keys}, clock, {fixed} string_agg(int4send(hours), '' order by hours),
                   string_agg(int4send(cast(n as integer)), '' order by hours)
               from (select {values}, clock, hours, sum(n) as n from summary_group group by {places}) as taken
               group by {keys}, clock"""
        ).format(
            table=sql.Identifier(table),
            columns=columns,
            keys=sql.SQL(", ").join(map(sql.Identifier, groups)),
            fixed=sql.SQL("").join(sql.SQL("{}, ").format(sql.Literal(value)) for value in fixed.values()),
            values=sql.SQL(", ").join(
                sql.SQL("{} as {}").format(value, sql.Identifier(name)) for name, value in groups.items()
            ),
            places=sql.SQL(", ").join(map(sql.SQL, map(str, range(1, len(groups) + 3)))),
        )
    )
