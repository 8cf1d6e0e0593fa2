-- What is open at the moment for each key: how urgent, how old, at which stage, and since when the oldest waits.
select
    {key} as key,
    count(*) as open,
    count(*) filter (where {overdue}) as overdue,
    count(*) filter (where {due_today}) as due_today,
    count(*) filter (where {due_soon}) as due_soon,
    count(*) filter (where {no_deadline}) as no_deadline,
    count(*) filter (where {receive_waiting}) as receive_waiting,
    count(*) filter (where {receive_overdue}) as receive_overdue,
    count(*) filter (where {age_under_3}) as age_under_3,
    count(*) filter (where {age_3_to_7}) as age_3_to_7,
    count(*) filter (where {age_7_to_14}) as age_7_to_14,
    count(*) filter (where {age_14_to_30}) as age_14_to_30,
    count(*) filter (where {age_over_30}) as age_over_30,
    count(*) filter (where {waiting}) as waiting,
    count(*) filter (where {in_progress}) as in_progress,
    count(*) filter (where {escalated}) as escalated,
    min(submitted_at) as oldest
from report_at(:at)
where {open} and {chosen}
group by 1
