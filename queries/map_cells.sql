-- How many of the reports a figure counts lie in each cell of a grid. :east and :north are how many cells a degree has.
with found as (
    select id from report_at(:at) where {figure} and {chosen}
)
select
    (floor(lon * :east) + 0.5) / :east as lon,
    (floor(lat * :north) + 0.5) / :north as lat,
    count(*) as reports
from found
join report using (id)
where lon is not null
group by 1, 2
order by 2, 1
