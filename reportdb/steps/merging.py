"""Takes told steps from the temporary table `told_step` into `imported_step`, and retells their reports."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import psycopg
from psycopg import sql

from reportdb.deadlines.calendars import fill_calendar
from reportdb.steps.retelling import retell
from reportdb.steps.told import keep_as_told, recomputed_steps

CLOCKS_MAY_DIFFER = timedelta(minutes=5)

_KEY = "report_id, at, kind, from_unit_id, to_unit_id"
_VALUES = "place, note, minutes, due_at, due_before, category_id, severity, category_before_id, severity_before, rating"
_STAGED = """
    create temporary table told_step (
        line bigint not null,
        raw text not null,
        reference text not null,        -- of its report: what report_key holds
        report_id bigint,
        at timestamptz,                 -- null: when its report ended
        kind text not null,
        from_unit_id integer,
        to_unit_id integer,
        from_code text,                 -- of a unit that the database does not have yet
        to_code text,
        place integer,
        note text,
        minutes integer,
        due_at timestamptz,
        due_before timestamptz,
        category_id smallint,
        severity text,
        category_before_id smallint,
        severity_before text,
        rating text,
        changed_at timestamptz
    ) on commit drop
"""


class Refuse(Protocol):
    """Takes a row that cannot be used: its line, the reason in words, what it is counted by, and its text."""

    def __call__(self, line: int, reason: str, counted_by: str, raw: str, /) -> None: ...


@dataclass
class MergedSteps:
    """What became of told steps: rows by what they did, reports that changed, and steps that do not fit, by reason."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    removed: int = 0
    reports: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def stage_steps(connection: psycopg.Connection) -> None:
    """Make the temporary table `told_step`."""
    connection.execute(_STAGED)


def merge_steps(
    connection: psycopg.Connection,
    *,
    refers_to: str,
    at: datetime,
    early_is_submission: bool,
    refuse: Refuse,
    add_units: Callable[[list[str]], Mapping[str, int]] | None = None,
    whole_history: Collection[str] = (),
) -> MergedSteps:
    """Take over the rows of `told_step`, and retell the reports that they change, as updated at `at`.

    `refers_to` says what a reference is: source_ref or public_code. A step is known by its report, time, kind and
    units; of two versions the newer one counts by `changed_at`, else the later import. Of the kinds in `whole_history`
    the rows hold every step of their reports: those that are missing are removed. `add_units` adds units by code and
    returns their ids. Call it inside a transaction that
    holds the lock on `report`.
    """
    _find_reports(connection, refers_to)
    _refuse(connection, refuse, "report_id is null", "no report has this id")
    _refuse(connection, refuse, f"at > {sql.Literal(at + CLOCKS_MAY_DIFFER).as_string(connection)}", "in the future")
    if early_is_submission:
        connection.execute(
            "update told_step set at = submitted_at from report where id = report_id and at < submitted_at"
        )
    else:
        early = "at < (select submitted_at from report where id = report_id)"
        _refuse(connection, refuse, early, "before its report was submitted")
    if add_units:
        _add_units(connection, add_units)
    merged = MergedSteps(repeated=_repeated(connection, refuse))
    connection.execute("analyze told_step")
    ids = [row[0] for row in connection.execute("select distinct report_id from told_step").fetchall()]
    recomputed = recomputed_steps(connection, ids)
    changed = _write(connection, merged, whole_history)
    keep_as_told(connection, changed)
    connection.execute("analyze imported_step, report_as_imported")
    _fill_calendar(connection)
    merged.reports, merged.left_out = retell(connection, changed, at=at, recomputed=recomputed)
    connection.execute("drop table told_step")
    return merged


def _find_reports(connection: psycopg.Connection, refers_to: str) -> None:
    connection.execute(
        """update told_step set report_id = report_key.report_id
           from report_key where report_key.kind = %s and report_key.key = reference""",
        [refers_to],
    )


def _add_units(connection: psycopg.Connection, add_units: Callable[[list[str]], Mapping[str, int]]) -> None:
    """Add the units that only the accepted rows need."""
    rows = connection.execute(
        """select from_code from told_step where from_code is not null
           union select to_code from told_step where to_code is not null order by 1"""
    ).fetchall()
    if rows:
        ids = add_units([code for (code,) in rows])
        connection.execute(
            """update told_step
               set from_unit_id = coalesce(from_unit_id, cast(cast(%(ids)s as jsonb) ->> from_code as integer)),
                   to_unit_id = coalesce(to_unit_id, cast(cast(%(ids)s as jsonb) ->> to_code as integer))
               where from_code is not null or to_code is not null""",
            {"ids": json.dumps(dict(ids))},
        )


