-- How long what was resolved had taken, kept together: for each day and each month, a row for each member of a dimension
-- tells how many reports took so many hours. `hours` and `reports` are two lists of numbers, four bytes each, highest
-- first; those at the same place belong together. A year by ward is read from three thousand such rows, where each number
-- of hours in a row of its own made half a million; and so days are kept of wards and units as well.
create table report_hours (
    dimension text not null check (dimension in ('city', 'district', 'ward', 'unit', 'category', 'channel')),
    span text not null check (span in ('day', 'month')),
    begins date not null,
    key integer not null,
    clock text not null check (clock in ('calendar', 'working')),
    hours bytea not null,
    reports bytea not null,
    check (length(hours) = length(reports)),
    primary key (dimension, span, begins, key, clock)
);
alter table report_hours alter hours set storage main, alter reports set storage main;
grant select on report_hours to report_reader, report_official, report_leader;

-- One number of such a list, from its first byte on.
create function number_at(numbers bytea, place integer) returns integer
language sql immutable parallel safe
return (get_byte(numbers, place) << 24) | (get_byte(numbers, place + 1) << 16) | (get_byte(numbers, place + 2) << 8)
    | get_byte(numbers, place + 3);

-- Two such lists, with each number of hours once.
create function told_once(taken bytea, counted bytea) returns table (hours bytea, reports bytea)
language sql immutable parallel safe
as $$
    select
        coalesce(string_agg(int4send(told.hours), '' order by told.hours), ''),
        coalesce(string_agg(int4send(cast(told.reports as integer)), '' order by told.hours), '')
    from (
        select number_at(taken, place) as hours, sum(number_at(counted, place)) as reports
        from generate_series(0, length(taken) - 4, 4) as place
        group by 1
        having sum(number_at(counted, place)) <> 0
    ) as told
$$;

-- Where a summary is kept. The months are there; the days are what is in the summary of all reports, less what
-- report_change has yet to bring.
insert into report_hours
select
    dimension, 'month', month, key, clock, string_agg(int4send(hours), '' order by hours),
    string_agg(int4send(reports), '' order by hours)
from report_month_hours
where reports <> 0
group by dimension, month, key, clock;

insert into report_hours
select
    dimension, 'day', day, key, clock, string_agg(int4send(hours), '' order by hours),
    string_agg(int4send(cast(reports as integer)), '' order by hours)
from (
    select
        cast(ended_at at time zone time_zone as date) as day,
        case
            when grouping(district_id) = 0 then 'district'
            when grouping(ward_id) = 0 then 'ward'
            when grouping(unit_id) = 0 then 'unit'
            when grouping(category_id) = 0 then 'category'
            when grouping(channel_id) = 0 then 'channel'
            else 'city'
        end as dimension,
        case
            when grouping(district_id) = 0 then coalesce(district_id, -1)
            when grouping(ward_id) = 0 then coalesce(ward_id, -1)
            when grouping(unit_id) = 0 then coalesce(unit_id, -1)
            when grouping(category_id) = 0 then coalesce(category_id, -1)
            when grouping(channel_id) = 0 then coalesce(channel_id, -1)
            else 0
        end as key,
        clock,
        handled.hours,
        sum(sign) as reports
    from (
        select 1 as sign, district_id, ward_id, unit_id, category_id, channel_id, submitted_at, ended_at, worked_minutes
        from report
        where status = 'resolved'
        union all
        select -sign, district_id, ward_id, unit_id, category_id, channel_id, submitted_at, ended_at, worked_minutes
        from report_change
        where status = 'resolved'
    ) as image
    cross join city
    cross join lateral (values
        ('calendar', handled_hours(ended_at - submitted_at)),
        ('working', handled_hours(make_interval(mins => worked_minutes)))
    ) as handled (clock, hours)
    where handled.hours is not null and exists (select from summary_state)
    group by grouping sets (
        (day, clock, handled.hours), (day, clock, handled.hours, district_id), (day, clock, handled.hours, ward_id),
        (day, clock, handled.hours, unit_id), (day, clock, handled.hours, category_id),
        (day, clock, handled.hours, channel_id))
    having sum(sign) <> 0
) as took
group by dimension, day, key, clock;

