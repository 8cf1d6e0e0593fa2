-- What is open at the moment for each key: how urgent, how old, at which stage, and since when the oldest waits. The last age
-- and the middle stage are what is left of `open` (queries/figures/backlog.py).
select
    {key} as key,
    count(*) as open,
    count(*) filter (where {overdue|open}) as overdue,
    count(*) filter (where {due_today|open}) as due_today,
    count(*) filter (where {due_soon|open}) as due_soon,
    count(*) filter (where {no_deadline|open}) as no_deadline,
    count(*) filter (where {not_received|open}) as not_received,
    count(*) filter (where {receive_waiting|open}) as receive_waiting,
    count(*) filter (where {receive_overdue|open}) as receive_overdue,
    count(*) filter (where {age_under_3|open}) as age_under_3,
    count(*) filter (where {age_3_to_7|open}) as age_3_to_7,
    count(*) filter (where {age_7_to_14|open}) as age_7_to_14,
    count(*) filter (where {age_14_to_30|open}) as age_14_to_30,
    count(*) filter (where {waiting|open}) as waiting,
    count(*) filter (where {escalated|open}) as escalated,
    count(*) filter (where {escalated_unheld|open}) as escalated_unheld,
    count(*) filter (where {urgent|open}) as urgent,
    count(*) filter (where {urgent_overdue|open}) as urgent_overdue,
    min(submitted_at) as oldest
from report_at(:at)
where {open} and {chosen}
group by 1
