-- What happened from :first_day up to, not including, :end_day (the city's days), for each key: from the summary, by
-- :dimension and its :keys (of severities: those chosen) day by day, or without a dimension month by month, which must
-- then be whole months.
with image as (
    -- What stood otherwise at the moment: not as it stands now,
    select -1 as sign, district_id, ward_id, unit_id, category_id, channel_id, severity, submitted_at, cell, reopen_count,
        status, due_at, ended_at, receive_due_at, received_at, rating, rated_at, ended_known
    from report
    where id in (select report_id from report_past where valid_from <= :at and valid_to > :at)
    union all
    -- but as it stood then.
    select 1, past.district_id, past.ward_id, past.unit_id, past.category_id, past.channel_id, past.severity,
        past.submitted_at, cell, past.reopen_count, past.status, past.due_at, past.ended_at, past.receive_due_at,
        past.received_at, past.rating, past.rated_at, past.ended_known
    from report_past as past
    join report on report.id = past.report_id
    where valid_from <= :at and valid_to > :at
),
part as (
    select
        case when cast(:by as text) = dimension then nullif(key, -1) end as key,
        received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable,
        rated_not_satisfied, resolved_time_unknown
    from report_day
    where dimension = cast(:dimension as text) and day >= :first_day and day < :end_day
        and (cast(:keys as integer[]) is null or key = any(cast(:keys as integer[])))
    union all
    select
        null,
        received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable,
        rated_not_satisfied, resolved_time_unknown
    from report_severity_day
    where cast(:dimension as text) = 'severity' and day >= :first_day and day < :end_day and {chosen_severity}
    union all
    select
        {key},
        received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable,
        rated_not_satisfied, resolved_time_unknown
    from report_month
    where cast(:dimension as text) is null and month >= :first_day and month < :end_day and {chosen_group}
    union all
    -- What has changed since the summary was made.
    select
        {key},
        received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable,
        rated_not_satisfied, resolved_time_unknown
    from report_change_fact
    where whole_city = coalesce(cast(:dimension as text) = 'city', false)
        and at >= cast(:first_day as timestamp) at time zone :zone
        and at < cast(:end_day as timestamp) at time zone :zone and {chosen_group} and {chosen_severity}
    union all
    select
        {key},
        sign * received, sign * received_off_map, sign * reopened, sign * resolved_on_time, sign * resolved_late, sign
        * resolved_no_deadline, sign * refused, sign * fell_due, sign * done_by_due, sign * receive_fell_due, sign *
        received_on_time, sign * rated_satisfied, sign * rated_acceptable, sign * rated_not_satisfied,
        sign * resolved_time_unknown
    from image
    cross join lateral report_facts(submitted_at, cell is null, reopen_count, status, due_at, ended_at, receive_due_at,
        received_at, rating, rated_at, ended_known) as fact
    where fact.at >= cast(:first_day as timestamp) at time zone :zone
        and fact.at < cast(:end_day as timestamp) at time zone :zone and {chosen_group} and {chosen_severity}
)
select
    key,
    cast(sum(received) as bigint) as received,
    cast(sum(received_off_map) as bigint) as received_off_map,
    cast(sum(reopened) as bigint) as reopened,
    cast(sum(resolved_on_time) as bigint) as resolved_on_time,
    cast(sum(resolved_late) as bigint) as resolved_late,
    cast(sum(resolved_no_deadline) as bigint) as resolved_no_deadline,
    cast(sum(resolved_time_unknown) as bigint) as resolved_time_unknown,
    cast(sum(refused) as bigint) as refused,
    cast(sum(fell_due) as bigint) as fell_due,
    cast(sum(done_by_due) as bigint) as done_by_due,
    cast(sum(receive_fell_due) as bigint) as receive_fell_due,
    cast(sum(received_on_time) as bigint) as received_on_time,
    cast(sum(rated_satisfied) as bigint) as rated_satisfied,
    cast(sum(rated_acceptable) as bigint) as rated_acceptable,
    cast(sum(rated_not_satisfied) as bigint) as rated_not_satisfied
from part
group by key
