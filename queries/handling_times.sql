-- How many of the reports resolved in the period took so many hours from submission to the answer, for each key and
-- clock (calendar, working); hours on the scale of handled_hours: whole ones up to three days, then quarters of a day.
-- Whole hours are told quickly for each report, the scale then once for all that took as long.
with taken as (
    select
        {key} as key,
        cast(ceil(date_part('epoch', open_until - submitted_at) / 3600) as integer) as calendar,
        (worked_minutes + 59) / 60 as working,
        count(*) as reports
    from report_at(:at)
    where {resolved} and {chosen}
    group by 1, 2, 3
)
select key, clock, handled_hours(make_interval(hours => whole)) as hours, cast(sum(reports) as bigint) as reports
from taken
cross join lateral (values ('calendar', calendar), ('working', working)) as handled (clock, whole)
where whole is not null
group by 1, 2, 3
