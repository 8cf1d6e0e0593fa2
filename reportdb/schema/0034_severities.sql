-- The summary by severity: counts by day, handling times by day and by month, and what was open when each day ended, for
-- the whole city. Counted from the reports, a year of one severity took half a second a million reports, and its series of
-- days a second. Severity with another choice still is: few reports are left there.

-- What has changed, with its severity.
select bring_into_summary();
alter table report_change add column severity text not null;

create or replace function note_report_change() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    if tg_op = 'INSERT' then
        insert into report_change
        select 1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, submitted_at,
            severity
        from became;
    elsif tg_op = 'DELETE' then
        insert into report_change
        select -1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, submitted_at,
            severity
        from was;
    else
        insert into report_change
        select image.*
        from was join became using (id)
        cross join lateral (values
            (-1, id, was.district_id, was.ward_id, was.unit_id, was.category_id, was.channel_id, was.cell,
                was.submitted_at, was.received_at, was.receive_due_at, was.due_at, was.ended_at, was.status,
                was.rating, was.rated_at, was.reopen_count, was.worked_minutes, null, was.severity),
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
                became.severity)
        ) as image
        where (was.district_id, was.ward_id, was.unit_id, was.category_id, was.channel_id, was.cell,
                was.submitted_at, was.received_at, was.receive_due_at, was.due_at, was.ended_at, was.status,
                was.rating, was.rated_at, was.reopen_count, was.worked_minutes, was.severity) is distinct from
            (became.district_id, became.ward_id, became.unit_id, became.category_id, became.channel_id,
                became.cell, became.submitted_at, became.received_at, became.receive_due_at, became.due_at,
                became.ended_at, became.status, became.rating, became.rated_at, became.reopen_count,
                became.worked_minutes, became.severity);
    end if;
    return null;
end
$$;

create or replace function note_late_history() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_change
    select sign, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
        receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, differs_from,
        severity
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
create table report_severity_day (
    severity text not null,
    day date not null,
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
    primary key (severity, day)
);

-- As report_hours: the first list says how many hours, the second how many reports took so many.
create table report_severity_hours (
    severity text not null,
    span text not null check (span in ('day', 'month')),
    begins date not null,
    clock text not null check (clock in ('calendar', 'working')),
    hours bytea not null,
    reports bytea not null,
    check (length(hours) = length(reports)),
    primary key (severity, span, begins, clock)
);
alter table report_severity_hours alter hours set storage main, alter reports set storage main;

create table report_severity_open (
    severity text not null,
    day date not null,
    open integer not null,
    primary key (severity, day)
);

grant select on report_severity_day, report_severity_hours, report_severity_open
    to report_reader, report_official, report_leader;

-- Brings into these counts what is taken out of report_change.
create function bring_into_severities() returns trigger
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
        sum(sign * coalesce(fact.rated_not_satisfied, 0))
    from was
    cross join city
    cross join lateral report_facts(submitted_at, cell is null, reopen_count, status, due_at, ended_at, receive_due_at,
        received_at, rating, rated_at) as fact
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
        rated_not_satisfied = report_severity_day.rated_not_satisfied + excluded.rated_not_satisfied;

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
        where status = 'resolved' and handled.hours is not null
        group by 1, 2, 3, 4, 5
        having sum(sign) <> 0
    ) as took
    group by severity, span, begins, clock
    on conflict (severity, span, begins, clock) do update set (hours, reports) = (
        select told.hours, told.reports
        from told_once(
            report_severity_hours.hours || excluded.hours, report_severity_hours.reports || excluded.reports) as told);
    return null;
end
$$;
create trigger bring_into_severities after delete on report_change
    referencing old table as was for each statement execute function bring_into_severities();

-- What was open when the days after `known` and before `today` ended.
create function keep_open_severities_lately(known date, today date) returns void
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

-- The same for all days of three years at once: while a row of report_past holds, it counts in place of the report.
create function keep_open_severities_anew(today date) returns void
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

create function empty_severities() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    truncate report_severity_day, report_severity_hours, report_severity_open;
    return null;
end
$$;
create trigger note_emptying_of_severities after truncate on report
    for each statement execute function empty_severities();

-- Where a summary is kept already: every report is counted as if it had just been noted and brought in.
create temporary table noted (like report_change);
create trigger bring_into_severities after delete on noted
    referencing old table as was for each statement execute function bring_into_severities();
insert into noted
select 1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at, receive_due_at,
    due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, null, severity
from report
where exists (select from summary_state);
delete from noted;
drop table noted;
select keep_open_severities_anew(open_to + 1) from summary_state where open_to is not null;
