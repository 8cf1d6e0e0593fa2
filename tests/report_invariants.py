"""Invariants of every report database filled by the demo or the simulation, as queries that must find no row."""

from collections import Counter
from datetime import datetime

import psycopg

_NO_ROW = {
    "events are numbered from 1 without a gap, in order of time": """
        select report_id from (
            select report_id, n, row_number() over (partition by report_id order by n) as place, at,
                lag(at) over (partition by report_id order by n) as before from report_event) as numbered
        where n <> place or at < before""",
    "every report begins with its submission and its way to the first unit, at once": """
        select id from report
        left join report_event one on one.report_id = id and one.n = 1
        left join report_event two on two.report_id = id and two.n = 2
        where one.kind is distinct from 'submitted' or two.kind is distinct from 'routed'
            or one.at is distinct from submitted_at or two.at is distinct from submitted_at
            or two.to_unit_id is null""",
    "the unit is the last one the report was sent to": """
        select id from report
        where unit_id is distinct from (select to_unit_id from report_event
            where report_id = id and kind in ('routed', 'transferred', 'escalated', 'returned')
            order by n desc limit 1)""",
    "a transfer leads from the unit that held the report to another": """
        select id from report join report_event moved on moved.report_id = id
            and moved.kind in ('transferred', 'escalated', 'returned')
        where from_unit_id = to_unit_id or from_unit_id is distinct from (select to_unit_id from report_event
            where report_id = id and kind in ('routed', 'transferred', 'escalated', 'returned') and n < moved.n
            order by n desc limit 1)""",
    "a report is with a higher level from its escalation until it is returned": """
        select id from report
        left join lateral (select kind, at, from_unit_id from report_event where report_id = id
            and kind in ('escalated', 'returned') order by n desc limit 1) as last on true
        where (escalated_at, escalated_by_id) is distinct from (
            case when last.kind = 'escalated' then last.at end,
            case when last.kind = 'escalated' then last.from_unit_id end)""",
    "an ended report ended with its last end, an open one has none since it was opened": """
        select id from report
        left join lateral (select kind, at from report_event where report_id = id
            and kind in ('resolved', 'refused', 'reopened') order by n desc limit 1) as last on true
        where ended_at is distinct from case when last.kind <> 'reopened' then last.at end
            or (ended_at is not null and status <> last.kind)""",
    "counts are the events counted": """
        select id from report
        where transfer_count <> (select count(*) from report_event where report_id = id and kind = 'transferred')
            or reopen_count <> (select count(*) from report_event where report_id = id and kind = 'reopened')""",
    "receipt and rating happened when the events say": """
        select id from report
        where received_at is distinct from (select max(at) from report_event
                where report_id = id and kind = 'received' and n > coalesce((select max(n) from report_event
                    where report_id = id and kind = 'transferred'), 0))
            or rated_at is distinct from (select max(at) from report_event where report_id = id and kind = 'rated')""",
    "an open report is in progress once received or reopened, and waits before": """
        select id from report
        where ended_at is null and reopen_count = 0
            and status <> case when received_at is null then 'waiting' else 'in_progress' end""",
    "a report was last updated at its last event": """
        select id from report where updated_at <> (select max(at) from report_event where report_id = id)""",
    "earlier versions follow on each other from the submission, and end where something changed": """
        select report_id from (
            select report_id, valid_from, valid_to, submitted_at,
                lag(valid_to) over (partition by report_id order by valid_to) as before from report_past) as past
        where valid_from <> coalesce(before, submitted_at)
            or not exists (select from report_event where report_event.report_id = past.report_id
                and at = valid_to and kind in ('transferred', 'extended', 'reopened', 'received', 'recategorised',
                    'paused', 'resumed', 'resolved', 'refused', 'escalated', 'returned'))""",
    "every transfer, escalation, return, extension, new category and reopening leaves an earlier version": """
        select report_id from report_event
        where kind in ('transferred', 'escalated', 'returned', 'extended', 'recategorised', 'reopened')
            and not exists (select from report_past
            where report_past.report_id = report_event.report_id and valid_to = at)""",
    "every report has an officer, a citizen, a rule and deadlines, unless its clock stands": """
        select id from report left join report_contact on report_id = id
        left join lateral (select kind from report_event where report_event.report_id = id
            and kind in ('paused', 'resumed', 'resolved', 'refused', 'reopened')
            order by n desc limit 1) as last on true
        where officer is null and unit_id is not null or name is null or rule_id is null or receive_due_at is null
            or (due_at is null and kind is distinct from 'paused')""",
    "an extension names its minutes, and nothing else does": """
        select report_id from report_event where (kind = 'extended') <> (minutes is not null)""",
    "pauses begin and end in turn": """
        select report_id from (
            select report_id, kind, lag(kind) over (partition by report_id order by n) as before from report_event
            where kind in ('paused', 'resumed', 'resolved', 'refused', 'reopened')) as step
        where (kind = 'resumed') and before is distinct from 'paused' or kind = 'paused' and before = 'paused'""",
    "an answer is there only once the report was answered, and a refusal always has its reason": """
        select id from report
        where case when answer is null then status = 'refused' else ended_at is null and reopen_count = 0 end""",
    "some are resolved without a text, in every city that is large enough, and most are not": """
        select without_text from (
            select count(*) filter (where resolved_without_text_at is not null) as without_text, count(*) as resolved
            from report where status = 'resolved') as answered
        where resolved > 1000 and without_text not between resolved / 200.0 and resolved / 10.0""",
    "units act only while they exist": """
        select report_id from report_event join unit on unit.id = to_unit_id
        where (at at time zone 'Asia/Ho_Chi_Minh')::date not between
            coalesce(valid_from, '-infinity') and coalesce(valid_to - 1, 'infinity')""",
    "no dissolved unit holds an open report": """
        select report.id from report join unit on unit.id = unit_id
        where ended_at is null and valid_to <= (select max(updated_at) from report)""",
    "public codes are those of the month, numbered without a gap": """
        select left(public_code, 7) from report group by 1
        having count(*) <> max(right(public_code, 6)::integer)
            or min(to_char(submitted_at at time zone 'Asia/Ho_Chi_Minh', '"HN-"YYMM')) <> left(public_code, 7)
            or max(to_char(submitted_at at time zone 'Asia/Ho_Chi_Minh', '"HN-"YYMM')) <> left(public_code, 7)""",
}


