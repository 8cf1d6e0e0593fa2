-- What was open when each day ended (report_day_open, report_severity_open).

-- Days are known up to the day before the first that looks different, by the changes that are deleted from report_change.
-- A day's end belongs to the next day.
create function forget_open_days() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    update summary_state
    set open_to = least(open_to, (
        select cast((min(open_differs_from) - interval '1 microsecond') at time zone (select time_zone from city) as date) - 1
        from was));
    return null;
end
$$;

create trigger forget_open_days after delete on report_change
    referencing old table as was for each statement execute function forget_open_days();

-- Count what was open when the few days after `known`, up to and not including `today`, ended: each day asked for as any
-- moment is.
create function count_open_days_after(known date, today date) returns void
language sql
begin atomic
    delete from report_day_open where day > known;
    insert into report_day_open
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
        count(*)
    from (
        select cast(day as date) as day, (day + interval '1 day') at time zone time_zone as ends_at
        from city
        cross join generate_series(
            cast(known as timestamp) + interval '1 day', cast(today as timestamp) - interval '1 day',
            interval '1 day') as day
    ) as ended
    cross join lateral report_at(ends_at)
    where open_until > ends_at
    group by grouping sets (
        (day), (day, district_id), (day, ward_id), (day, unit_id), (day, category_id), (day, channel_id));
end;

-- The same for all days of three years at once, without asking for each: a report counts from the day at whose end it was
-- first open to the one before it no longer was. While a row of report_past holds, it counts instead.
create function recount_open_days(today date) returns void
language sql
begin atomic
    delete from report_day_open;
    with span as (
        select
            district_id, ward_id, unit_id, category_id, channel_id,
            submitted_at as since, open_until as until, 1 as n
        from report
        union all
        select
            report.district_id, report.ward_id, report.unit_id, report.category_id, report.channel_id,
            greatest(valid_from, report.submitted_at), least(valid_to, report.open_until), -1
        from report_past
        join report on report.id = report_id
        union all
        select
            district_id, ward_id, unit_id, category_id, channel_id,
            greatest(valid_from, submitted_at), least(valid_to, open_until), 1
        from report_past
    ),
    turn as (
        select
            cast((turn.at - interval '1 microsecond') at time zone time_zone as date) as day,
            district_id, ward_id, unit_id, category_id, channel_id,
            sum(turn.n) as n
        from span
        cross join city
        cross join lateral (values (since, n), (nullif(until, 'infinity'), -n)) as turn (at, n)
        where since < until and turn.at is not null
        group by 1, district_id, ward_id, unit_id, category_id, channel_id
    ),
    change as (
        select
            day,
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
            sum(n) as n
        from turn
        group by grouping sets (
            (day), (day, district_id), (day, ward_id), (day, unit_id), (day, category_id), (day, channel_id))
    ),
    every as (
        select day, dimension, key, n from change
        union all
        select cast(day as date), dimension, key, 0
        from (select dimension, key, greatest(min(day), today - 1100) as first from change group by 1, 2) as met
        cross join lateral generate_series(
            cast(first as timestamp), cast(today as timestamp) - interval '1 day', interval '1 day') as day
    ),
    standing as (
        select day, dimension, key, sum(sum(n)) over (partition by dimension, key order by day) as open
        from every
        group by day, dimension, key
    )
    insert into report_day_open
    select day, dimension, key, open from standing where open > 0 and day < today and day >= today - 1100;
end;

-- Both by severity.
create function count_open_severities_after(known date, today date) returns void
language sql
begin atomic
    delete from report_severity_open where day > known;
    insert into report_severity_open
    select severity, day, count(*)
    from (
        select cast(day as date) as day, (day + interval '1 day') at time zone time_zone as ends_at
        from city
        cross join generate_series(
            cast(known as timestamp) + interval '1 day', cast(today as timestamp) - interval '1 day',
            interval '1 day') as day
    ) as ended
    cross join lateral report_at(ends_at)
    where open_until > ends_at
    group by 1, 2;
end;

create function recount_open_severities(today date) returns void
language sql
begin atomic
    delete from report_severity_open;
    with span as (
        select severity, submitted_at as since, open_until as until, 1 as n from report
        union all
        select report.severity, greatest(valid_from, report.submitted_at), least(valid_to, report.open_until), -1
        from report_past
        join report on report.id = report_id
        union all
        select severity, greatest(valid_from, submitted_at), least(valid_to, open_until), 1 from report_past
    ),
    change as (
        select severity, cast((turn.at - interval '1 microsecond') at time zone time_zone as date) as day, sum(turn.n) as n
        from span
        cross join city
        cross join lateral (values (since, n), (nullif(until, 'infinity'), -n)) as turn (at, n)
        where since < until and turn.at is not null
        group by 1, 2
    ),
    every as (
        select severity, day, n from change
        union all
        select severity, cast(day as date), 0
        from (select severity, greatest(min(day), today - 1100) as first from change group by 1) as met
        cross join lateral generate_series(
            cast(first as timestamp), cast(today as timestamp) - interval '1 day', interval '1 day') as day
    ),
    standing as (
        select severity, day, sum(sum(n)) over (partition by severity order by day) as open
        from every
        group by severity, day
    )
    insert into report_severity_open
    select severity, day, open from standing where open > 0 and day < today and day >= today - 1100;
end;
