-- What is open at the moment for each key: how urgent, how old, at which stage, and since when the oldest waits. The last age
-- and the middle stage are what is left of `open` (queries/figures/backlog.py).
select
    {key} as key,
    {counts:backlog},
    min(submitted_at) as oldest
from report_at(:at)
where {open} and {chosen}
group by 1
