-- For each of the city's days from :first_day up to, not including, :end_day: what came in and what was resolved, by
-- :dimension and its :keys; and what was open when the day ended, null where that is not kept or has changed since.
with image as (
    -- What stood otherwise at the moment: not as it stands now,
    select -1 as sign, district_id, ward_id, unit_id, category_id, channel_id, severity, submitted_at, ended_at, status
    from report
    where id in (select report_id from report_past where valid_from <= :at and valid_to > :at)
    union all
    -- but as it stood then.
    select 1, district_id, ward_id, unit_id, category_id, channel_id, severity, submitted_at, ended_at, status
    from report_past
    where valid_from <= :at and valid_to > :at
),
-- When each day begins: a change's day is found in this array, faster than by converting its moment to the zone.
starts as (
    select array_agg(day at time zone :zone order by day) as of_days
    from generate_series(
        cast(:first_day as timestamp), cast(:end_day as timestamp) - interval '1 day', interval '1 day') as day
),
part as (
    select day, received, resolved_on_time + resolved_late + resolved_no_deadline + resolved_time_unknown as resolved
    from report_day
    where dimension = :dimension and day >= :first_day and day < :end_day
        and (cast(:keys as integer[]) is null or key = any(cast(:keys as integer[])))
    union all
    -- What has changed since the summary was made.
    select
        cast(:first_day as date) + width_bucket(at, (select of_days from starts)) - 1,
        received, resolved_on_time + resolved_late + resolved_no_deadline + resolved_time_unknown
    from report_change_fact
    where whole_city = (cast(:dimension as text) = 'city')
        and at >= cast(:first_day as timestamp) at time zone :zone
        and at < cast(:end_day as timestamp) at time zone :zone and {chosen_group} and {chosen_severity}
    union all
    select day, received, resolved_on_time + resolved_late + resolved_no_deadline + resolved_time_unknown
    from report_severity_day
    where :dimension = 'severity' and day >= :first_day and day < :end_day and {chosen_severity}
    union all
    select
        cast(:first_day as date) + width_bucket(fact.at, (select of_days from starts)) - 1, fact.received, fact.resolved
    from image
    cross join lateral (values
        (submitted_at, sign, 0), (ended_at, 0, case when status = 'resolved' then sign else 0 end)
    ) as fact (at, received, resolved)
    where fact.at >= cast(:first_day as timestamp) at time zone :zone
        and fact.at < cast(:end_day as timestamp) at time zone :zone and {chosen_group} and {chosen_severity}
),
flow as (
    select day, sum(received) as received, sum(resolved) as resolved from part group by day
),
kept as (
    select day, sum(open) as open
    from (
        select day, open
        from report_day_open
        where dimension = :dimension and day >= :first_day and day < :end_day
            and (cast(:keys as integer[]) is null or key = any(cast(:keys as integer[])))
        union all
        select day, open
        from report_severity_open
        where :dimension = 'severity' and day >= :first_day and day < :end_day and {chosen_severity}
    ) as each
    group by day
),
-- From which day to which one the counts of what was open still hold.
holds as (
    select
        (select min(day) from report_day_open where dimension = 'city') as first,
        least(
            open_to,
            cast(
                ((select min(open_differs_from) from report_change) - interval '1 microsecond') at time zone :zone as date
            ) - 1
        ) as last
    from summary_state
)
select
    cast(day as date) as day,
    cast(coalesce(received, 0) as bigint) as received,
    cast(coalesce(resolved, 0) as bigint) as resolved,
    case
        when day >= (select first from holds) and day <= (select last from holds)
            then cast(coalesce(open, 0) as bigint)
    end as open
from generate_series(
    cast(:first_day as timestamp), cast(:end_day as timestamp) - interval '1 day', interval '1 day') as day
left join flow using (day)
left join kept using (day)
order by 1
