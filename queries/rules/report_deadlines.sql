-- How a report's handle deadline came to be, up to the moment: a row for each version of the report, what began it, and
-- what it was due by. A version that no step began was worked out anew, by rules or a calendar changed later.
with past as (
    select valid_from, valid_to, due_at, category_id, severity from report_past where report_id = :id
),
event as (
    select n, at, kind, minutes from report_event where report_id = :id
),
version as (
    select valid_from as at, due_at, category_id, severity from past
    union all
    select coalesce((select max(valid_to) from past), submitted_at), due_at, category_id, severity
    from report
    where id = :id
)
select version.at, version.due_at, version.category_id, version.severity, step.kind, step.minutes, step.stopped_at
from version
left join lateral (
    select
        kind, minutes,
        case when kind in ('resumed', 'resolved', 'refused') then (
            select max(stop.at) from event as stop where stop.kind = 'paused' and stop.at <= version.at
        ) end as stopped_at
    from event
    where event.at = version.at and kind not in ('routed', 'answered', 'rated', 'escalated', 'returned', 'informed')
    order by n desc
    limit 1
) as step on true
where version.at <= :at
order by version.at
