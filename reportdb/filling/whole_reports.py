"""Write reports that somebody made whole, but for the words that are made of their texts."""

import psycopg
from psycopg import sql

from reportdb.filling.scratch import SCRATCH
from reportdb.filling.words import mask_once, word_columns, word_joins

_ARRIVING = "arriving_report"
_TEXTS = ("title", "text", "address", "answer")


def prepare_reports(connection: psycopg.Connection) -> str:
    """Make an empty scratch table with the columns of `report`, and return its name."""
    connection.execute(
        sql.SQL("create unlogged table {} as select * from report limit 0").format(sql.Identifier(SCRATCH, _ARRIVING))
    )
    return _ARRIVING


def write_reports(connection: psycopg.Connection) -> None:
    """Write the rows of that table into the emptied `report`, in the order in which they were written there.

    A column that it leaves empty gets its default.
    """
    connection.execute(sql.SQL("analyze {}").format(sql.Identifier(_ARRIVING)))
    mask_once(connection, _ARRIVING, _TEXTS)
    marks = [sql.Identifier(_ARRIVING, column) for column in ("district_id", "ward_id", "unit_id", "category_id")]
    made = word_columns(_TEXTS, marks)
    columns = connection.execute(
        """select attname, pg_get_expr(adbin, adrelid) from pg_attribute
           left join pg_attrdef on adrelid = attrelid and adnum = attnum
           where attrelid = 'report'::regclass and attnum > 0 and not attisdropped and attgenerated = ''
           order by attnum"""
    ).fetchall()
    values: dict[str, sql.Composable] = {
        name: sql.Identifier(_ARRIVING, name)
        if default is None
        else sql.SQL("coalesce({}, {})").format(sql.Identifier(_ARRIVING, name), sql.SQL(default))
        for name, default in columns
    }
    values |= made
    connection.execute(
        sql.SQL("insert into report ({columns}) select {values} from {table} {words}").format(
            columns=sql.SQL(", ").join(map(sql.Identifier, values)),
            values=sql.SQL(", ").join(values.values()),
            table=sql.Identifier(_ARRIVING),
            words=word_joins(_ARRIVING, _TEXTS),
        )
    )
    connection.execute(sql.SQL("drop table {}, masked_words").format(sql.Identifier(_ARRIVING)))
