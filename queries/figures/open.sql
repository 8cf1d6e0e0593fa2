-- How many reports are open at the moment, and in what state, for each key.
select
    {key} as key,
    count(*) as open,
    count(*) filter (where {overdue|open}) as overdue,
    count(*) filter (where {seriously_overdue|open}) as seriously_overdue,
    count(*) filter (where {due_soon|open}) as due_soon,
    count(*) filter (where {no_deadline|open}) as no_deadline,
    count(*) filter (where {not_received|open}) as not_received,
    count(*) filter (where {receive_waiting|open}) as receive_waiting,
    count(*) filter (where {receive_overdue|open}) as receive_overdue,
    count(*) filter (where {urgent|open}) as urgent,
    count(*) filter (where {urgent_overdue|open}) as urgent_overdue,
    count(*) filter (where {escalated_unheld|open}) as escalated_unheld
from report_at(:at)
where {open} and {chosen}
group by 1
