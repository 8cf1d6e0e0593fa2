-- The summary: what happened on each day and in each month, counted beforehand. Indexes carry every question about what
-- is open and about weeks; a year of a large city's days, or its middle handling time, they cannot.
--
-- It is never stale: a change of a report leaves in report_change what the report was (-1) and what it became (+1), and
-- whoever asks adds those to what is counted. `reportdb summarise` brings them into the counts, so that they stay few.

-- The working minutes from submission to the end, rounded up; null while a report is open, and where the calendar does
-- not reach. Whoever writes may leave them out.
alter table report add column worked_minutes integer check (worked_minutes >= 0);
alter table report_past add column worked_minutes integer check (worked_minutes >= 0);

create function tell_worked_minutes() returns trigger
language plpgsql
as $$
begin
    new.worked_minutes := null;
    if new.ended_at is not null then
        select cast(ceil(minutes) as integer) into new.worked_minutes
        from try_working_between(new.submitted_at, new.ended_at);
    end if;
    return new;
end
$$;

create trigger tell_worked_minutes before insert on report
    for each row when (new.ended_at is not null and new.worked_minutes is null) execute function tell_worked_minutes();
create trigger tell_new_worked_minutes before update of submitted_at, ended_at on report
    for each row when ((old.submitted_at, old.ended_at) is distinct from (new.submitted_at, new.ended_at))
    execute function tell_worked_minutes();
create trigger tell_worked_minutes before insert on report_past
    for each row when (new.ended_at is not null and new.worked_minutes is null) execute function tell_worked_minutes();

-- report_at again, with the working minutes.
drop function report_at;
drop function report_standing;
drop function report_former;

create function report_standing(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer)
language sql stable parallel safe
as $$
    select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at,
        case when received_at <= moment then received_at end,
        receive_due_at, due_at, rule_id,
        case when open_until <= moment then status
             when received_at <= moment or (received_at is null and status = 'in_progress') then 'in_progress'
             else 'waiting' end,
        case when escalated_at <= moment then escalated_at end,
        open_until,
        case when open_until <= moment then open_until end,
        case when rated_at <= moment then rating end,
        rated_at, reopen_count, transfer_count,
        case when open_until <= moment then worked_minutes end
    from report
    where submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
$$;

create function report_former(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer)
language sql stable parallel safe
as $$
    select report_id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at,
        case when received_at <= moment then received_at end,
        receive_due_at, due_at, rule_id,
        case when open_until <= moment then status
             when received_at <= moment or (received_at is null and status = 'in_progress') then 'in_progress'
             else 'waiting' end,
        case when escalated_at <= moment then escalated_at end,
        open_until,
        case when open_until <= moment then open_until end,
        case when rated_at <= moment then rating end,
        rated_at, reopen_count, transfer_count,
        case when open_until <= moment then worked_minutes end
    from report_past
    where submitted_at <= moment and valid_from <= moment and valid_to > moment
$$;

create function report_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer)
language sql stable parallel safe
as $$
    select * from report_standing(moment)
    union all
    select * from report_former(moment)
$$;

drop index report_open_until;
create index report_open_until on report (open_until)
    include (id, submitted_at, due_at, receive_due_at, received_at, escalated_at, unit_id, district_id, ward_id,
             category_id, channel_id, severity, status, worked_minutes, cell);
-- For questions that choose a district, a unit or both, and perhaps a category: a few per cent of the reports.
create index report_place_and_unit on report (district_id, unit_id, category_id, submitted_at)
    include (id, open_until, due_at, ward_id, channel_id, severity, status, worked_minutes, cell);

-- The hours a report took, on the scale in which middle times are told: whole hours up to three days, then quarters of
-- a day, both rounded up.
create function handled_hours(taken interval) returns integer
language sql immutable parallel safe
return case
    when taken <= interval '72 hours'
        then greatest(1, cast(ceil(extract(epoch from taken) / 3600) as integer))
    else 6 * cast(ceil(extract(epoch from taken) / 21600) as integer)
end;

-- What one report adds to the counts, and when: a row for each moment of it that is counted.
create function report_facts(
    submitted_at timestamptz, off_map boolean, reopen_count smallint, status text, due_at timestamptz,
    ended_at timestamptz, receive_due_at timestamptz, received_at timestamptz, rating text, rated_at timestamptz)
returns table (
    at timestamptz, received integer, received_off_map integer, reopened integer, resolved_on_time integer,
    resolved_late integer, resolved_no_deadline integer, refused integer, fell_due integer, done_by_due integer,
    receive_fell_due integer, received_on_time integer, rated_satisfied integer, rated_acceptable integer,
    rated_not_satisfied integer)
