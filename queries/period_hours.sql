-- How many of the reports resolved in the months from :first_day up to, not including, :end_day took so many hours, for
-- each key: from the summary, by :dimension and its :keys.
with image as (
    -- What has changed since the summary was made,
    select sign, district_id, ward_id, unit_id, category_id, channel_id, submitted_at, off_map, reopen_count, status,
        due_at, ended_at, receive_due_at, received_at, rating, rated_at
    from report_change
    union all
    -- and what stood otherwise at the moment: not as it stands now,
    select -1, district_id, ward_id, unit_id, category_id, channel_id, submitted_at, lon is null, reopen_count, status,
        due_at, ended_at, receive_due_at, received_at, rating, rated_at
    from report
    where id in (select report_id from report_past where valid_from <= :at and valid_to > :at)
    union all
    -- but as it stood then.
    select 1, past.district_id, past.ward_id, past.unit_id, past.category_id, past.channel_id, past.submitted_at,
        lon is null, past.reopen_count, past.status, past.due_at, past.ended_at, past.receive_due_at, past.received_at,
        past.rating, past.rated_at
    from report_past as past
    join report on report.id = past.report_id
    where valid_from <= :at and valid_to > :at
),
part as (
    select case when cast(:by as text) = dimension then nullif(key, -1) end as key, hours, reports
    from report_month_hours
    where dimension = cast(:dimension as text) and month >= :first_day and month < :end_day
        and (cast(:keys as integer[]) is null or key = any(cast(:keys as integer[])))
    union all
    select {key}, handled_hours(ended_at - submitted_at), sign
    from image
    where status = 'resolved' and ended_at >= cast(:first_day as timestamp) at time zone :zone
        and ended_at < cast(:end_day as timestamp) at time zone :zone and {chosen_group}
)
select key, hours, cast(sum(reports) as bigint) as reports
from part
group by key, hours
having sum(reports) > 0
