-- How many of the reports resolved in the period took so many hours from submission to the answer, by the calendar and
-- in working time, for each key; hours on the scale of handled_hours: whole ones up to three days, then quarters of a day.
-- The two are counted in rows of their own.
-- What was refused is left out in the count, not before: the planner would expect next to nothing, and sort it.
with taken as not materialized (
    select
        {key} as key,
        cast(ceil(date_part('epoch', open_until - submitted_at) / 3600) as integer) as calendar,
        (worked_minutes + 59) / 60 as working,
        status
    from report_at(:at)
    where {ended} and {chosen}
)
select
    key,
    case when calendar <= 72 then greatest(1, calendar) else (calendar + 5) / 6 * 6 end as hours,
    count(*) filter (where status = 'resolved') as calendar,
    0 as working
from taken
group by 1, 2
having count(*) filter (where status = 'resolved') > 0
union all
select
    key,
    case when working <= 72 then greatest(1, working) else (working + 5) / 6 * 6 end,
    0,
    count(*) filter (where status = 'resolved')
from taken
where working is not null
group by 1, 2
having count(*) filter (where status = 'resolved') > 0
