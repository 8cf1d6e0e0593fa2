"""Files that are snapshots of what is open: a report that is missing from the newest one has been closed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping

KNOWN_WITHIN = timedelta(hours=36)
"""The closing time counts as known if the report stood in a snapshot no longer before: daily ones, with some delay."""
_HANDFUL = 5


@dataclass(frozen=True)
class Closed:
    """How many reports a snapshot closed, and how many of them at an unknown time."""

    reports: int
    at_unknown_time: int


def snapshot_time(connection: psycopg.Connection, at: datetime) -> datetime:
    """Return when the snapshot in `staged` was taken: the newest submission or change in it, not later than `at`."""
    row = connection.execute(
        """select max(moment) from staged cross join lateral (values (submitted_at), (changed_at)) as told (moment)
           where moment <= %s""",
        [at],
    ).fetchone()
    return row[0] if row and row[0] else at


def date_rows(connection: psycopg.Connection, taken_at: datetime) -> None:
    """Make every row of the snapshot as new as the snapshot, and remember which reports it holds (`present`).

    Rejected rows count: their reports are there, whatever they say.
    """
    connection.execute(
        """create temporary table present on commit drop as
           select source_ref from staged union select source_ref from rejected_row"""
    )
    connection.execute("update staged set changed_at = %s", [taken_at])
    connection.execute("update rejected_row set changed_at = %s", [taken_at])


def close_missing(connection: psycopg.Connection, mapping: Mapping, taken_at: datetime, at: datetime) -> Closed:
    """Close the open reports of the source that are not in the snapshot taken at `taken_at`; reports change at `at`.

    They end at `taken_at`. That time counts as known if the report stood in a snapshot less than KNOWN_WITHIN before,
    and did not fall due in between: then nobody can tell whether it was late. Reports that a later snapshot holds stay
    open. Raises ImportFailure if more than the mapping's share would be closed.
    """
    connection.execute(
        """
        create temporary table missing on commit drop as
        select report.id, report.unit_id,
            report_source.source_changed_at < %(taken_at)s
                and %(taken_at)s - report_source.source_changed_at <= %(within)s
                and (report.due_at > report_source.source_changed_at and report.due_at <= %(taken_at)s) is not true
                as ended_known,
            not exists (select from present where present.source_ref = report.source_ref) as is_missing
        from report join report_source on report_source.report_id = report.id
        where starts_with(report.source_ref, %(source)s) and report.ended_at is null
            and report.submitted_at <= %(taken_at)s
            and coalesce(report_source.source_changed_at, report.submitted_at) <= %(taken_at)s
        """,
        {"taken_at": taken_at, "within": KNOWN_WITHIN, "source": f"{mapping.source}:"},
    )
    row = connection.execute(
        """select count(*), count(*) filter (where is_missing),
               count(*) filter (where is_missing and ended_known is not true)
           from missing"""
    ).fetchone()
    opened, missing, unknown = row or (0, 0, 0)
    if missing > _HANDFUL and missing > mapping.acceptance.most_missing * opened:
        raise ImportFailure(
            f"The snapshot would close {missing:,} of {opened:,} open reports, because they are missing from it. Is "
            "the file whole? If it is, raise source.most_missing of the mapping "
            f"({mapping.acceptance.most_missing:g} now). Nothing was imported."
        )
    connection.execute("delete from missing where not is_missing")
    closing = {"taken_at": taken_at, "at": at}
    connection.execute(
        """update report_past
           set status = 'resolved', ended_at = %(taken_at)s, worked_minutes = null,
               ended_known = coalesce(missing.ended_known, false)
           from missing where report_id = missing.id and ended_at is null and valid_to > %(taken_at)s""",
        closing,
    )
    connection.execute(
        """update report
           set status = 'resolved', ended_at = %(taken_at)s, ended_known = coalesce(missing.ended_known, false),
               updated_at = %(at)s
           from missing where report.id = missing.id""",
        closing,
    )
    connection.execute(
        """insert into report_event (report_id, n, at, kind, from_unit_id)
           select id, coalesce((select max(n) from report_event where report_id = id), 0) + 1, %(taken_at)s, 'resolved',
               unit_id
           from missing""",
        closing,
    )
    connection.execute(
        "update report_source set source_changed_at = %(taken_at)s from missing where report_id = missing.id", closing
    )
    return Closed(missing, unknown)
