"""Write the staged rows into tables of reports that are empty."""

from collections.abc import Mapping as Words
from datetime import datetime

import psycopg
from psycopg import sql

from reportdb.filling.helper import SCRATCH, pass_on, share
from reportdb.filling.tables import emptied
from reportdb.filling.words import masked_once
from reportdb.importer.merging import _NAMED, _PUBLISHED, _TAKEN, Merged

_FILLED = ("report", "report_event", "report_source")
_TEXTS = ("title", "text", "address")


def is_empty(connection: psycopg.Connection) -> bool:
    """Whether the database holds nothing of any report."""
    tables = ("report", "report_past", "report_event", "report_source", "report_contact", "report_key")
    return not any(
        connection.execute(sql.SQL("select 1 from {} limit 1").format(sql.Identifier(table))).fetchone()
        for table in tables
    )


def first_load(connection: psycopg.Connection, helper: psycopg.Connection, at: datetime) -> Merged:
    """Write the rows of the helper's table `staged`, with unique ids, as reports that came in at `at`."""
    share(connection, helper, ("channel", "category", "unit", "working_line"))
    helper.execute("analyze staged")
    masked_once(helper, "staged", _TEXTS)
    with emptied(connection, _FILLED, silent=_FILLED, keys=["report_key"]) as indexes:
        columns = _columns(at)
        question = sql.SQL(
            """select {columns}
               from staged
               join channel on channel.code = staged.channel
               join category on category.code = staged.category
               left join unit on unit.code = staged.unit
               left join masked_words as in_title on in_title.text = staged.title
               left join masked_words as in_text on in_text.text = staged.text
               left join masked_words as in_address on in_address.text = staged.address
               cross join lateral try_working_between(staged.submitted_at, staged.ended_at) as worked
               order by staged.submitted_at, staged.source_ref"""
        ).format(
            columns=sql.SQL(", ").join(
                sql.SQL("{} as {}").format(value, sql.Identifier(name)) for name, value in columns.items()
            )
        )
        new = pass_on(helper, question, connection, "report", list(columns), frozen=True)
        connection.execute(
            """insert into report_event (report_id, n, at, kind, from_unit_id, to_unit_id, now_unit_id)
               select id, row_number() over (partition by id order by step.at, step.rank), step.at, step.kind,
                   case when step.rank = 3 then unit_id end, case when step.rank = 2 then unit_id end, unit_id
               from report
               cross join lateral (values
                   (1, submitted_at, 'submitted'), (2, received_at, 'received'), (3, ended_at, status)
               ) as step (rank, at, kind)
               where step.at is not null"""
        )
        published = sql.SQL(", ").join(sql.Identifier("staged", column) for column in _PUBLISHED.split(", "))
        connection.execute(
            sql.SQL(
                """insert into report_source (report_id, {}, now_unit_id)
                   select id, {}, report.unit_id from report join {} as staged using (source_ref) order by id"""
            ).format(sql.SQL(_PUBLISHED), published, sql.Identifier(SCRATCH, "staged"))
        )
        connection.execute(
            """insert into report_key select kind, key, id from report
               cross join lateral (values ('public_code', public_code), ('source_ref', source_ref)) as given (kind, key)"""
        )
        row = helper.execute(
            """select count(*) filter (where district_id is null and ward_id is null),
                   count(*) filter (where disagrees), count(*) filter (where district_from_source or ward_from_source)
               from staged"""
        ).fetchone()
    not_located, disagree, by_source = row or (0, 0, 0)
    return Merged(new, 0, 0, not_located, disagree, by_source)


def _columns(at: datetime) -> Words[str, sql.Composable]:
    """Return what each column of a report becomes."""
    taken = {
        column: sql.Identifier(_NAMED[column], "id") if column in _NAMED else sql.Identifier("staged", column)
        for column in _TAKEN.split(", ")
    }
    return {
        "id": sql.SQL("row_number() over (order by staged.submitted_at, staged.source_ref)"),
        "source_ref": sql.SQL("staged.source_ref"),
        "public_code": sql.SQL("staged.public_code"),
        "updated_at": sql.Literal(at),
        **taken,
        "worked_minutes": sql.SQL("cast(ceil(worked.minutes) as integer)"),
        "resolved_without_text_at": sql.SQL("case when staged.status = 'resolved' then staged.ended_at end"),
        "masked_title": sql.SQL("in_title.masked"),
        "masked_text": sql.SQL("in_text.masked"),
        "masked_address": sql.SQL("in_address.masked"),
        "words": sql.SQL(
            """coalesce(in_title.found, '') || coalesce(in_text.found, '') || coalesce(in_address.found, '')
               || search_marks(staged.district_id, staged.ward_id, unit.id, category.id)"""
        ),
    }
