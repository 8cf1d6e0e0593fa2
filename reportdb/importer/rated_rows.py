"""Ratings and answers that stand in the city's file of reports itself: taken as the steps of their reports."""

from datetime import datetime

import psycopg

from reportdb.steps.merging import MergedSteps, merge_steps, stage_steps

_TAKE = """
insert into told_step (line, raw, reference, at, kind, note, rating)
select line, '', source_ref, step.at, step.kind, step.note, step.rating
from staged
cross join lateral (values
    ('rated', rating, rated_at, cast(null as text)), ('answered', null, null, answer)
) as step (kind, rating, at, note)
where step.rating is not null or step.note is not null
"""


def rate_and_answer(connection: psycopg.Connection, at: datetime) -> MergedSteps | None:
    """Take the ratings and answers of `staged`, after its reports were merged; None if it has none.

    Without a time of its own either happened when the report ended; of an open report it waits until then. One from
    the future is left out.
    """
    if (
        connection.execute("select 1 from staged where rating is not null or answer is not null limit 1").fetchone()
        is None
    ):
        return None
    stage_steps(connection)
    connection.execute(_TAKE)
    return merge_steps(
        connection,
        refers_to="source_ref",
        at=at,
        early_is_submission=True,
        refuse=lambda *_: None,
    )
