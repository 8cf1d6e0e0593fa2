-- How long what a unit resolved in each month had taken, by where it was, told as report_hours tells it: what a head's map
-- of handling times asks for a year. From the reports themselves the largest department's took longer than a viewer waits.
create table report_unit_hours (
    unit_id integer not null,
    month date not null,
    district_id integer not null,
    ward_id integer not null,
    clock text not null check (clock in ('calendar', 'working')),
    hours bytea not null,
    reports bytea not null,
    check (length(hours) = length(reports)),
    primary key (unit_id, month, district_id, ward_id, clock)
);
alter table report_unit_hours alter hours set storage main, alter reports set storage main;
grant select on report_unit_hours to report_reader, report_official, report_leader;

-- Where a summary is kept: what is in it of all reports, less what report_change has yet to bring. -1 is no area.
insert into report_unit_hours
select
    unit_id, month, district_id, ward_id, clock, string_agg(int4send(hours), '' order by hours),
    string_agg(int4send(cast(reports as integer)), '' order by hours)
from (
    select
        unit_id, cast(date_trunc('month', ended_at at time zone time_zone) as date) as month,
        coalesce(district_id, -1) as district_id, coalesce(ward_id, -1) as ward_id, clock, handled.hours,
        sum(sign) as reports
    from (
        select 1 as sign, unit_id, district_id, ward_id, submitted_at, ended_at, worked_minutes
        from report
        where status = 'resolved'
        union all
        select -sign, unit_id, district_id, ward_id, submitted_at, ended_at, worked_minutes
        from report_change
        where status = 'resolved'
    ) as image
    cross join city
    cross join lateral (values
        ('calendar', handled_hours(ended_at - submitted_at)),
        ('working', handled_hours(make_interval(mins => worked_minutes)))
    ) as handled (clock, hours)
    where unit_id is not null and handled.hours is not null and exists (select from summary_state)
    group by 1, 2, 3, 4, 5, 6
    having sum(sign) <> 0
) as took
group by unit_id, month, district_id, ward_id, clock;

-- Brought into the counts by whoever takes the changes out of report_change, of exactly those that are taken.
create function bring_into_unit_hours() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_unit_hours
    select
        unit_id, month, district_id, ward_id, clock, string_agg(int4send(hours), '' order by hours),
        string_agg(int4send(cast(reports as integer)), '' order by hours)
    from (
        select
            unit_id, cast(date_trunc('month', ended_at at time zone time_zone) as date) as month,
            coalesce(district_id, -1) as district_id, coalesce(ward_id, -1) as ward_id, clock, handled.hours,
            sum(sign) as reports
        from was
        cross join city
        cross join lateral (values
            ('calendar', handled_hours(ended_at - submitted_at)),
            ('working', handled_hours(make_interval(mins => worked_minutes)))
        ) as handled (clock, hours)
        where status = 'resolved' and unit_id is not null and handled.hours is not null
        group by 1, 2, 3, 4, 5, 6
        having sum(sign) <> 0
    ) as took
    group by unit_id, month, district_id, ward_id, clock
    on conflict (unit_id, month, district_id, ward_id, clock) do update set (hours, reports) = (
        select told.hours, told.reports
        from told_once(report_unit_hours.hours || excluded.hours, report_unit_hours.reports || excluded.reports) as told);
    return null;
end
$$;
create trigger bring_into_unit_hours after delete on report_change
    referencing old table as was for each statement execute function bring_into_unit_hours();

create or replace function empty_summary() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    truncate report_change, report_day, report_month, report_hours, report_unit_hours, report_month_cell, report_square,
        report_day_open, summary_state;
    return null;
end
$$;
