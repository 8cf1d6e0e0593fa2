"""The text of rows that were copied without it: only rows that repeat an id need it."""

from pathlib import Path

import psycopg
from psycopg import sql

from reportdb.source_file.opening import bytes_of, told_when_broken

_ROWS_AT_ONCE = 10_000


def fetch_repeated(connection: psycopg.Connection, file: Path, staged: sql.Composable) -> None:
    """Read the text of rows that share their id with others from the file. Raises ImportFailure."""
    connection.execute(
        sql.SQL(
            """create temporary table repeated_place on commit drop as
               select line, raw_at, raw_bytes from {staged}
               where raw is null
                   and source_ref in (select source_ref from {staged} group by source_ref having count(*) > 1)"""
        ).format(staged=staged)
    )
    given = sql.SQL(
        """update {staged} as staged set raw = given.raw
           from unnest(cast(%s as bigint[]), cast(%s as text[])) as given (line, raw)
           where staged.line = given.line and staged.raw is null"""
    ).format(staged=staged)
    if connection.execute("select 1 from repeated_place limit 1").fetchone() is None:
        return
    connection.execute(sql.SQL("create index on {} (line)").format(staged))
    with bytes_of(file) as (content, _), told_when_broken(file), connection.cursor("repeated_places") as places:
        places.execute("select line, raw_at, raw_bytes from repeated_place order by raw_at")
        while rows := places.fetchmany(_ROWS_AT_ONCE):
            texts = []
            for _, begins, size in rows:
                content.seek(begins)
                texts.append(content.read(size).decode())
            connection.execute(given, [[line for line, _, _ in rows], texts])
