-- A report that was closed, nobody knows when: some sources say that a report is closed and give no time of it. `ended_at`
-- is then a time by which it was closed (its last update, else its submission), and `ended_known` is false. Such a report
-- is resolved or refused. It is in no handling time and in no on-time rate, at any moment, and counted apart
-- (resolved_time_unknown).

alter table report
    add column ended_known boolean not null default true,
    add constraint report_ended_known check (ended_known or ended_at is not null and worked_minutes is null);
alter table report_past
    add column ended_known boolean not null default true,
    add constraint report_past_ended_known check (ended_known or ended_at is not null and worked_minutes is null);
grant select (ended_known) on report to report_reader, report_official, report_leader, report_escalator;

-- Closed at an unknown time, by that time: few or none in most cities.
create index report_time_unknown on report (open_until)
    include (id, submitted_at, received_at, due_at, unit_id, district_id, ward_id, category_id, channel_id, severity,
             status)
    where not ended_known;

-- What counting on time needs to know of a report, in the indexes that answer it (baseline/06_indexes.sql).
drop index report_open_until;
create index report_open_until on report (open_until, submitted_at)
    include (id, due_at, receive_due_at, received_at, escalated_at, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status, worked_minutes, cell,
             ended_known);
drop index report_due_at;
create index report_due_at on report (due_at)
    include (id, submitted_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status, ended_known)
    where due_at is not null;
drop index report_submitted_at;
create index report_submitted_at on report (submitted_at)
    include (id, open_until, due_at, unit_id, district_id, ward_id, category_id, channel_id, severity, status, cell,
             ended_known);
drop index report_place_and_unit;
create index report_place_and_unit on report (district_id, unit_id, category_id, submitted_at)
    include (id, received_at, receive_due_at, open_until, due_at, rated_at, ward_id, channel_id, severity, status, rating,
             worked_minutes, cell, ended_known);
drop index report_unit_submitted;
create index report_unit_submitted on report (unit_id, submitted_at)
    include (id, received_at, open_until, due_at, district_id, ward_id, category_id, channel_id, severity, status, cell,
             reopen_count, ended_known);
drop index report_unit_ended;
create index report_unit_ended on report (unit_id, open_until)
    include (id, submitted_at, due_at, received_at, district_id, ward_id, category_id, channel_id, severity, status,
             worked_minutes, cell, ended_known);
drop index report_unit_due;
create index report_unit_due on report (unit_id, due_at)
    include (id, submitted_at, received_at, open_until, district_id, ward_id, category_id, channel_id, severity, status,
             ended_known)
    where due_at is not null;
drop index report_last_hour;
create index report_last_hour on report (open_until)
    include (id, submitted_at, received_at, due_at, unit_id, district_id, ward_id, category_id, channel_id, severity,
             status, ended_known)
    where open_until <= due_at and open_until at time zone 'UTC' > due_at at time zone 'UTC' - interval '1 hour'
        and ended_known;
drop index report_no_deadline;
create index report_no_deadline on report (open_until, id)
    include (submitted_at, received_at, unit_id, district_id, ward_id, category_id, channel_id, severity, status,
             ended_known)
    where due_at is null;
drop index report_past_valid;
create index report_past_valid on report_past (valid_to, valid_from)
    include (report_id, submitted_at, open_until, due_at, receive_due_at, received_at, escalated_at, unit_id,
             district_id, ward_id, category_id, channel_id, severity, status, worked_minutes, ended_known);

-- worked_minutes: as in baseline/08_derived_columns.sql, and null where the end is not known.
create or replace function set_worked_minutes() returns trigger
language plpgsql
as $$
begin
    new.worked_minutes := null;
    if new.ended_at is not null and new.ended_known then
        select cast(ceil(minutes) as integer) into new.worked_minutes
        from try_working_between(new.submitted_at, new.ended_at);
    end if;
    return new;
end
$$;

