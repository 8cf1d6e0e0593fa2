"""Merge the temporary table into the report database: insert new reports, correct changed ones.

An import says what a report is, not when it changed, so a difference is a correction: it adds no row to report_past,
and existing past rows are corrected too. What steps told apart make of a report (reportdb/steps) is worked out again.
Columns that the mapping does not read are not changed. Neither is a deadline
that a rule gave, until the source itself gives a due time.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import psycopg
from psycopg import sql

from reportdb.filling.first_load import load_first
from reportdb.importer.changes import count_changes
from reportdb.mapping.words import Term
from reportdb.spelling import one_spelling
from reportdb.steps.retelling import pending, retell_pending
from reportdb.steps.told import told_reports

# What a report takes from a row, besides its identifiers.
_TAKEN = (
    "channel_id, category_id, severity, unit_id, officer, lon, lat, district_id, ward_id, address, title, text, "
    "submitted_at, received_at, due_at, ended_at, status, ended_known, reopen_count"
)
_NAMED = {"channel_id": "channel", "category_id": "category", "unit_id": "unit"}  # rows refer to these by code
# In these columns past versions equal their report.
_NEVER_CHANGE = ("channel_id", "district_id", "ward_id", "submitted_at")
_PUBLISHED = (
    "published_late, published_district, published_ward, published_status, district_named, ward_named, "
    "district_from_source, ward_from_source"
)


@dataclass(frozen=True)
class Merged:
    """How many reports were inserted, changed or unchanged, and what was noticed."""

    new: int
    updated: int
    unchanged: int
    not_located: int
    disagree: int
    by_source: int
    changes: dict[str, int]  # updated reports by what changed, in words


def add_terms(
    connection: psycopg.Connection, table: Literal["channel", "category", "unit"], terms: Iterable[Term]
) -> dict[str, str]:
    """Insert the channels, categories or units that the database does not have yet, in the order of their codes.

    A term that it has under another spelling of the code is not inserted: its code and the known one are returned.
    """
    name = sql.Identifier(table)
    known = {code for (code,) in connection.execute(sql.SQL("select code from {}").format(name))}
    spelled = {one_spelling(code): code for code in sorted(known)}
    missing = sorted((term for term in terms if term.code not in known), key=lambda term: term.code)
    spellings = {term.code: one_spelling(term.code) for term in missing}
    kind = sql.SQL(", kind") if table == "unit" else sql.SQL("")
    value = sql.SQL(", 'department'") if table == "unit" else sql.SQL("")
    with connection.cursor() as cursor:
        cursor.executemany(
            sql.SQL(
                """insert into {table} (id, code, name_vi, name_en {kind})
                   select coalesce(max(id), 0) + 1, %s, %s, %s {value} from {table}"""
            ).format(table=name, kind=kind, value=value),
            [(term.code, term.name_vi, term.name_en) for term in missing if spellings[term.code] not in spelled],
        )
    return {code: spelled[spelling] for code, spelling in spellings.items() if spelling in spelled}


def merge(connection: psycopg.Connection, at: datetime, unread: Set[str] = frozenset()) -> Merged:
    """Merge the rows of `staged`, with unique ids, into the report tables; changed reports are updated at `at`.

    `unread` are the columns of `report` that the mapping does not read: existing reports keep theirs.
    """
    taken, published = sql.SQL(_TAKEN), sql.SQL(_PUBLISHED)
    connection.execute("analyze staged")
    told_reports(connection)
    connection.execute(
        sql.SQL(
            """
            create temporary table arriving on commit drop as
            select
                coalesce(report.id, (select coalesce(max(id), 0) from report) + row_number() over (
                    partition by report.id is null order by staged.submitted_at, staged.source_ref)) as id,
                report.id is null as is_new, staged.source_ref, staged.public_code, staged.disagrees, {published},
                -- The source's own due time ends what a rule gave.
                {due_is_read} and staged.due_at is not null and report.rule_id is not null as replaces_rule,
                coalesce(staged.changed_at, report_source.source_changed_at) as source_changed_at,
                -- A rejected row that is newer than this one keeps the report stale.
                report_source.stale_changed_at > coalesce(staged.changed_at, '-infinity') as stays_stale,
                report_source.stale_since, report_source.stale_reason, report_source.stale_changed_at,
                {taken}
            from staged
            join channel on channel.code = staged.channel
            join category on category.code = staged.category
            left join unit on unit.code = staged.unit
            left join told_report as report on report.source_ref = staged.source_ref
            left join report_source on report_source.report_id = report.id
            """
        ).format(
            published=_of("staged", _PUBLISHED),
            due_is_read=sql.Literal("due_at" not in unread),
            taken=sql.SQL(", ").join(_arriving(column, unread) for column in _TAKEN.split(", ")),
        )
    )
    connection.execute("analyze arriving")
    connection.execute(
        sql.SQL(
            """
            create temporary table changed on commit drop as
            select arriving.id from arriving
            join told_report as report using (id) left join report_source on report_source.report_id = arriving.id
            where replaces_rule or ({report}, {source}) is distinct from ({arriving}, {arriving_published})
            """
        ).format(
            report=_of("report", _TAKEN),
            source=_of("report_source", _PUBLISHED),
            arriving=_of("arriving", _TAKEN),
            arriving_published=_of("arriving", _PUBLISHED),
        )
    )
    changes = count_changes(connection, _PUBLISHED)
    told_apart = pending(connection)
    _correct_past(connection)
    updated = connection.execute(
        sql.SQL(
            """update report set ({taken}) = row ({arriving}), updated_at = %s,
                   rule_id = case when not replaces_rule then rule_id end,
                   receive_due_at = case when not replaces_rule then receive_due_at end
               from arriving join changed using (id) where report.id = arriving.id"""
        ).format(taken=taken, arriving=_of("arriving", _TAKEN)),
        [at],
    ).rowcount
    connection.execute("delete from report_event using changed where report_id = changed.id")
    connection.execute("delete from report_source using changed where report_id = changed.id")
    new = connection.execute(
        sql.SQL(
            """insert into report (id, source_ref, public_code, updated_at, {taken})
               select id, source_ref, public_code, %s, {taken} from arriving where is_new order by id"""
        ).format(taken=taken),
        [at],
    ).rowcount
    connection.execute("insert into changed select id from arriving where is_new")
    connection.execute(
        sql.SQL(
            """insert into report_source (report_id, {published}, source_changed_at, stale_since, stale_reason,
                   stale_changed_at, now_unit_id, now_escalated_by_id)
               select id, {arriving}, source_changed_at, case when stays_stale then stale_since end,
                   case when stays_stale then stale_reason end, case when stays_stale then stale_changed_at end,
                   report.unit_id, report.escalated_by_id
               from arriving join changed using (id) join report using (id) order by id"""
        ).format(published=published, arriving=_of("arriving", _PUBLISHED))
    )
    connection.execute(  # what is known of the rows of unchanged reports
        """update report_source
           set source_changed_at = arriving.source_changed_at,
               stale_since = case when stays_stale then arriving.stale_since end,
               stale_reason = case when stays_stale then arriving.stale_reason end,
               stale_changed_at = case when stays_stale then arriving.stale_changed_at end
           from arriving
           where report_id = id and (report_source.source_changed_at is distinct from arriving.source_changed_at
               or report_source.stale_since is not null and stays_stale is not true)"""
    )
    connection.execute(
        """
        insert into report_event (report_id, n, at, kind, from_unit_id, to_unit_id, now_unit_id, now_escalated_by_id)
        select id, row_number() over (partition by id order by step.at, step.rank), step.at, step.kind,
            case when step.rank = 3 then arriving.unit_id end, case when step.rank = 2 then arriving.unit_id end,
            report.unit_id, report.escalated_by_id
        from arriving join changed using (id) join report using (id)
        cross join lateral (values
            (1, arriving.submitted_at, 'submitted'), (2, arriving.received_at, 'received'),
            (3, arriving.ended_at, arriving.status)
        ) as step (rank, at, kind)
        where step.at is not null
        """
    )
    connection.execute("drop view told_report")
    retell_pending(connection, told_apart, _TAKEN.split(", "), at=at)
    row = connection.execute(
        """select count(*), count(*) filter (where district_id is null and ward_id is null),
               count(*) filter (where disagrees), count(*) filter (where district_from_source or ward_from_source)
           from arriving"""
    ).fetchone()
    everything, not_located, disagree, by_source = row or (0, 0, 0, 0)
    return Merged(new, updated, everything - new - updated, not_located, disagree, by_source, changes)


def merge_first(connection: psycopg.Connection, at: datetime) -> Merged:
    """Do what `merge` does where the database holds no report: `staged` is then a table of reportdb/filling."""
    taken = {
        column: sql.Identifier(_NAMED[column], "id") if column in _NAMED else sql.Identifier("staged", column)
        for column in _TAKEN.split(", ")
    }
    published = {column: sql.Identifier("staged", column) for column in _PUBLISHED.split(", ")}
    new = load_first(
        connection,
        at,
        taken=taken | {"reopen_count": sql.SQL("coalesce(staged.reopen_count, 0)")},
        published=published | {"source_changed_at": sql.SQL("staged.changed_at")},
    )
    row = connection.execute(
        """select count(*) filter (where district_id is null and ward_id is null),
               count(*) filter (where disagrees), count(*) filter (where district_from_source or ward_from_source)
           from staged"""
    ).fetchone()
    not_located, disagree, by_source = row or (0, 0, 0)
    return Merged(new, 0, 0, not_located, disagree, by_source, {})


def days_spoken_of(connection: psycopg.Connection) -> tuple[date, date] | None:
    """Return the first day of a submission in `staged` and the last day of a due time or an end, in the city's time.

    The last is at most two years after the last submission: some due times are placeholders decades ahead.
    """
    row = connection.execute(
        """
        select cast(min(submitted_at at time zone city.time_zone) as date),
            cast(least(
                max(greatest(submitted_at, due_at, ended_at) at time zone city.time_zone),
                max(submitted_at at time zone city.time_zone) + interval '2 years') as date)
        from staged cross join city
        """
    ).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def _of(table: str, columns: str) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(table, column) for column in columns.split(", "))


def _arriving(column: str, unread: Set[str]) -> sql.Composable:
    """Return the new value of a report's column: the row's, or the report's own if the row cannot say."""
    if column == "reopen_count":
        return sql.SQL("coalesce(staged.reopen_count, report.reopen_count, 0) as reopen_count")
    said = sql.Identifier(_NAMED[column], "id") if column in _NAMED else sql.Identifier("staged", column)
    keeps_own = "report.id is not null" if column in unread else ""
    if column == "due_at" and not keeps_own:
        keeps_own = "staged.due_at is null and report.rule_id is not null"
    if not keeps_own:
        return sql.SQL("{} as {}").format(said, sql.Identifier(column))
    return sql.SQL("case when {} then {} else {} end as {}").format(
        sql.SQL(keeps_own), sql.Identifier("report", column), said, sql.Identifier(column)
    )


