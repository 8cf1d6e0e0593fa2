-- How many reports came in during the period, and how many were ended and of them resolved, for each key.
select
    key,
    cast(sum(received) as bigint) as received,
    cast(sum(ended) as bigint) as ended,
    cast(sum(resolved) as bigint) as resolved
from (
    select {key} as key, count(*) as received, 0 as ended, 0 as resolved
    from report_at(:at)
    where {received} and {chosen}
    group by 1
    union all
    select {key}, 0, count(*), count(*) filter (where {resolved})
    from report_at(:at)
    where {ended} and {chosen}
    group by 1
) as flow
group by 1
