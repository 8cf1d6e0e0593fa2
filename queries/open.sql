-- How many reports are open at the moment, and in what state, for each key.
select
    {key} as key,
    count(*) as open,
    count(*) filter (where {overdue}) as overdue,
    count(*) filter (where {seriously_overdue}) as seriously_overdue,
    count(*) filter (where {due_soon}) as due_soon,
    count(*) filter (where {no_deadline}) as no_deadline,
    count(*) filter (where {not_received}) as not_received,
    count(*) filter (where {receive_overdue}) as receive_overdue
from report_at(:at)
where {open} and {chosen}
group by 1
