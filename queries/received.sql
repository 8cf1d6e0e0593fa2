-- How many reports came in during the period, for each key.
select {key} as key, count(*) as received
from report_at(:at)
where {received} and {chosen}
group by 1
