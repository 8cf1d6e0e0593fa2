-- Of the reports that fell due in the period, how many were resolved by their deadline, for each key.
select
    {key} as key,
    count(*) as fell_due,
    count(*) filter (where {done_by_due}) as done_by_due
from report_at(:at)
where {fell_due} and {chosen}
group by 1
