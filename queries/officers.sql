-- What each officer answers for at the moment: open and overdue reports; null: nobody is assigned.
select
    nullif(report.officer, '') as officer,
    count(*) as open,
    count(*) filter (where held.overdue) as overdue
from (select id, {overdue} as overdue from report_at(:at) where {open} and {chosen}) as held
join report using (id)
group by 1
order by 3 desc, 2 desc, 1
limit :limit
