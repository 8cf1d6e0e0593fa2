-- How many reports are open at the moment, and in what state, for each key.
select
    {key} as key,
    {counts:figures}
from report_at(:at)
where {open} and {chosen}
group by 1
