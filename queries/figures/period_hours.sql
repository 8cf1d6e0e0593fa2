-- How many of the reports resolved in the days from :first_day up to, not including, :end_day took so many hours, by the
-- calendar and in working time, for each key: from the summary, by :dimension and its :keys; in whole months from
-- :first_month to :end_month, in days before and after them. Told as handling_times.sql tells them, with how many reports
-- took each number of hours.
with image as (
    -- What stood otherwise at the moment: not as it stands now,
    select -1 as sign, district_id, ward_id, unit_id, category_id, channel_id, severity, submitted_at, status, ended_at,
        worked_minutes, ended_known
    from report
    where id in (select report_id from report_past where valid_from <= :at and valid_to > :at)
    union all
    -- but as it stood then.
    select 1, district_id, ward_id, unit_id, category_id, channel_id, severity, submitted_at, status, ended_at,
        worked_minutes, ended_known
    from report_past
    where valid_from <= :at and valid_to > :at
),
part as (
    select case when cast(:by as text) = dimension then nullif(key, -1) end as key, clock, hours, reports
    from report_hours
    where dimension = cast(:dimension as text) and span = 'month' and begins >= :first_month and begins < :end_month
        and (cast(:keys as integer[]) is null or key = any(cast(:keys as integer[])))
    union all
    select case when cast(:by as text) = dimension then nullif(key, -1) end, clock, hours, reports
    from report_hours
    where dimension = cast(:dimension as text) and span = 'day'
        and (begins >= :first_day and begins < :first_month or begins >= :end_month and begins < :end_day)
        and (cast(:keys as integer[]) is null or key = any(cast(:keys as integer[])))
    union all
    -- What has changed since the summary was made.
    select {key}, clock, int4send(hours), int4send(resolved_on_time + resolved_late + resolved_no_deadline)
    from report_change_fact
    cross join lateral (values ('calendar', calendar_hours), ('working', working_hours)) as handled (clock, hours)
    where calendar_hours is not null and whole_city = (cast(:dimension as text) = 'city') and hours is not null
        and at >= cast(:first_day as timestamp) at time zone :zone
        and at < cast(:end_day as timestamp) at time zone :zone and {chosen_group} and {chosen_severity}
    union all
    select null, clock, hours, reports
    from report_severity_hours
    where cast(:dimension as text) = 'severity' and {chosen_severity}
        and (span = 'month' and begins >= :first_month and begins < :end_month
            or span = 'day' and begins >= :first_day and begins < :first_month
            or span = 'day' and begins >= :end_month and begins < :end_day)
    union all
    select {key}, clock, int4send(hours), int4send(sign)
    from image
    cross join lateral (values
        ('calendar', handled_hours(ended_at - submitted_at)),
        ('working', handled_hours(make_interval(mins => worked_minutes)))
    ) as handled (clock, hours)
    where status = 'resolved' and ended_known and hours is not null
        and ended_at >= cast(:first_day as timestamp) at time zone :zone
        and ended_at < cast(:end_day as timestamp) at time zone :zone and {chosen_group} and {chosen_severity}
)
select key, clock, string_agg(hours, '') as hours, string_agg(reports, '') as reports
from part
group by key, clock
