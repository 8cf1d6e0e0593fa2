-- How many reports citizens rated in the period, and how many of them satisfied or acceptable, for each key.
select
    {key} as key,
    count(*) as rated,
    count(*) filter (where {satisfied}) as satisfied
from report_at(:at)
where {rated} and {chosen}
group by 1
