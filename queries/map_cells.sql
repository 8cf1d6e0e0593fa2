-- How many of the reports a figure counts lie in each cell of a honeycomb. :east and :north make of a degree the
-- distance between two cells of a row, and of a column; a second honeycomb lies half a distance off, and a report
-- belongs to the nearer of its two centres. A distance east is √3 times one north.
with placed as (
    select lon * :east as x, lat * :north as y
    from report_at(:at)
    join (select id, lon, lat from report where lon is not null) as place using (id)
    where {figure} and {chosen}
),
centred as (
    select
        case when 3 * (x - round(x)) ^ 2 + (y - round(y)) ^ 2 <= 3 * (x - floor(x) - 0.5) ^ 2 + (y - floor(y) - 0.5) ^ 2
            then point(round(x), round(y)) else point(floor(x) + 0.5, floor(y) + 0.5) end as centre
    from placed
)
select cast(centre[0] / :east as double precision) as lon, cast(centre[1] / :north as double precision) as lat,
    count(*) as reports
from centred
group by centre[0], centre[1]
order by 2, 1
