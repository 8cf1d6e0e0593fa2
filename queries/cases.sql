-- The reports a figure counts, with the five clears: who, what, whose responsibility, what progress, what result.
with found as (
    select
        id, severity, category_id, channel_id, district_id, ward_id, unit_id, status, submitted_at, due_at, ended_at,
        case
            when {overdue} then 'overdue'
            when {due_soon} then 'due_soon'
            when {no_deadline} then 'no_deadline'
            when {open} then 'in_time'
            when status = 'refused' then 'refused'
            when due_at is null then 'resolved'
            when open_until <= due_at then 'resolved_on_time'
            else 'resolved_late'
        end as state
    from report_at(:at)
    where {figure} and {chosen}
    order by {order}
    limit :limit offset :offset
)
select found.*, report.public_code, report.title, report.address, report.officer
from found
join report using (id)
order by {order}