def _correct_past(connection: psycopg.Connection) -> None:
    """Correct the past versions of the changed reports, before the reports themselves.

    Values that a version shares with the report are corrected with it; different values are history and are kept.
    Terms, ratings and counts are kept too: an import does not change them. Reports with told steps are retold instead.
    """
    sets = [
        sql.SQL("{column} = arriving.{column}").format(column=sql.Identifier(column)) for column in _NEVER_CHANGE
    ] + [
        sql.SQL(
            """{column} = case when report_past.{column} is not distinct from report.{column}
                          then arriving.{column} else report_past.{column} end"""
        ).format(column=sql.Identifier(column))
        for column in ("category_id", "severity", "unit_id", "received_at")
    ]
    connection.execute(
        sql.SQL(
            """
            update report_past set {sets}, worked_minutes = null, (status, ended_at, ended_known) = row (
                case when same_end then arriving.status else report_past.status end,
                case when same_end then arriving.ended_at else report_past.ended_at end,
                case when same_end then arriving.ended_known else report_past.ended_known end),
                valid_from = case when is_first then least(report_past.valid_from, arriving.submitted_at)
                             else report_past.valid_from end
            from arriving
            join changed using (id)
            join report using (id)
            join lateral (
                select
                    version.valid_to,
                    (version.status, version.ended_at) is not distinct from (report.status, report.ended_at)
                        as same_end,
                    version.valid_to = min(version.valid_to) over () as is_first
                from report_past as version
                where version.report_id = report.id
            ) as version on true
            where report_past.report_id = arriving.id and report_past.valid_to = version.valid_to
                and report_past.report_id not in (select report_id from report_as_imported)
            """
        ).format(sets=sql.SQL(", ").join(sets))
    )
    connection.execute(
        """update report_past set worked_minutes = (
               select cast(ceil(minutes) as integer)
               from try_working_between(report_past.submitted_at, report_past.ended_at))
           from changed where report_id = changed.id and ended_known
                and report_id not in (select report_id from report_as_imported)"""
    )
