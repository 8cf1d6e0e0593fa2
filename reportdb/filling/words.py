"""The masked words and the words to search by of many reports: each text is masked once, by all processors.

`masked_once` gives the helper a table of the texts; WORDS and `joined` say what a report's columns are with it. They equal
what the triggers set_masked_words and set_words make.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

WORDS = ("masked_title", "masked_text", "masked_address", "masked_answer", "words")
"""The columns of a report that are made of its texts."""


def masked_once(session: psycopg.Connection, table: str, columns: Sequence[str]) -> None:
    """Make the table `masked_words` of every text in some columns of a table: text, masked, found."""
    texts = sql.SQL(" union ").join(
        sql.SQL("select {column} as text from {table} where {column} is not null").format(
            column=sql.Identifier(column), table=sql.Identifier(table)
        )
        for column in columns
    )
    session.execute(sql.SQL("create unlogged table plain_words as {}").format(texts))
    session.execute("analyze plain_words")
    # Two steps, so that the texts are masked by several processes: what follows a union is done by one.
    session.execute(
        """create unlogged table masked_words as
           select text, masked, search_words(masked) as found
           from (select text, masked(text) as masked from plain_words offset 0) as once"""
    )
    session.execute("drop table plain_words")
    session.execute("analyze masked_words")
