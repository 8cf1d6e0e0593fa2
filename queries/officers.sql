-- What each officer answers for at the moment: open and overdue reports; null: nobody is assigned.
select
    nullif({officer}, '') as officer,
    count(*) as open,
    count(*) filter (where {overdue}) as overdue
from report_at(:at)
where {open} and {chosen}
group by 1
order by 3 desc, 2 desc, 1
limit :limit
