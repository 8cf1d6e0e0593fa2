-- Reports as they stood at the moment, with the five clears: who, what, whose responsibility, what progress, what result.
-- Who in the unit, and what was answered, are kept for the present alone: they show where the report stands the same.
with stood as (
    select
        id, severity, status, {state} as state, category_id, channel_id, district_id, ward_id, unit_id,
        submitted_at, received_at, receive_due_at, due_at, escalated_at, escalated_by_id, ended_at, ended_known, rating,
        reopen_count, transfer_count
    from report_at(:at)
    where id = any(cast(:ids as bigint[]))
)
select
    stood.*, shown.public_code, shown.title, shown.address, shown.lon, shown.lat,
    case when shown.unit_id = stood.unit_id then shown.officer end as officer,
    case when shown.ended_at = stood.ended_at then shown.answer end as answer,
    source.report_id is not null as published, source.published_late, source.published_status,
    source.published_district, source.published_ward,
    -- Of what was handed up: since when its holder has it, and the last word to the citizen since.
    case when stood.escalated_at is not null then (
        select max(at) from report_event
        where report_id = stood.id and at <= :at and kind in ('routed', 'transferred', 'escalated', 'returned')
    ) end as held_since,
    case when stood.escalated_at is not null then (
        select max(at) from report_event
        where report_id = stood.id and at between stood.escalated_at and :at and kind in ('informed', 'answered')
    ) end as informed_at
from stood
-- The view reads all it is not told to leave out.
join (select * from report_text where id = any(cast(:ids as bigint[]))) as shown using (id)
left join report_source as source on source.report_id = stood.id