language sql immutable parallel safe
as $$
    select * from (values
        (submitted_at, 1, cast(off_map as integer), cast(reopen_count > 0 as integer),
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (ended_at, 0, 0, 0,
            cast(status = 'resolved' and ended_at <= due_at as integer),
            cast(status = 'resolved' and ended_at > due_at as integer),
            cast(status = 'resolved' and due_at is null as integer),
            cast(status = 'refused' as integer), 0, 0, 0, 0, 0, 0, 0),
        (due_at, 0, 0, 0, 0, 0, 0, 0,
            cast(not (status = 'refused' and ended_at <= due_at) as integer),
            cast(status = 'resolved' and ended_at <= due_at as integer), 0, 0, 0, 0, 0),
        (receive_due_at, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1, cast(received_at <= receive_due_at as integer), 0, 0, 0),
        (rated_at, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            cast(rating = 'satisfied' as integer), cast(rating = 'acceptable' as integer),
            cast(rating = 'not_satisfied' as integer))
    ) as fact (
        at, received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable,
        rated_not_satisfied)
    where at is not null
$$;

-- Each day's counts: for the whole city (dimension 'city', key 0) and for each district, ward, unit, category and
-- channel; key -1 is none. Days are the city's own.
create table report_day (
    day date not null,
    dimension text not null check (dimension in ('city', 'district', 'ward', 'unit', 'category', 'channel')),
    key integer not null,
    received integer not null,
    received_off_map integer not null,
    reopened integer not null,
    resolved_on_time integer not null,
    resolved_late integer not null,
    resolved_no_deadline integer not null,
    refused integer not null,
    fell_due integer not null,
    done_by_due integer not null,
    receive_fell_due integer not null,
    received_on_time integer not null,
    rated_satisfied integer not null,
    rated_acceptable integer not null,
    rated_not_satisfied integer not null,
    primary key (dimension, day, key)
);

-- Each month's counts by everything a viewer can choose, for questions that choose more than one thing.
create table report_month (
    month date not null,                  -- its first day
    district_id integer,
    ward_id integer,
    unit_id integer,
    category_id smallint not null,
    channel_id smallint not null,
    received integer not null,
    received_off_map integer not null,
    reopened integer not null,
    resolved_on_time integer not null,
    resolved_late integer not null,
    resolved_no_deadline integer not null,
    refused integer not null,
    fell_due integer not null,
    done_by_due integer not null,
    receive_fell_due integer not null,
    received_on_time integer not null,
    rated_satisfied integer not null,
    rated_acceptable integer not null,
    rated_not_satisfied integer not null,
    unique nulls not distinct (month, category_id, district_id, ward_id, unit_id, channel_id)
);

-- How many reports that were resolved in a month had taken so many hours, on the scale of handled_hours, by the
-- calendar's clock and by working time.
create table report_month_hours (
    month date not null,
    dimension text not null check (dimension in ('city', 'district', 'ward', 'unit', 'category', 'channel')),
    key integer not null,
    clock text not null check (clock in ('calendar', 'working')),
    hours integer not null check (hours > 0),
    reports integer not null,
    primary key (dimension, clock, month, key, hours)
);

-- Where reports came in from in each month: the cells of a grid of two thousandths of a degree.
create function wider_cell(cell bigint) returns bigint
language sql immutable parallel safe
return cell / 720000 * 180000 + cell % 360000 / 2;

create table report_month_cell (
    month date not null,
    cell bigint not null,
    received integer not null,
    primary key (month, cell)
);

-- What was open when a day ended.
create table report_day_open (
    day date not null,
    dimension text not null check (dimension in ('city', 'district', 'ward', 'unit', 'category', 'channel')),
    key integer not null,
    open integer not null,
    primary key (dimension, day, key)
);

-- That the counts are there, and the last day whose end is in report_day_open. No row: nothing has been summarised, and
-- every question reads the reports themselves.
create table summary_state (
    only_one boolean primary key default true check (only_one),
    open_to date
);

-- What has changed since: what a report was (sign -1) or became (+1), and the first moment of the past that looks
-- different for it, where any does.
create table report_change (
    sign smallint not null check (sign in (-1, 1)),
    report_id bigint not null,
    district_id integer,
    ward_id integer,
    unit_id integer,
    category_id smallint not null,
    channel_id smallint not null,
    cell bigint,
    submitted_at timestamptz not null,
    received_at timestamptz,
    receive_due_at timestamptz,
    due_at timestamptz,
    ended_at timestamptz,
    status text not null,
    rating text,
    rated_at timestamptz,
    reopen_count smallint not null,
    worked_minutes integer,
    open_differs_from timestamptz
);

-- Written by whoever writes reports, so that no writer can forget it.
create function note_report_change() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    if tg_op = 'INSERT' then
        insert into report_change
        select 1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, submitted_at
        from became;
    elsif tg_op = 'DELETE' then
        insert into report_change
        select -1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, submitted_at
        from was;
    elsif tg_op = 'TRUNCATE' then
        truncate report_change, report_day, report_month, report_month_hours, report_month_cell, report_day_open,
            summary_state;
    else
        insert into report_change
        select image.*
        from was join became using (id)
        cross join lateral (values
            (-1, id, was.district_id, was.ward_id, was.unit_id, was.category_id, was.channel_id, was.cell,
                was.submitted_at, was.received_at, was.receive_due_at, was.due_at, was.ended_at, was.status,
                was.rating, was.rated_at, was.reopen_count, was.worked_minutes, null),
            (1, id, became.district_id, became.ward_id, became.unit_id, became.category_id, became.channel_id,
                became.cell, became.submitted_at, became.received_at, became.receive_due_at, became.due_at,
                became.ended_at, became.status, became.rating, became.rated_at, became.reopen_count,
                became.worked_minutes,
                case
                    -- Where or when it was sent in is no history: the past is corrected with it.
                    when (was.district_id, was.ward_id, was.channel_id, was.submitted_at) is distinct from
                        (became.district_id, became.ward_id, became.channel_id, became.submitted_at)
                        then least(was.submitted_at, became.submitted_at)
                    -- What came before its last change of hands stands in report_past and stays.
                    when (was.unit_id, was.category_id) is distinct from (became.unit_id, became.category_id)
                        or was.ended_at is not null and was.ended_at is distinct from became.ended_at
                        then coalesce(
                            (select max(valid_to) from report_past where report_id = became.id), became.submitted_at)
                    when was.ended_at is distinct from became.ended_at then became.ended_at
                end)
        ) as image
        where (was.district_id, was.ward_id, was.unit_id, was.category_id, was.channel_id, was.cell,
                was.submitted_at, was.received_at, was.receive_due_at, was.due_at, was.ended_at, was.status,
                was.rating, was.rated_at, was.reopen_count, was.worked_minutes) is distinct from
            (became.district_id, became.ward_id, became.unit_id, became.category_id, became.channel_id,
                became.cell, became.submitted_at, became.received_at, became.receive_due_at, became.due_at,
                became.ended_at, became.status, became.rating, became.rated_at, became.reopen_count,
                became.worked_minutes);
    end if;
    return null;
end
$$;

create trigger note_new after insert on report
    referencing new table as became for each statement execute function note_report_change();
create trigger note_change after update on report
    referencing old table as was new table as became for each statement execute function note_report_change();
create trigger note_removal after delete on report
    referencing old table as was for each statement execute function note_report_change();
create trigger note_emptying after truncate on report for each statement execute function note_report_change();

-- Brings what is noted in report_change into the counts, and empties it. Whoever asks finds the counts as they were
-- until the transaction ends; two at once would take the same rows and wait for each other.
create function bring_into_summary() returns void
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
    took as (
        select
            cast(date_trunc('month', ended_at at time zone city.time_zone) as date) as month,
            district_id, ward_id, unit_id, category_id, channel_id,
            clock, handled.hours, sum(sign) as reports
        from image
        cross join city
        cross join lateral (values
            ('calendar', handled_hours(ended_at - submitted_at)),
            ('working', handled_hours(make_interval(mins => worked_minutes)))
        ) as handled (clock, hours)
        where status = 'resolved' and handled.hours is not null
        group by 1, district_id, ward_id, unit_id, category_id, channel_id, clock, handled.hours
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
    )
    insert into report_month_hours
    select
        month,
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
        clock,
        hours,
        sum(reports)
    from took
    group by grouping sets (
        (month, clock, hours), (month, clock, hours, district_id), (month, clock, hours, ward_id), (month, clock,
        hours, unit_id), (month, clock, hours, category_id), (month, clock, hours, channel_id))
    on conflict (dimension, clock, month, key, hours)
        do update set reports = report_month_hours.reports + excluded.reports;
end;

-- Keeps what was open when the few days after `known`, up to and not including `today`, ended: each day asked for as
-- any moment is.
create function keep_open_lately(known date, today date) returns void
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

-- The same for all days of three years at once, without asking for each: a report counts from the day at whose end it
-- was first open to the one before it no longer was. While a row of report_past holds, it counts instead.
create function keep_open_anew(today date) returns void
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

grant select on report_day, report_month, report_month_hours, report_month_cell, report_day_open, summary_state,
    report_change to report_reader;
