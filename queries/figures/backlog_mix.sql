-- How many reports of each category are open at the moment for each key, and how many of them overdue.
select
    {key} as key,
    category_id,
    count(*) as open,
    count(*) filter (where {overdue|open}) as overdue
from report_at(:at)
where {open} and {chosen}
group by 1, 2
