"""The masked words and the words to search by of many reports: each text is masked once, by all processors.

They equal what the triggers set_masked_words and set_words make.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from reportdb.filling.scratch import SCRATCH

_TEXTS = ("title", "text", "address", "answer")
_SEARCHED = ("title", "text", "address")


def mask_once(connection: psycopg.Connection, table: str, texts: Sequence[str]) -> None:
    """Make the scratch table `masked_words` of every text in some columns of a table: text, masked, found."""
    union = sql.SQL(" union ").join(
        sql.SQL("select {column} as text from {table} where {column} is not null").format(
            column=sql.Identifier(column), table=sql.Identifier(table)
        )
        for column in texts
    )
    plain, masked = sql.Identifier(SCRATCH, "plain_words"), sql.Identifier(SCRATCH, "masked_words")
    connection.execute(sql.SQL("create unlogged table {} as {}").format(plain, union))
    connection.execute(sql.SQL("analyze {}").format(plain))
    # Two steps, so that several processes mask: what follows a union is done by one.
    connection.execute(
        sql.SQL(
            """create unlogged table {} as
               select text, masked, search_words(masked) as found
               from (select text, masked(text) as masked from {} offset 0) as once"""
        ).format(masked, plain)
    )
    connection.execute(sql.SQL("drop table {}").format(plain))
    connection.execute(sql.SQL("analyze {}").format(masked))


def word_columns(texts: Sequence[str], marks: Sequence[sql.Composable]) -> dict[str, sql.Composable]:
    """Return a report's columns that are made of its texts; `marks` are its district, ward, unit and category."""
    parts: list[sql.Composable] = [
        sql.SQL("coalesce({}.found, '')").format(sql.Identifier(f"in_{text}")) for text in _SEARCHED if text in texts
    ]
    ids = sql.SQL("search_marks({})").format(sql.SQL(", ").join(marks))
    masked: dict[str, sql.Composable] = {
        f"masked_{text}": sql.Identifier(f"in_{text}", "masked") for text in _TEXTS if text in texts
    }
    return masked | {"words": sql.SQL(" || ").join([*parts, ids])}


def word_joins(table: str, texts: Sequence[str]) -> sql.Composable:
    """Return the joins from a table of reports to `masked_words`, one for each of its texts."""
    return sql.SQL(" ").join(
        sql.SQL("left join masked_words as {as_} on {as_}.text = {table}.{text}").format(
            as_=sql.Identifier(f"in_{text}"), table=sql.Identifier(table), text=sql.Identifier(text)
        )
        for text in texts
    )
