"""Two copies of the large city after the same changes: waiting for the next summary in one, part of the summary in the
other. Both get the same questions, so a time difference comes from the waiting changes alone.

The changes are made with the statements of a city's feed, so the schema's own triggers record them. They are those of
one busy hour before the newest report: new reports, receipts, answers, refusals, transfers, recategorisations, ratings
and reopenings.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

from reportdb.summary import summarise

_HOUR = timedelta(hours=1)
_NEW, _RECEIVED, _ANSWERED, _REFUSED, _PASSED_ON, _RATED, _REOPENED, _MOVED = (
    0.35, 0.06, 0.10, 0.01, 0.03, 0.12, 0.005, 0.005,
)  # fmt: skip
"""Each kind's share of the waiting rows: a new report leaves one row, any other change two."""


@contextmanager
def changed_copies(url: str, changes: int) -> Iterator[tuple[str, str]]:
    """Yield the URLs of two copies of the city, with about so many rows in report_change and with none; drop them at
    the end.

    Nobody else may be connected to the city while it is copied.
    """
    city = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    waiting, summarised = f"{city}_waiting", f"{city}_summarised"
    own = psycopg.conninfo.make_conninfo(url, dbname="postgres")
    with closing(psycopg.connect(own, autocommit=True)) as connection:

        def drop() -> None:
            """Drop both copies."""
            for name in (waiting, summarised):
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

        drop()
        try:
            urls = [psycopg.conninfo.make_conninfo(url, dbname=name) for name in (waiting, summarised)]
            _copy(connection, city, waiting)
            with closing(psycopg.connect(urls[0], autocommit=True)) as changed:
                make_changes(changed, changes)
            _copy(connection, waiting, summarised)
            with closing(psycopg.connect(urls[1], autocommit=True)) as changed:
                summarise(changed, now=datetime.now(UTC))
                changed.execute("vacuum analyze")
            yield urls[0], urls[1]
        finally:
            drop()


def _copy(connection: psycopg.Connection, city: str, name: str) -> None:
    connection.execute(
        sql.SQL("create database {} template {} strategy file_copy").format(sql.Identifier(name), sql.Identifier(city))
    )


def make_changes(connection: psycopg.Connection, changes: int) -> int:
    """Change reports until about `changes` rows wait in report_change, and return their number.

    The summary is brought up to date first. Raises ValueError if the city has too few reports.
    """
    connection.execute("select apply_changes_to_summary()")
    row = connection.execute("select max(submitted_at) from report").fetchone()
    if row is None or row[0] is None:
        raise ValueError("there are no reports to change")
    at: datetime = row[0]
    with connection.transaction():
        _new(connection, round(_NEW * changes), at)
        for share, statement in _STATEMENTS:
            connection.execute(statement, {"many": round(share * changes), "at": at, "since": at - _HOUR})
    row = connection.execute("select count(*) from report_change").fetchone()
    waiting = int(row[0]) if row else 0
    if waiting < 0.8 * changes:
        raise ValueError(f"only {waiting:,} changes could be made of this city's reports")
    connection.execute("vacuum analyze")  # the cost of dead rows is not measured here
    return waiting


def _new(connection: psycopg.Connection, many: int, at: datetime) -> None:
    """Insert new reports like the newest ones, within the hour before the newest, not yet received."""
    new = {
        "id": sql.SQL("(select max(id) from report) + n"),
        "public_code": sql.SQL("'WAITING-' || n"),
        "source_ref": sql.SQL("null"),
        "submitted_at": sql.SQL("%(at)s - n * interval '1 hour' / %(many)s"),
        "receive_due_at": sql.SQL("receive_due_at + (%(at)s - submitted_at)"),
        "due_at": sql.SQL("due_at + (%(at)s - submitted_at)"),
        "status": sql.SQL("'waiting'"),
        "reopen_count": sql.SQL("0"),
        "transfer_count": sql.SQL("0"),
    } | {
        name: sql.SQL("null")
        for name in (
            "received_at", "ended_at", "escalated_at", "escalated_by_id", "answer", "rating", "rated_at",
            "worked_minutes", "deadline_moved_at", "reopened_soon_at", "resolved_without_text_at",
        )
    }  # fmt: skip
    columns = [
        row[0]
        for row in connection.execute(
            """select attname from pg_attribute
               where attrelid = 'report'::regclass and attnum > 0 and not attisdropped and attgenerated = ''"""
        )
    ]
    connection.execute(
        sql.SQL(
            """insert into report ({}) select {}
               from (
                   select *, row_number() over (order by submitted_at desc) as n
                   from report order by submitted_at desc limit %(many)s
               ) as newest"""
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(new.get(name, sql.Identifier(name)) for name in columns),
        ),
        {"many": many, "at": at},
    )


_MOMENT = "%(since)s + random() * (%(at)s - %(since)s)"
_OF_ONE_STATE = "not exists (select from report_past where report_id = report.id)"


def _with_history(chosen: str, change: str) -> str:
    """Return the statement that stores the chosen reports' past versions up to a time, and changes the reports."""
    columns = """channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
        receive_due_at, due_at, rule_id, status, escalated_at, escalated_by_id, ended_at, rating, rated_at,
        reopen_count, transfer_count"""
    return f"""
        with chosen as (select * from report where {chosen} limit %(many)s),
        moment as (select {_MOMENT} as at),
        kept as (
            insert into report_past (report_id, valid_from, valid_to, {columns})
            select id, submitted_at, moment.at, {columns} from chosen cross join moment
        )
        update report set {change} where id in (select id from chosen)"""


_STATEMENTS = (
    (
        _RECEIVED,
        f"""update report set received_at = {_MOMENT}, status = 'in_progress'
            where id in (
                select id from report
                where open_until = 'infinity' and status = 'waiting' and submitted_at < %(since)s
                order by submitted_at desc limit %(many)s)""",
    ),
    (
        _ANSWERED,
        f"""update report set ended_at = {_MOMENT}, status = 'resolved', answer = 'Done.'
            where id in (
                select id from report
                where open_until = 'infinity' and status = 'in_progress' and received_at < %(since)s
                order by id desc limit %(many)s)""",
    ),
    (
        _REFUSED,
        f"""update report set ended_at = {_MOMENT}, status = 'refused', answer = 'Not for us.'
            where id in (
                select id from report
                where open_until = 'infinity' and submitted_at < %(since)s
                order by id desc limit %(many)s)""",
    ),
    (
        _PASSED_ON,
        _with_history(
            f"open_until = 'infinity' and submitted_at < %(since)s and unit_id is not null and {_OF_ONE_STATE}",
            "unit_id = (select min(id) from unit where id <> report.unit_id), transfer_count = transfer_count + 1",
        ),
    ),
    (
        _RATED,
        f"""update report set rating = 'satisfied', rated_at = {_MOMENT}
            where id in (
                select id from report
                where status = 'resolved' and rating is null and ended_at < %(since)s
                order by open_until desc limit %(many)s)""",
    ),
    (
        _REOPENED,
        _with_history(
            f"""status = 'resolved' and rating is null and {_OF_ONE_STATE}
                and ended_at between %(since)s - interval '7 days' and %(since)s""",
            "status = 'in_progress', ended_at = null, answer = null, reopen_count = reopen_count + 1",
        ),
    ),
    (
        _MOVED,
        _with_history(
            f"open_until = 'infinity' and submitted_at < %(since)s and {_OF_ONE_STATE}",
            "category_id = (select min(id) from category where id <> report.category_id)",
        ),
    ),
)
