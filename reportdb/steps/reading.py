"""Reads reports as their files tell them, with their steps, from the database."""

from collections.abc import Collection

import psycopg

from reportdb.steps.step import NO_TIME, Step, Told

_TOLD = """
select report.id, report.submitted_at, told.category_id, told.severity, told.unit_id, told.received_at, told.due_at,
    told.status, told.ended_at, told.ended_known, told.reopen_count, told.transfer_count, report.receive_due_at,
    report.rule_id is not null, case when first.report_id is null then report.rule_id else first.rule_id end,
    first.report_id is not null
from report
join report_as_imported as told on told.report_id = report.id
left join lateral (
    select report_id, rule_id from report_past where report_id = report.id order by valid_to limit 1) as first on true
where report.id = any(%s)
order by report.id
"""

_STEPS = """
select report_id, at, kind, place, from_unit_id, to_unit_id, note, minutes, due_at, due_before, category_id, severity,
    category_before_id, severity_before, rating
from imported_step where report_id = any(%s)
"""


def read_told(connection: psycopg.Connection, ids: Collection[int]) -> list[Told]:
    """Return reports as their files tell them, in the order of their ids, each with its steps."""
    reports: dict[int, Told] = {}
    for row in connection.execute(_TOLD, [list(ids)]):
        reports[row[0]] = Told(*row)
    for identity, at, *step in connection.execute(_STEPS, [list(ids)]):
        reports[identity].steps.append(Step(at or NO_TIME, *step))
    return list(reports.values())
