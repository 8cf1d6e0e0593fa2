-- How many reports were open at each of :moments. The :earliest of them is told as well, so that the planner sees that only
-- few of all reports are meant.
select
    moment,
    (
        select count(*)
        from report_at(moment)
        where open_until > moment and open_until > :earliest and {chosen}
    ) as open
from unnest(cast(:moments as timestamptz[])) as moment