def _refuse(connection: psycopg.Connection, refuse: Refuse, condition: str, reason: str) -> None:
    """Refuse the rows that meet a condition, one of the constants above."""
    rows = connection.execute(
        sql.SQL("delete from told_step where {} returning line, reference, raw").format(sql.SQL(condition))
    ).fetchall()
    for line, reference, raw in sorted(rows):
        refuse(line, f"{reason}: {reference}", reason, raw)


def _repeated(connection: psycopg.Connection, refuse: Refuse) -> int:
    """Leave one row of each step: the newest, else the first; refuse others that differ, and return how many do not."""
    rows = connection.execute(
        sql.SQL(
            """
            with numbered as (
                select ctid, line, raw, {key}, {values}, changed_at,
                    first_value(line) over own as first, row_number() over own as n,
                    first_value(changed_at) over own as newest,
                    first_value(row ({values})) over own as kept
                from told_step
                window own as (partition by {key} order by changed_at desc nulls last, line)
            ),
            gone as (
                delete from told_step using numbered where told_step.ctid = numbered.ctid and numbered.n > 1
            )
            select line, first, raw, row ({values}) is distinct from kept
                and not coalesce(changed_at < newest, newest is not null)
            from numbered where n > 1 order by line"""
        ).format(key=sql.SQL(_KEY), values=sql.SQL(_VALUES))
    ).fetchall()
    for line, first, raw, differs in rows:
        if differs:
            refuse(line, f"repeats the step of line {first}", "repeats a step otherwise", raw)
    return sum(not differs for *_, differs in rows)


def _write(connection: psycopg.Connection, merged: MergedSteps, whole_history: Collection[str]) -> list[int]:
    """Write the rows into imported_step, and return whose steps changed."""
    same = sql.SQL(" and ").join(
        sql.SQL("known.{0} is not distinct from told_step.{0}").format(sql.Identifier(column))
        for column in _KEY.split(", ")
    )
    names = {
        "same": same,
        "key": sql.SQL(_KEY),
        "values": sql.SQL(_VALUES),
        "known": _of("known", _VALUES),
        "told": _of("told_step", _VALUES),
    }
    (rows,) = connection.execute("select count(*) from told_step").fetchone() or (0,)
    updated = connection.execute(
        sql.SQL(
            """update imported_step as known
               set ({values}, changed_at) = row ({told}, coalesce(told_step.changed_at, known.changed_at))
               from told_step
               where {same} and ({known}) is distinct from ({told})
                   and not coalesce(told_step.changed_at < known.changed_at, false)
               returning known.report_id"""
        ).format(**names)
    ).fetchall()
    new = connection.execute(
        sql.SQL(
            """insert into imported_step ({key}, {values}, changed_at)
               select {key}, {values}, changed_at from told_step
               where not exists (select 1 from imported_step as known where {same})
               returning report_id"""
        ).format(**names)
    ).fetchall()
    removed = connection.execute(
        sql.SQL(
            """delete from imported_step as known
               where kind = any(%s) and report_id in (select report_id from told_step)
                   and not exists (select 1 from told_step where {same})
               returning report_id"""
        ).format(**names),
        [list(whole_history)],
    ).fetchall()
    merged.new, merged.updated, merged.removed = len(new), len(updated), len(removed)
    merged.unchanged = rows - merged.new - merged.updated
    return sorted({identity for (identity,) in (*new, *updated, *removed)})


def _fill_calendar(connection: psycopg.Connection) -> None:
    """Fill the calendar for every day that the steps speak of."""
    row = connection.execute(
        """select country, subdivision, min(cast(at at time zone time_zone as date)),
               cast(least(max(greatest(at, due_at) at time zone time_zone),
                   max(at at time zone time_zone) + interval '2 years') as date)
           from told_step cross join city group by country, subdivision"""
    ).fetchone()
    if row and row[2]:
        fill_calendar(connection, country=row[0], subdivision=row[1], first=row[2], last=row[3])


def _of(table: str, columns: str) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(table, column) for column in columns.split(", "))
