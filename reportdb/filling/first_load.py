"""Write the rows of an import into tables of reports that are empty."""

from collections.abc import Mapping as Words
from collections.abc import Sequence
from datetime import datetime

import psycopg
from psycopg import sql

from reportdb.filling.scratch import SCRATCH
from reportdb.filling.tables import emptied
from reportdb.filling.words import mask_once, word_columns, word_joins

_TABLES = ("report", "report_event", "report_source")
_KEYS = ("report_key",)
_NOTHING_IN = (*_TABLES, *_KEYS, "report_past", "report_contact")
_TEXTS = ("title", "text", "address")
_MADE = ("worked_minutes", "resolved_without_text_at", "masked_title", "masked_text", "masked_address", "words")
"""The columns of a report that triggers would work out, but for its keys."""


def is_empty(connection: psycopg.Connection) -> bool:
    """Whether the database holds nothing of any report."""
    return not any(
        connection.execute(sql.SQL("select 1 from {} limit 1").format(sql.Identifier(table))).fetchone()
        for table in _NOTHING_IN
    )


def load_first(
    connection: psycopg.Connection,
    at: datetime,
    *,
    taken: Words[str, sql.Composable],
    published: Words[str, sql.Composable],
) -> int:
    """Write the rows of the scratch table `staged`, with unique ids, as reports of an empty database.

    `taken` and `published` are the columns of `report` and of `report_source` that a row gives, and what each becomes:
    columns of `staged`, `channel`, `category` or `unit`. `at` is the time of the import. Returns the number of reports.
    """
    connection.execute("analyze staged")
    mask_once(connection, "staged", _TEXTS)
    _arrange(connection, taken, published)
    with emptied(connection, _TABLES, silent=_TABLES, keys=_KEYS):
        return _write(connection, at, list(taken), list(published))


def _arrange(
    connection: psycopg.Connection, taken: Words[str, sql.Composable], published: Words[str, sql.Composable]
) -> None:
    """Make the scratch table `arriving`: the reports in their order, with all that triggers would work out."""
    marks = [taken[column] for column in ("district_id", "ward_id", "unit_id", "category_id")]
    columns: dict[str, sql.Composable] = {
        "id": sql.SQL("row_number() over (order by staged.submitted_at, staged.source_ref)"),
        "source_ref": sql.SQL("staged.source_ref"),
        "public_code": sql.SQL("staged.public_code"),
        **taken,
        "worked_minutes": sql.SQL("case when staged.ended_known then cast(ceil(worked.minutes) as integer) end"),
        "resolved_without_text_at": sql.SQL("case when staged.status = 'resolved' then staged.ended_at end"),
        **word_columns(_TEXTS, marks),
        **published,
    }
    connection.execute(
        sql.SQL(
            """create unlogged table {arriving} as
               select {columns}
               from staged
               join channel on channel.code = staged.channel
               join category on category.code = staged.category
               left join unit on unit.code = staged.unit
               {words}
               cross join lateral try_working_between(staged.submitted_at, staged.ended_at) as worked"""
        ).format(
            arriving=sql.Identifier(SCRATCH, "arriving"),
            columns=sql.SQL(", ").join(
                sql.SQL("{} as {}").format(value, sql.Identifier(column)) for column, value in columns.items()
            ),
            words=word_joins("staged", _TEXTS),
        )
    )
    connection.execute("drop table masked_words")


def _write(connection: psycopg.Connection, at: datetime, taken: Sequence[str], published: Sequence[str]) -> int:
    columns = sql.SQL(", ").join(map(sql.Identifier, ("id", "source_ref", "public_code", *taken, *_MADE)))
    new = connection.execute(
        sql.SQL("insert into report ({columns}, updated_at) select {columns}, %s from arriving").format(
            columns=columns
        ),
        [at],
    ).rowcount
    connection.execute(
        """insert into report_event (report_id, n, at, kind, from_unit_id, to_unit_id, now_unit_id)
           select id, row_number() over (partition by id order by step.at, step.rank), step.at, step.kind,
               case when step.rank = 3 then unit_id end, case when step.rank = 2 then unit_id end, unit_id
           from arriving
           cross join lateral (values
               (1, submitted_at, 'submitted'), (2, received_at, 'received'), (3, ended_at, status)
           ) as step (rank, at, kind)
           where step.at is not null"""
    )
    connection.execute(
        sql.SQL(
            """insert into report_source (report_id, {columns}, {told}, now_unit_id)
               select id, {columns}, {words}, unit_id from arriving {joins}"""
        ).format(columns=sql.SQL(", ").join(map(sql.Identifier, published)), **_told())
    )
    connection.execute(
        """insert into report_key
           select kind, key, id from arriving
           cross join lateral (values ('public_code', public_code), ('source_ref', source_ref)) as given (kind, key)"""
    )
    connection.execute("drop table arriving")
    return new


def _told() -> dict[str, sql.Composable]:
    """Return the columns told_... of `report_source`, their values, and the joins to these.

    As count_source_words() writes them (16_published.sql), which then need not write every row again.
    """
    kinds = ("status", "district", "ward")
    join = """left join (
            select {word} as word, case when count(*) >= 5 then {word} else '…' end as told
            from arriving where {word} is not null group by 1
        ) as {kind} on {kind}.word = arriving.{word}"""
    return {
        "told": sql.SQL(", ").join(sql.Identifier(f"told_{kind}") for kind in kinds),
        "words": sql.SQL(", ").join(sql.Identifier(kind, "told") for kind in kinds),
        "joins": sql.SQL(" ").join(
            sql.SQL(join).format(word=sql.Identifier(f"published_{kind}"), kind=sql.Identifier(kind)) for kind in kinds
        ),
    }