-- As 0007 and 0017 have it, with the hours of days and months in one.
create or replace function bring_into_summary() returns void
language sql
begin atomic
    with image as (
        delete from report_change returning *
    ),
    fact as materialized (
        select
            cast(fact.at at time zone city.time_zone as date) as day,
            district_id, ward_id, unit_id, category_id, channel_id,
            coalesce(sum(sign * fact.received), 0) as received,
            coalesce(sum(sign * fact.received_off_map), 0) as received_off_map,
            coalesce(sum(sign * fact.reopened), 0) as reopened,
            coalesce(sum(sign * fact.resolved_on_time), 0) as resolved_on_time,
            coalesce(sum(sign * fact.resolved_late), 0) as resolved_late,
            coalesce(sum(sign * fact.resolved_no_deadline), 0) as resolved_no_deadline,
            coalesce(sum(sign * fact.refused), 0) as refused,
            coalesce(sum(sign * fact.fell_due), 0) as fell_due,
            coalesce(sum(sign * fact.done_by_due), 0) as done_by_due,
            coalesce(sum(sign * fact.receive_fell_due), 0) as receive_fell_due,
            coalesce(sum(sign * fact.received_on_time), 0) as received_on_time,
            coalesce(sum(sign * fact.rated_satisfied), 0) as rated_satisfied,
            coalesce(sum(sign * fact.rated_acceptable), 0) as rated_acceptable,
            coalesce(sum(sign * fact.rated_not_satisfied), 0) as rated_not_satisfied
        from image
        cross join city
        cross join lateral report_facts(submitted_at, cell is null, reopen_count, status, due_at, ended_at,
            receive_due_at, received_at, rating, rated_at) as fact
        group by 1, district_id, ward_id, unit_id, category_id, channel_id
    ),
    by_day as (
        insert into report_day
        select
            day,
            case
                when grouping(district_id) = 0 then 'district'
                when grouping(ward_id) = 0 then 'ward'
                when grouping(unit_id) = 0 then 'unit'
                when grouping(category_id) = 0 then 'category'
                when grouping(channel_id) = 0 then 'channel'
                else 'city'
            end,
            case
                when grouping(district_id) = 0 then coalesce(district_id, -1)
                when grouping(ward_id) = 0 then coalesce(ward_id, -1)
                when grouping(unit_id) = 0 then coalesce(unit_id, -1)
                when grouping(category_id) = 0 then coalesce(category_id, -1)
                when grouping(channel_id) = 0 then coalesce(channel_id, -1)
                else 0
            end,
            sum(received), sum(received_off_map), sum(reopened), sum(resolved_on_time), sum(resolved_late),
            sum(resolved_no_deadline), sum(refused), sum(fell_due), sum(done_by_due), sum(receive_fell_due),
            sum(received_on_time), sum(rated_satisfied), sum(rated_acceptable), sum(rated_not_satisfied)
        from fact
        group by grouping sets (
            (day), (day, district_id), (day, ward_id), (day, unit_id), (day, category_id), (day, channel_id))
        on conflict (dimension, day, key) do update set
            received = report_day.received + excluded.received,
            received_off_map = report_day.received_off_map + excluded.received_off_map,
            reopened = report_day.reopened + excluded.reopened,
            resolved_on_time = report_day.resolved_on_time + excluded.resolved_on_time,
            resolved_late = report_day.resolved_late + excluded.resolved_late,
            resolved_no_deadline = report_day.resolved_no_deadline + excluded.resolved_no_deadline,
            refused = report_day.refused + excluded.refused,
            fell_due = report_day.fell_due + excluded.fell_due,
            done_by_due = report_day.done_by_due + excluded.done_by_due,
            receive_fell_due = report_day.receive_fell_due + excluded.receive_fell_due,
            received_on_time = report_day.received_on_time + excluded.received_on_time,
            rated_satisfied = report_day.rated_satisfied + excluded.rated_satisfied,
            rated_acceptable = report_day.rated_acceptable + excluded.rated_acceptable,
            rated_not_satisfied = report_day.rated_not_satisfied + excluded.rated_not_satisfied
    ),
    by_month as (
        insert into report_month
        select
            cast(date_trunc('month', day) as date), district_id, ward_id, unit_id, category_id, channel_id,
            sum(received), sum(received_off_map), sum(reopened), sum(resolved_on_time), sum(resolved_late),
            sum(resolved_no_deadline), sum(refused), sum(fell_due), sum(done_by_due), sum(receive_fell_due),
            sum(received_on_time), sum(rated_satisfied), sum(rated_acceptable), sum(rated_not_satisfied)
        from fact
        group by 1, district_id, ward_id, unit_id, category_id, channel_id
        on conflict (month, category_id, district_id, ward_id, unit_id, channel_id) do update set
            received = report_month.received + excluded.received,
            received_off_map = report_month.received_off_map + excluded.received_off_map,
            reopened = report_month.reopened + excluded.reopened,
            resolved_on_time = report_month.resolved_on_time + excluded.resolved_on_time,
            resolved_late = report_month.resolved_late + excluded.resolved_late,
            resolved_no_deadline = report_month.resolved_no_deadline + excluded.resolved_no_deadline,
            refused = report_month.refused + excluded.refused,
            fell_due = report_month.fell_due + excluded.fell_due,
            done_by_due = report_month.done_by_due + excluded.done_by_due,
            receive_fell_due = report_month.receive_fell_due + excluded.receive_fell_due,
            received_on_time = report_month.received_on_time + excluded.received_on_time,
            rated_satisfied = report_month.rated_satisfied + excluded.rated_satisfied,
            rated_acceptable = report_month.rated_acceptable + excluded.rated_acceptable,
            rated_not_satisfied = report_month.rated_not_satisfied + excluded.rated_not_satisfied
    ),
    by_cell as (
        insert into report_month_cell
        select
            cast(date_trunc('month', submitted_at at time zone city.time_zone) as date), wider_cell(cell), sum(sign)
        from image
        cross join city
        where cell is not null
        group by 1, 2
        on conflict (month, cell) do update set received = report_month_cell.received + excluded.received
    ),
    took as (
        select
            span, begins, clock, hours,
            case
                when grouping(district_id) = 0 then 'district'
                when grouping(ward_id) = 0 then 'ward'
                when grouping(unit_id) = 0 then 'unit'
                when grouping(category_id) = 0 then 'category'
                when grouping(channel_id) = 0 then 'channel'
                else 'city'
            end as dimension,
            case
                when grouping(district_id) = 0 then coalesce(district_id, -1)
                when grouping(ward_id) = 0 then coalesce(ward_id, -1)
                when grouping(unit_id) = 0 then coalesce(unit_id, -1)
                when grouping(category_id) = 0 then coalesce(category_id, -1)
                when grouping(channel_id) = 0 then coalesce(channel_id, -1)
                else 0
            end as key,
            sum(sign) as reports
        from image
        cross join city
        cross join lateral (values
            ('calendar', handled_hours(ended_at - submitted_at)),
            ('working', handled_hours(make_interval(mins => worked_minutes)))
        ) as handled (clock, hours)
        cross join lateral (values
            ('day', cast(ended_at at time zone city.time_zone as date)),
            ('month', cast(date_trunc('month', ended_at at time zone city.time_zone) as date))
        ) as part (span, begins)
        where status = 'resolved' and handled.hours is not null
        group by grouping sets (
            (span, begins, clock, hours), (span, begins, clock, hours, district_id),
            (span, begins, clock, hours, ward_id), (span, begins, clock, hours, unit_id),
            (span, begins, clock, hours, category_id), (span, begins, clock, hours, channel_id))
        having sum(sign) <> 0
    )
    insert into report_hours
    select
        dimension, span, begins, key, clock, string_agg(int4send(hours), '' order by hours),
        string_agg(int4send(cast(reports as integer)), '' order by hours)
    from took
    group by dimension, span, begins, key, clock
    on conflict (dimension, span, begins, key, clock) do update set (hours, reports) = (
        select told.hours, told.reports
        from told_once(report_hours.hours || excluded.hours, report_hours.reports || excluded.reports) as told);
end;

-- What is emptied with the reports.
create function empty_summary() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    truncate report_change, report_day, report_month, report_hours, report_month_cell, report_day_open, summary_state;
    return null;
end
$$;
drop trigger note_emptying on report;
drop trigger note_emptying_of_hours on report;
create trigger note_emptying after truncate on report for each statement execute function empty_summary();
drop function empty_day_hours;
drop table report_month_hours, report_day_hours;