def broken_invariants(connection: psycopg.Connection) -> dict[str, int]:
    """Return the invariants that are broken, with the number of rows for each."""
    counts = {words: len(connection.execute(question).fetchall()) for words, question in _NO_ROW.items()}
    return {words: count for words, count in counts.items() if count}


def replayed(connection: psycopg.Connection, moment: datetime) -> Counter[int]:
    """Count the open reports at a moment by unit, from the events alone."""
    holder: dict[int, int] = {}
    ended: dict[int, bool] = {}
    rows = connection.execute(
        "select report_id, kind, to_unit_id from report_event where at <= %s order by report_id, n", [moment]
    )
    for report, kind, to_unit in rows:
        if kind in {"routed", "transferred", "escalated", "returned"}:
            holder[report] = to_unit
        if kind in {"submitted", "reopened", "resolved", "refused"}:
            ended[report] = kind in {"resolved", "refused"}
    return Counter(unit for report, unit in holder.items() if not ended[report])


def counted(connection: psycopg.Connection, moment: datetime) -> Counter[int]:
    """Count the open reports at a moment by unit, as the dashboard does."""
    rows = connection.execute(
        "select unit_id, count(*) from report_at(%(at)s) where open_until > %(at)s group by 1", {"at": moment}
    )
    return Counter(dict(rows.fetchall()))


def fingerprint(connection: psycopg.Connection, question: str, *parameters: object) -> str:
    """Return a hash of a query's rows in any order."""
    # The queries are constants of the tests.
    row = connection.execute(
        f"select md5(coalesce(string_agg(line, chr(10) order by line), '')) from "
        f"(select asked::text as line from ({question}) as asked) as lines".encode(),
        parameters or None,
    ).fetchone()
    assert row is not None
    return str(row[0])
