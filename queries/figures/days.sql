-- What came in and went out in each step (a day, a week) of the period, and what was open when the step ended, counted
-- from the reports. Steps begin at midnight in the city's time zone; the last one ends at the moment. Where the first
-- begins and ends is told as well, so that the planner sees how much of the reports is meant.
with step as (
    select
        row_number() over (order by begins) as n,
        cast(begins as date) as day,
        begins at time zone :zone as starts_at,
        least((begins + cast(:step as interval)) at time zone :zone, :at) as ends_at
    from generate_series(
        date_trunc('day', cast(:start as timestamptz) at time zone :zone),
        cast(:at as timestamptz) at time zone :zone,
        cast(:step as interval)) as begins
),
moments as (
    select array_agg(starts_at order by n) as starts, array_agg(ends_at order by n) as ends from step
),
came as (
    select width_bucket(submitted_at, (select starts from moments)) as n, count(*) as reports
    from report_at(:at)
    where submitted_at >= :first_start and {chosen}
    group by 1
),
went as (
    select width_bucket(open_until, (select starts from moments)) as n, count(*) as reports
    from report_at(:at)
    where open_until >= :first_start and open_until <= :at and status = 'resolved' and {chosen}
    group by 1
),
standing as materialized (
    select id, submitted_at, open_until
    from report as report_at
    where submitted_at <= :at and open_until > :first_end and {chosen}
),
-- From when until when each report was open; while a row of report_past holds, it counts in place of the report.
span as (
    select submitted_at as since, open_until as until, 1 as counts
    from standing
    union all
    select greatest(valid_from, standing.submitted_at), least(valid_to, standing.open_until), -1
    from standing
    join report_past on report_id = id
    where valid_to > :first_end and valid_from <= :at and {chosen_district}  -- where it was sent from never differs
    union all
    select greatest(valid_from, submitted_at), least(valid_to, open_until), 1
    from (
        select *, report_id as id
        from report_past
        where valid_to > :first_end and valid_from <= :at
    ) as report_at
    where {chosen}
),
turn as (
    select
        1 + width_bucket(turns_at - interval '1 microsecond', (select ends from moments)) as n,
        sum(turns) as turns
    from span
    cross join lateral (values (since, counts), (until, -counts)) as turn (turns_at, turns)
    where since < until
    group by 1
)
select
    day,
    coalesce(came.reports, 0) as received,
    coalesce(went.reports, 0) as resolved,
    cast(sum(coalesce(turns, 0)) over (order by step.n) as bigint) as open
from step
left join came using (n)
left join went using (n)
left join turn using (n)
order by 1
