"""The summary: precomputed counts by day and month, always consistent (10_summary.sql describes it).

A changed report is in report_change until it is added to the counts; queries need not wait for that.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from reportdb.database.beat import forget_marks
from reportdb.database.parallel import read_in_parallel
from reportdb.summary_count import count_summary

_LOCK = 4_107_313  # advisory lock: one summary at a time
_FEW_DAYS = timedelta(days=14)  # the reports open at the end of a day long ago are slow to count


def summarise(connection: psycopg.Connection, *, now: datetime, recount: bool = False) -> None:
    """Add changes to the counts, or count everything again (`recount`).

    Stores what was open at the end of the days before `now`, and recounts the source's own words. In one transaction:
    readers see the old counts until it commits.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        forget_marks(connection)
        city = connection.execute(
            "select time_zone, (select max(submitted_at) from report where submitted_at <= %s) from city", [now]
        ).fetchone()
        if city is None:
            return
        # Nothing is stored for days after the last report: an old data set may have thousands of them.
        today = (city[1] or now).astimezone(ZoneInfo(city[0])).date()
        if recount or connection.execute("select 1 from summary_state").fetchone() is None:
            _recount(connection, calendar_changed=recount)
        else:
            connection.execute("select apply_changes_to_summary()")
            connection.execute(  # if the areas' extent has changed
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
    if connection.info.transaction_status == TransactionStatus.IDLE:  # no reader needs the deleted rows
        connection.execute("vacuum report_change, report_change_fact")


def _recount(connection: psycopg.Connection, *, calendar_changed: bool) -> None:
    read_in_parallel(connection)
    # Writers wait: a change during the count would be counted twice.
    connection.execute("lock table report in share mode")
    for table in ("report", "report_past"):  # ended reports without working time, or with one from an older calendar
        connection.execute(
            sql.SQL(
                """update {} as own set worked_minutes = cast(ceil(worked.minutes) as integer)
                   from {} as ended cross join lateral try_working_between(ended.submitted_at, ended.ended_at) as worked
                   where ended.ctid = own.ctid and ended.ended_at is not null and ended.ended_known
                       and (%s or ended.worked_minutes is null)
                       and own.worked_minutes is distinct from cast(ceil(worked.minutes) as integer)"""
            ).format(sql.Identifier(table), sql.Identifier(table)),
            [calendar_changed],
        )
    connection.execute(  # including the working times just written: all of it is counted below
        """truncate report_change, report_day, report_month, report_hours, report_unit_hours, report_square,
               report_day_open, report_severity_day, report_severity_hours, report_severity_open, summary_state"""
    )
    connection.execute("insert into summary_state (wide, high) select wide, high from city_grid()")
    count_summary(connection)
    connection.execute(
        """analyze report_day, report_month, report_hours, report_unit_hours, report_square, report_severity_day,
               report_severity_hours"""
    )


def _open_known_to(connection: psycopg.Connection) -> date | None:
    """Return the last day with a stored number of open reports that is still valid."""
    row = connection.execute("select open_to from summary_state").fetchone()
    return row[0] if row else None