drop trigger set_new_worked_minutes on report;
create trigger set_new_worked_minutes before update of submitted_at, ended_at, ended_known on report
    for each row when (
        (old.submitted_at, old.ended_at, old.ended_known) is distinct from
        (new.submitted_at, new.ended_at, new.ended_known))
    execute function set_worked_minutes();

-- The reports as they stood at a moment (baseline/09_report_at.sql). Whether the end is known is told at every moment: a
-- report whose end is unknown may have been closed at any of them.
drop function count_open_days_after(date, date);
drop function count_open_severities_after(date, date);
drop function report_at(timestamptz);
drop function report_standing(timestamptz);
drop function report_former(timestamptz);

create function report_standing(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz,
    resolved_without_text_at timestamptz, escalated_by_id integer, ended_known boolean)
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
        case when open_until <= moment then worked_minutes end,
        cell, deadline_moved_at, reopened_soon_at, resolved_without_text_at, escalated_by_id, ended_known
    from report
    where submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
$$;

create function report_former(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz,
    resolved_without_text_at timestamptz, escalated_by_id integer, ended_known boolean)
language sql stable parallel safe
as $$
    select report_id, past.channel_id, past.category_id, past.severity, past.district_id, past.ward_id, past.unit_id,
        past.submitted_at,
        case when past.received_at <= moment then past.received_at end,
        past.receive_due_at, past.due_at, past.rule_id,
        case when past.open_until <= moment then past.status
             when past.received_at <= moment or (past.received_at is null and past.status = 'in_progress')
             then 'in_progress'
             else 'waiting' end,
        case when past.escalated_at <= moment then past.escalated_at end,
        past.open_until,
        case when past.open_until <= moment then past.open_until end,
        case when past.rated_at <= moment then past.rating end,
        past.rated_at, past.reopen_count, past.transfer_count,
        case when past.open_until <= moment then past.worked_minutes end,
        report.cell, report.deadline_moved_at, report.reopened_soon_at, report.resolved_without_text_at,
        past.escalated_by_id, past.ended_known
    from report_past as past
    left join report on report.id = report_id  -- not read where nobody asks for these four
    where past.submitted_at <= moment and valid_from <= moment and valid_to > moment
$$;

create function report_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz,
    resolved_without_text_at timestamptz, escalated_by_id integer, ended_known boolean)
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
        case when open_until <= moment then worked_minutes end,
        cell, deadline_moved_at, reopened_soon_at, resolved_without_text_at, escalated_by_id, ended_known
    from (
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, resolved_without_text_at,
            escalated_by_id, ended_known, false as former
        from report
        union all
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, resolved_without_text_at,
            escalated_by_id, ended_known, true
        from report_former(moment)
    ) as version
    where submitted_at <= moment
        and (former or id not in (select report_id from report_past where valid_from <= moment and valid_to > moment))
$$;

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

-- The summary (baseline/10_summary.sql to 12_summary_counts.sql).
drop function apply_changes_to_summary();
drop function report_facts(timestamptz, boolean, smallint, text, timestamptz, timestamptz, timestamptz, timestamptz, text,
    timestamptz);
alter table report_day add column resolved_time_unknown integer not null default 0;
alter table report_month add column resolved_time_unknown integer not null default 0;
alter table report_severity_day add column resolved_time_unknown integer not null default 0;
alter table report_change_fact add column resolved_time_unknown integer not null default 0;
alter table report_change add column ended_known boolean not null default true;

create function report_facts(
    submitted_at timestamptz, off_map boolean, reopen_count smallint, status text, due_at timestamptz,
    ended_at timestamptz, receive_due_at timestamptz, received_at timestamptz, rating text, rated_at timestamptz,
    ended_known boolean)
returns table (
    at timestamptz, received integer, received_off_map integer, reopened integer, resolved_on_time integer,
    resolved_late integer, resolved_no_deadline integer, refused integer, fell_due integer, done_by_due integer,
    receive_fell_due integer, received_on_time integer, rated_satisfied integer, rated_acceptable integer,
    rated_not_satisfied integer, resolved_time_unknown integer)
