"""What the city's file of reports says of the reports whose steps were told apart."""

from collections.abc import Collection

import psycopg
from psycopg import sql

from reportdb.steps.step import RECOMPUTED, Step, Terms

_RECOMPUTED = """
with version as (
    select report_id, valid_to, unit_id, category_id, severity, status, received_at, reopen_count, rule_id,
        receive_due_at, due_at
    from report_past where report_id = any(%(ids)s)
    union all
    select id, 'infinity', unit_id, category_id, severity, status, received_at, reopen_count, rule_id, receive_due_at,
        due_at
    from report where id = any(%(ids)s)
),
turn as (
    select report_id, valid_to as at, lead(rule_id) over later as rule_id,
        lead(receive_due_at) over later as receive_due_at, lead(due_at) over later as due_at,
        (unit_id, category_id, severity, status, received_at, reopen_count) is not distinct from
            (lead(unit_id) over later, lead(category_id) over later, lead(severity) over later,
             lead(status) over later, lead(received_at) over later, lead(reopen_count) over later) as same
    from version
    window later as (partition by report_id order by valid_to)
)
select report_id, at, rule_id, receive_due_at, due_at from turn
where same and at < 'infinity' and not exists (
    select 1 from imported_step
    where imported_step.report_id = turn.report_id and imported_step.at = turn.at
        and kind not in ('rated', 'informed', 'answered'))
order by report_id, at
"""


def told_reports(connection: psycopg.Connection) -> None:
    """Make the temporary view `told_report`: `report`, but in the words of its file where steps were told apart.

    An import compares its rows with it. Drop it afterwards, or roll back.
    """
    shared = set(_shared(connection))
    columns = [
        sql.SQL("case when told.report_id is null then report.{0} else told.{0} end as {0}").format(name)
        if column in shared
        else sql.SQL("report.{}").format(name)
        for column in columns_of(connection, "report")
        for name in [sql.Identifier(column)]
    ]
    connection.execute(
        sql.SQL(
            """create temporary view told_report as
               select {} from report left join report_as_imported as told on told.report_id = report.id"""
        ).format(sql.SQL(", ").join(columns))
    )


def keep_as_told(connection: psycopg.Connection, ids: Collection[int]) -> None:
    """Keep what these reports are as what their file says, unless that is known."""
    shared = sql.SQL(", ").join(map(sql.Identifier, _shared(connection)))
    connection.execute(
        sql.SQL(
            """insert into report_as_imported (report_id, {shared})
               select id, {shared} from report where id = any(%s) on conflict (report_id) do nothing"""
        ).format(shared=shared),
        [list(ids)],
    )


def told_anew(connection: psycopg.Connection, ids: Collection[int], columns: Collection[str]) -> None:
    """Take over what reports have just become in some columns as what their file says."""
    shared = [column for column in _shared(connection) if column in columns]
    connection.execute(
        sql.SQL(
            """update report_as_imported set ({names}) = row ({values}) from report
               where report.id = report_id and report.id = any(%s)"""
        ).format(
            names=sql.SQL(", ").join(map(sql.Identifier, shared)),
            values=sql.SQL(", ").join(sql.Identifier("report", column) for column in shared),
        ),
        [list(ids)],
    )


def recomputed_steps(connection: psycopg.Connection, ids: Collection[int]) -> dict[int, list[Step]]:
    """Return when `deadlines recompute` gave reports other deadlines, and which, as their past versions tell."""
    found: dict[int, list[Step]] = {}
    for identity, at, rule, receive_due, due in connection.execute(_RECOMPUTED, {"ids": list(ids)}):
        step = Step(at, RECOMPUTED, terms=Terms(rule, receive_due, due))
        found.setdefault(identity, []).append(step)
    return found


def _shared(connection: psycopg.Connection) -> list[str]:
    """Return the columns that report_as_imported shares with report."""
    report = set(columns_of(connection, "report"))
    return [column for column in columns_of(connection, "report_as_imported") if column in report]


def columns_of(connection: psycopg.Connection, table: str) -> list[str]:
    """Return the columns of a table, in order."""
    rows = connection.execute(
        """select attname from pg_attribute
           where attrelid = cast(%s as regclass) and attnum > 0 and not attisdropped order by attnum""",
        [table],
    )
    return [name for (name,) in rows]
