-- One case as it stood at the moment: what, where, who, by when and by which rule, how far, with what result.
-- Who in the unit, and what was answered, are kept for the present alone: they show where the report stands the same.
with stood as (
    select *, {state} as state
    from report_at(:at)
    where id = (select id from report where public_code = cast(:code as text))
)
select
    stood.id, shown.public_code, shown.title, shown.text, shown.address, shown.lon, shown.lat, shown.source_ref,
    stood.severity, stood.status, stood.state,
    stood.category_id, stood.channel_id, stood.district_id, stood.ward_id, stood.unit_id,
    case when shown.unit_id = stood.unit_id then shown.officer end as officer,
    stood.submitted_at, stood.received_at, stood.receive_due_at, stood.due_at, stood.escalated_at, stood.ended_at,
    stood.ended_known,
    stood.escalated_by_id,
    case when shown.ended_at = stood.ended_at then shown.answer end as answer,
    stood.rating, case when stood.rating is not null then stood.rated_at end as rated_at,
    stood.reopen_count, stood.transfer_count,
    case when stood.escalated_at is not null then (
        select max(at) from report_event
        where report_id = stood.id and at between stood.escalated_at and :at and kind in ('informed', 'answered')
    ) end as informed_at,
    -- Since when the clock stands: an open report without a deadline that waits for others.
    case when stood.due_at is null and stood.ended_at is null then (
        select case when kind = 'paused' then at end from report_event
        where report_id = stood.id and at <= :at and kind in ('paused', 'resumed', 'reopened')
        order by n desc limit 1
    ) end as stopped_at,
    -- Whether an area is the source's own word, because no point told it.
    coalesce(source.district_from_source, false) as district_from_source,
    coalesce(source.ward_from_source, false) as ward_from_source,
    source.stale_since,  -- when a newer row of the source could not be read: what is shown may be out of date
    source.report_id is not null as published, source.published_late, source.published_status,
    source.published_district, source.published_ward,
    rule.receive_minutes, rule.handle_minutes, rule.clock, rule.handle_from, rule.source as rule_source,
    rule.receive_confirmed, rule.handle_confirmed,
    (
        select bool_and(confirmed) from office_hours
        where valid_from = (
            select max(valid_from) from office_hours
            where valid_from <= cast(stood.submitted_at at time zone :zone as date)
        )
    ) as hours_confirmed
from stood
join (
    select * from report_text where id = (select id from report where public_code = cast(:code as text))
) as shown using (id)
left join deadline_rule as rule on rule.id = stood.rule_id
left join report_source as source on source.report_id = stood.id