language sql immutable parallel safe
as $$
    select * from (values
        (submitted_at, 1, cast(off_map as integer), cast(reopen_count > 0 as integer),
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (ended_at, 0, 0, 0,
            cast(status = 'resolved' and ended_known and ended_at <= due_at as integer),
            cast(status = 'resolved' and ended_known and ended_at > due_at as integer),
            cast(status = 'resolved' and ended_known and due_at is null as integer),
            cast(status = 'refused' as integer), 0, 0, 0, 0, 0, 0, 0,
            cast(status = 'resolved' and not ended_known as integer)),
        (due_at, 0, 0, 0, 0, 0, 0, 0,
            cast(ended_known and not (status = 'refused' and ended_at <= due_at) as integer),
            cast(status = 'resolved' and ended_known and ended_at <= due_at as integer), 0, 0, 0, 0, 0, 0),
        (receive_due_at, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1, cast(received_at <= receive_due_at as integer), 0, 0, 0, 0),
        (rated_at, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            cast(rating = 'satisfied' as integer), cast(rating = 'acceptable' as integer),
            cast(rating = 'not_satisfied' as integer), 0)
    ) as fact (
        at, received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable,
        rated_not_satisfied, resolved_time_unknown)
    where at is not null
$$;

create or replace function note_report_change() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    if tg_op = 'INSERT' then
        insert into report_change (sign, report_id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at,
            received_at, receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes,
            open_differs_from, severity, ended_known)
        select 1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, submitted_at,
            severity, ended_known
        from became;
    elsif tg_op = 'DELETE' then
        insert into report_change (sign, report_id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at,
            received_at, receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes,
            open_differs_from, severity, ended_known)
        select -1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, submitted_at,
            severity, ended_known
        from was;
    else
        insert into report_change (sign, report_id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at,
            received_at, receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes,
            open_differs_from, severity, ended_known)
        select image.*
        from was join became using (id)
        cross join lateral (values
            (-1, id, was.district_id, was.ward_id, was.unit_id, was.category_id, was.channel_id, was.cell,
                was.submitted_at, was.received_at, was.receive_due_at, was.due_at, was.ended_at, was.status,
                was.rating, was.rated_at, was.reopen_count, was.worked_minutes, null, was.severity,
                was.ended_known),
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
                    when (was.unit_id, was.category_id, was.severity)
                        is distinct from (became.unit_id, became.category_id, became.severity)
                        or was.ended_at is not null and was.ended_at is distinct from became.ended_at
                        then coalesce(
                            (select max(valid_to) from report_past where report_id = became.id), became.submitted_at)
                    when was.ended_at is distinct from became.ended_at then became.ended_at
                end,
                became.severity, became.ended_known)
        ) as image
        where (was.district_id, was.ward_id, was.unit_id, was.category_id, was.channel_id, was.cell,
                was.submitted_at, was.received_at, was.receive_due_at, was.due_at, was.ended_at, was.status,
                was.rating, was.rated_at, was.reopen_count, was.worked_minutes, was.severity, was.ended_known) is distinct from
            (became.district_id, became.ward_id, became.unit_id, became.category_id, became.channel_id,
                became.cell, became.submitted_at, became.received_at, became.receive_due_at, became.due_at,
                became.ended_at, became.status, became.rating, became.rated_at, became.reopen_count,
                became.worked_minutes, became.severity, became.ended_known);
    end if;
    return null;
end
$$;

create or replace function note_late_history() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_change (sign, report_id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at,
        received_at, receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes,
        open_differs_from, severity, ended_known)
    select sign, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
        receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, differs_from,
        severity, ended_known
    from (
        select report_id, min(least(valid_to, ended_at)) as differs_from
        from became
        where valid_to <= (
            select cast(open_to + 1 as timestamp) at time zone time_zone from summary_state cross join city)
        group by report_id
    ) as late
    join report on id = report_id
    cross join (values (-1), (1)) as image (sign);
    return null;
end
$$;

