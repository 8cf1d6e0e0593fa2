-- What came in and went out in each step (a day, a week) of the period, and what was open when the step ended, counted
-- from the reports. Steps begin at midnight in the city's time zone.
with step as (
    select
        cast(begins as date) as day,
        begins at time zone :zone as starts_at,
        (begins + cast(:step as interval)) at time zone :zone as ends_at
    from generate_series(
        date_trunc('day', cast(:start as timestamptz) at time zone :zone),
        cast(:at as timestamptz) at time zone :zone,
        cast(:step as interval)) as begins
)
select
    step.day,
    (select count(*) from report_at(:at)
        where submitted_at >= starts_at and submitted_at < ends_at and {chosen}) as received,
    (select count(*) from report_at(:at)
        where open_until >= starts_at and open_until < ends_at and open_until <= :at
            and status = 'resolved' and {chosen}) as resolved,
    (select count(*) from report_at(least(ends_at, :at))
        where open_until > least(ends_at, :at) and {chosen}) as open
from step
order by 1
