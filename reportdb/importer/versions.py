"""Of several rows of one report the newest counts: within a file, and between files.

`changed_at` of a row is when the source last changed it; a row without it is older than any row with it. In a file of
snapshots (reportdb/importer/snapshots.py) every row is as new as the snapshot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from reportdb.source_file.rejects import Rejects


@dataclass(frozen=True)
class RejectedRow:
    """A rejected row whose id could be read: what makes a known report stale."""

    source_ref: str
    line: int
    kind: str
    changed_at: datetime | None


@dataclass(frozen=True)
class Kept:
    """Rows of a file that do not count: older versions, whole rows again, and rows that repeat an id otherwise."""

    older: int
    repeated: int
    rejected: int


REPEATS = "repeats an id"
"""The kind by which the account counts rows that repeat an id with other content and no newer time."""


def keep_newest(connection: psycopg.Connection, rejects: Rejects) -> Kept:
    """Leave one row a report in `staged`: the newest by `changed_at`, of equally new ones the first.

    Rows that differ from it, and are not older, go to the rejects.
    """
    connection.execute(
        """
        create temporary table surplus on commit drop as
        select *
        from (
            select line, raw,
                first_value(line) over newest as first,
                row_number() over newest > 1 as is_surplus,
                row_number() over (partition by source_ref, rtrim(raw, E'\r\n') order by line) > 1 as is_repeated,
                coalesce(changed_at, '-infinity')
                    < first_value(coalesce(changed_at, '-infinity')) over newest as is_older
            from staged
            where source_ref in (select source_ref from staged group by source_ref having count(*) > 1)
            window newest as (
                partition by source_ref order by coalesce(changed_at, '-infinity') desc, line
                rows between unbounded preceding and unbounded following)
        ) as version
        where is_surplus
        """
    )
    with connection.cursor("surplus_rows") as rows:
        rows.execute(
            "select line, first, raw from surplus where not is_repeated and not is_older order by line",
        )
        for line, first, raw in rows:
            rejects.add(line, f"repeats the id of line {first}", raw)
    connection.execute("delete from staged using surplus where staged.line = surplus.line")
    row = connection.execute(
        """select count(*) filter (where is_older and not is_repeated), count(*) filter (where is_repeated),
               count(*) filter (where not is_repeated and not is_older)
           from surplus"""
    ).fetchone()
    return Kept(*(row or (0, 0, 0)))


def leave_out_older(connection: psycopg.Connection) -> tuple[int, datetime | None]:
    """Delete the rows of `staged` that are older than the row their report was last read from.

    Return how many these are, and when the newest of the known rows had changed.
    """
    row = connection.execute(
        """
        with older as (
            delete from staged using report join report_source on report_source.report_id = report.id
            where report.source_ref = staged.source_ref
                and coalesce(staged.changed_at, '-infinity') < report_source.source_changed_at
            returning report_source.source_changed_at
        )
        select count(*), max(source_changed_at) from older
        """
    ).fetchone()
    return row or (0, None)


def note_rejected(connection: psycopg.Connection, rows: Sequence[RejectedRow]) -> None:
    """Copy the rejected rows whose id is known into the temporary table `rejected_row`."""
    connection.execute(
        """create temporary table rejected_row (
               source_ref text not null, line bigint not null, kind text not null, changed_at timestamptz)
           on commit drop"""
    )
    with connection.cursor() as cursor, cursor.copy("copy rejected_row from stdin") as copy:
        for row in rows:
            copy.write_row((row.source_ref, row.line, row.kind, row.changed_at))


def mark_stale(connection: psycopg.Connection, at: datetime, *, dated: bool) -> int:
    """Mark the known reports whose newer row was rejected (`rejected_row`); return how many these are.

    Call it after the merge. `dated`: the rows say when the source changed them; without that a rejected row is newer,
    unless the file holds a good row of the same report.
    """
    row = connection.execute(
        """
        with newest as (
            select distinct on (source_ref) source_ref, kind, changed_at
            from rejected_row order by source_ref, changed_at desc nulls last, line desc
        ),
        stale as (
            update report_source
            set stale_since = coalesce(stale_since, %(at)s), stale_reason = newest.kind,
                stale_changed_at = newest.changed_at
            from newest join report on report.source_ref = newest.source_ref
            where report_source.report_id = report.id
                and case
                    when %(dated)s and (newest.changed_at is not null or source_changed_at is not null)
                        then coalesce(newest.changed_at, '-infinity') > coalesce(source_changed_at, '-infinity')
                    else not exists (select from staged where staged.source_ref = newest.source_ref)
                end
            returning 1
        )
        select count(*) from stale
        """,
        {"at": at, "dated": dated},
    ).fetchone()
    return row[0] if row else 0


def count_stale(connection: psycopg.Connection, source: str) -> int:
    """Return how many reports of a source are marked as stale."""
    row = connection.execute(
        """select count(*) from report_source join report on report.id = report_id
           where stale_since is not null and starts_with(source_ref, %s)""",
        [f"{source}:"],
    ).fetchone()
    return row[0] if row else 0
