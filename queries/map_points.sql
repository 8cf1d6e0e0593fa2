-- The reports a figure counts that have coordinates: where, in what state (3 overdue, 2 due soon, 1 no deadline known,
-- 0 else), how grave (2 urgent, 1 complex), what about. The most pressing come last: a map draws them on top.
with found as (
    select
        id, category_id,
        case when {overdue} then 3 when {due_soon} then 2 when {no_deadline} then 1 else 0 end as state,
        case severity when 'urgent' then 2 when 'complex' then 1 else 0 end as severity
    from report_at(:at)
    where {figure} and submitted_at > :since and {chosen}
)
select lon, lat, id, state, found.severity, found.category_id
from found
join report using (id)
where lon is not null
order by state, found.severity, id
