"""The summary: counts by day and month, made beforehand and kept true (10_summary.sql says what is in it).

A change of a report stands in report_change until it is brought into the counts; nobody who asks has to wait for that.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from reportdb.database.beat import forget_marks

_LOCK = 4_107_313  # an advisory lock only we use: one summary at a time
_REPORTS_AT_ONCE = 500_000  # about, by when they came in: as many as are sorted and counted in memory
_FEW_DAYS = timedelta(days=14)  # what was open when a day long ago ended is not a quick question


def summarise(connection: psycopg.Connection, *, now: datetime, anew: bool = False) -> None:
    """Bring what has changed into the counts, or count all `anew`; and keep what was open when the days before `now`
    ended; and recount the source's own words. All in one transaction: readers see the old counts until it commits.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        forget_marks(connection)
        city = connection.execute(
            "select time_zone, (select max(submitted_at) from report where submitted_at <= %s) from city", [now]
        ).fetchone()
        if city is None:
            return
        # Nothing is kept of the days after the last report: a city of the past may have thousands.
        today = (city[1] or now).astimezone(ZoneInfo(city[0])).date()
        if anew or connection.execute("select 1 from summary_state").fetchone() is None:
            _count_anew(connection, calendar_changed=anew)
        else:
            connection.execute("select apply_changes_to_summary()")
            connection.execute(  # where the areas have another extent now
                """select recount_squares()
                   from summary_state join city_grid() as own
                       on (summary_state.wide, summary_state.high) <> (own.wide, own.high)"""
            )
        known = _open_known_to(connection)
        if known is None or today - known > _FEW_DAYS:
            connection.execute("select recount_open_days(%s)", [today])
            connection.execute("select recount_open_severities(%s)", [today])
        else:
            connection.execute("select count_open_days_after(%s, %s)", [known, today])
            connection.execute("select count_open_severities_after(%s, %s)", [known, today])
        connection.execute("update summary_state set open_to = %s", [today - timedelta(days=1)])
        connection.execute("select count_source_words()")
    if connection.info.transaction_status == TransactionStatus.IDLE:  # what was taken away is in nobody's way any more
        connection.execute("vacuum report_change, report_change_fact")


def _count_anew(connection: psycopg.Connection, *, calendar_changed: bool) -> None:
    # Whoever writes waits a while: a change while we count would be counted twice.
    connection.execute("lock table report in share mode")
    for table in ("report", "report_past"):  # what was told when they ended, by the calendar there was, or not yet
        connection.execute(
            sql.SQL(
                """update {} as own set worked_minutes = cast(ceil(worked.minutes) as integer)
                   from {} as ended cross join lateral try_working_between(ended.submitted_at, ended.ended_at) as worked
                   where ended.ctid = own.ctid and ended.ended_at is not null and (%s or ended.worked_minutes is null)
                       and own.worked_minutes is distinct from cast(ceil(worked.minutes) as integer)"""
            ).format(sql.Identifier(table), sql.Identifier(table)),
            [calendar_changed],
        )
    connection.execute(  # with what has just been noted of the working time: all of it is counted below
        """truncate report_change, report_day, report_month, report_hours, report_unit_hours, report_square,
               report_day_open, report_severity_day, report_severity_hours, report_severity_open, summary_state"""
    )
    connection.execute("insert into summary_state (wide, high) select wide, high from city_grid()")
    row = connection.execute("select min(submitted_at), max(submitted_at), count(*) from report").fetchone()
    if row is None or row[0] is None:
        return
    start, last, reports = row
    # All is told to the counts at once: nothing of it waits, and nobody asks what it would add.
    connection.execute("alter table report_change disable trigger note_facts")
    step = (last - start) / (1 + reports // _REPORTS_AT_ONCE) + timedelta(microseconds=1)
    while start <= last:
        connection.execute(
            """insert into report_change
               select 1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at,
                   received_at, receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count,
                   worked_minutes, null, severity
               from report where submitted_at >= %s and submitted_at < %s""",
            [start, start + step],
        )
        connection.execute("select apply_changes_to_summary()")
        start += step
    connection.execute("alter table report_change enable trigger note_facts")
    connection.execute(
        """analyze report_day, report_month, report_hours, report_unit_hours, report_square, report_severity_day,
               report_severity_hours"""
    )


def _open_known_to(connection: psycopg.Connection) -> date | None:
    """Return the last day of which is known what was open when it ended, and has not changed since."""
    row = connection.execute("select open_to from summary_state").fetchone()
    return row[0] if row else None