create or replace function note_change_facts() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_change_fact (
        whole_city, at, district_id, ward_id, unit_id, category_id, channel_id, severity, cell, calendar_hours,
        working_hours, received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable, rated_not_satisfied,
        resolved_time_unknown)
    select *
    from (
        select
            grouping(district_id) = 1 as whole_city, fact.at, district_id, ward_id, unit_id, category_id, channel_id,
            severity, what.cell, what.calendar_hours, what.working_hours,
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
            coalesce(sum(sign * fact.rated_not_satisfied), 0) as rated_not_satisfied,
            coalesce(sum(sign * fact.resolved_time_unknown), 0) as resolved_time_unknown
        from became
        cross join lateral report_facts(submitted_at, became.cell is null, reopen_count, status, due_at, ended_at,
            receive_due_at, received_at, rating, rated_at, ended_known) as fact
        cross join lateral (values (
            case when fact.received = 1 then became.cell end,
            case when 1 in (fact.resolved_on_time, fact.resolved_late, fact.resolved_no_deadline)
                then handled_hours(ended_at - submitted_at) end,
            case when 1 in (fact.resolved_on_time, fact.resolved_late, fact.resolved_no_deadline)
                then handled_hours(make_interval(mins => worked_minutes)) end
        )) as what (cell, calendar_hours, working_hours)
        group by grouping sets (
            (fact.at, what.cell, what.calendar_hours, what.working_hours),
            (fact.at, what.cell, what.calendar_hours, what.working_hours, district_id, ward_id, unit_id, category_id,
                channel_id, severity))
    ) as net
    where (
        received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused, fell_due,
        done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable, rated_not_satisfied,
        resolved_time_unknown
    ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return null;
end
$$;

create function apply_changes_to_summary() returns void
language sql
begin atomic
    with image as (
        delete from report_change
        returning sign, report_id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, open_differs_from,
            ended_known
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
            coalesce(sum(sign * fact.rated_not_satisfied), 0) as rated_not_satisfied,
            coalesce(sum(sign * fact.resolved_time_unknown), 0) as resolved_time_unknown
        from image
        cross join city
        cross join lateral report_facts(submitted_at, cell is null, reopen_count, status, due_at, ended_at,
            receive_due_at, received_at, rating, rated_at, ended_known) as fact
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
            sum(received_on_time), sum(rated_satisfied), sum(rated_acceptable), sum(rated_not_satisfied),
            sum(resolved_time_unknown)
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
            rated_not_satisfied = report_day.rated_not_satisfied + excluded.rated_not_satisfied,
            resolved_time_unknown = report_day.resolved_time_unknown + excluded.resolved_time_unknown
    ),
    by_month as (
        insert into report_month
        select
            cast(date_trunc('month', day) as date), district_id, ward_id, unit_id, category_id, channel_id,
            sum(received), sum(received_off_map), sum(reopened), sum(resolved_on_time), sum(resolved_late),
            sum(resolved_no_deadline), sum(refused), sum(fell_due), sum(done_by_due), sum(receive_fell_due),
            sum(received_on_time), sum(rated_satisfied), sum(rated_acceptable), sum(rated_not_satisfied),
            sum(resolved_time_unknown)
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
            rated_not_satisfied = report_month.rated_not_satisfied + excluded.rated_not_satisfied,
            resolved_time_unknown = report_month.resolved_time_unknown + excluded.resolved_time_unknown
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
        where status = 'resolved' and ended_known and handled.hours is not null
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
        from merged_histogram(report_hours.hours || excluded.hours, report_hours.reports || excluded.reports) as told);
end;

create or replace function apply_changes_to_unit_hours() returns trigger
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
        where status = 'resolved' and ended_known and unit_id is not null and handled.hours is not null
        group by 1, 2, 3, 4, 5, 6
        having sum(sign) <> 0
    ) as took
    group by unit_id, month, district_id, ward_id, clock
    on conflict (unit_id, month, district_id, ward_id, clock) do update set (hours, reports) = (
        select told.hours, told.reports
        from merged_histogram(
            report_unit_hours.hours || excluded.hours, report_unit_hours.reports || excluded.reports) as told);
    return null;
