-- How many of the reports that :units resolved in the months from :first_day up to, not including, :end_day took so many
-- hours, by the calendar and in working time, for each district or ward: from the summary, with what has changed since and
-- what stood otherwise at the moment. Told as period_hours.sql tells them.
with image as (
    -- What stood otherwise at the moment: not as it stands now,
    select -1 as sign, district_id, ward_id, unit_id, category_id, channel_id, submitted_at, status, ended_at, worked_minutes, ended_known
    from report
    where id in (select report_id from report_past where valid_from <= :at and valid_to > :at)
    union all
    -- but as it stood then.
    select 1, district_id, ward_id, unit_id, category_id, channel_id, submitted_at, status, ended_at, worked_minutes, ended_known
    from report_past
    where valid_from <= :at and valid_to > :at
),
part as (
    select
        nullif(case cast(:by as text) when 'district' then district_id when 'ward' then ward_id end, -1) as key,
        clock, hours, reports
    from report_unit_hours
    where unit_id = any(cast(:units as integer[])) and month >= :first_day and month < :end_day
    union all
    -- What has changed since the summary was made.
    select {key}, clock, int4send(hours), int4send(resolved_on_time + resolved_late + resolved_no_deadline)
    from report_change_fact
    cross join lateral (values ('calendar', calendar_hours), ('working', working_hours)) as handled (clock, hours)
    where not whole_city and hours is not null and at >= cast(:first_day as timestamp) at time zone :zone
        and at < cast(:end_day as timestamp) at time zone :zone and {chosen_group}
    union all
    select {key}, clock, int4send(hours), int4send(sign)
    from image
    cross join lateral (values
        ('calendar', handled_hours(ended_at - submitted_at)),
        ('working', handled_hours(make_interval(mins => worked_minutes)))
    ) as handled (clock, hours)
    where status = 'resolved' and ended_known and hours is not null
        and ended_at >= cast(:first_day as timestamp) at time zone :zone
        and ended_at < cast(:end_day as timestamp) at time zone :zone and {chosen_group}
)
select key, clock, string_agg(hours, '') as hours, string_agg(reports, '') as reports
from part
group by key, clock
