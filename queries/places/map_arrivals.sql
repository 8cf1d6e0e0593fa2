-- The reports submitted after :since that have coordinates, open or not, told as map_points.sql tells them.
with arrived as (
    select id, category_id, severity, submitted_at, due_at, open_until
    from report_at(:at)
    where submitted_at > :since and {chosen}
)
select {urgency} as state, {gravity} as severity, category_id, count(*) as reports,
    string_agg({spot}, e'\n' order by id) as places
from arrived
join (select id, lon, lat from report where lon is not null) as placed using (id)
group by 1, 2, 3
order by 1, 2, 3