end
$$;

create or replace function apply_changes_to_severities() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_severity_day
    select
        severity, cast(fact.at at time zone time_zone as date),
        sum(sign * fact.received), sum(sign * fact.received_off_map), sum(sign * fact.reopened),
        sum(sign * coalesce(fact.resolved_on_time, 0)), sum(sign * coalesce(fact.resolved_late, 0)),
        sum(sign * coalesce(fact.resolved_no_deadline, 0)), sum(sign * coalesce(fact.refused, 0)),
        sum(sign * coalesce(fact.fell_due, 0)), sum(sign * coalesce(fact.done_by_due, 0)),
        sum(sign * fact.receive_fell_due), sum(sign * coalesce(fact.received_on_time, 0)),
        sum(sign * coalesce(fact.rated_satisfied, 0)), sum(sign * coalesce(fact.rated_acceptable, 0)),
        sum(sign * coalesce(fact.rated_not_satisfied, 0)), sum(sign * coalesce(fact.resolved_time_unknown, 0))
    from was
    cross join city
    cross join lateral report_facts(submitted_at, cell is null, reopen_count, status, due_at, ended_at, receive_due_at,
        received_at, rating, rated_at, ended_known) as fact
    group by 1, 2
    on conflict (severity, day) do update set
        received = report_severity_day.received + excluded.received,
        received_off_map = report_severity_day.received_off_map + excluded.received_off_map,
        reopened = report_severity_day.reopened + excluded.reopened,
        resolved_on_time = report_severity_day.resolved_on_time + excluded.resolved_on_time,
        resolved_late = report_severity_day.resolved_late + excluded.resolved_late,
        resolved_no_deadline = report_severity_day.resolved_no_deadline + excluded.resolved_no_deadline,
        refused = report_severity_day.refused + excluded.refused,
        fell_due = report_severity_day.fell_due + excluded.fell_due,
        done_by_due = report_severity_day.done_by_due + excluded.done_by_due,
        receive_fell_due = report_severity_day.receive_fell_due + excluded.receive_fell_due,
        received_on_time = report_severity_day.received_on_time + excluded.received_on_time,
        rated_satisfied = report_severity_day.rated_satisfied + excluded.rated_satisfied,
        rated_acceptable = report_severity_day.rated_acceptable + excluded.rated_acceptable,
        rated_not_satisfied = report_severity_day.rated_not_satisfied + excluded.rated_not_satisfied,
        resolved_time_unknown = report_severity_day.resolved_time_unknown + excluded.resolved_time_unknown;

    insert into report_severity_hours
    select
        severity, span, begins, clock, string_agg(int4send(hours), '' order by hours),
        string_agg(int4send(cast(reports as integer)), '' order by hours)
    from (
        select severity, part.span, part.begins, handled.clock, handled.hours, sum(sign) as reports
        from was
        cross join city
        cross join lateral (values
            ('calendar', handled_hours(ended_at - submitted_at)),
            ('working', handled_hours(make_interval(mins => worked_minutes)))
        ) as handled (clock, hours)
        cross join lateral (values
            ('day', cast(ended_at at time zone time_zone as date)),
            ('month', cast(date_trunc('month', ended_at at time zone time_zone) as date))
        ) as part (span, begins)
        where status = 'resolved' and ended_known and handled.hours is not null
        group by 1, 2, 3, 4, 5
        having sum(sign) <> 0
    ) as took
    group by severity, span, begins, clock
    on conflict (severity, span, begins, clock) do update set (hours, reports) = (
        select told.hours, told.reports
        from merged_histogram(
            report_severity_hours.hours || excluded.hours, report_severity_hours.reports || excluded.reports) as told);
    return null;
end
$$;

-- As baseline/20_closing.sql does for the functions it finds.
do $$
declare ours regprocedure;
begin
    for ours in select oid from pg_proc where pronamespace = current_schema()::regnamespace and prosecdef loop
        execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', ours, current_schema());
    end loop;
end
$$;
