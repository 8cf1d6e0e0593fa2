-- When a change of category or severity first gave a report a later deadline (report_event.deadline_later says which
-- changes did): kept on the report, so that one index tells it together with who holds the report.
alter table report add column deadline_moved_at timestamptz;
grant select (deadline_moved_at) on report to report_reader, report_official, report_leader;

update report set deadline_moved_at = told.at
from (
    select report_id, min(at) as at from report_event where deadline_later group by report_id order by report_id
) as told
where report.id = told.report_id;

-- At the end of the transaction, when all of the report's history is written.
create function tell_deadline_moved() returns trigger
language plpgsql
as $$
begin
    update report set deadline_moved_at = told.at
    from (values (new.report_id), (old.report_id)) as changed (id)
    cross join lateral (
        select min(at) as at from report_event where report_id = changed.id and deadline_later
    ) as told
    where report.id = changed.id and deadline_moved_at is distinct from told.at;
    return null;
end
$$;

create constraint trigger deadline_moved after insert on report_event deferrable initially deferred
    for each row when (new.deadline_later) execute function tell_deadline_moved();
create constraint trigger deadline_moved_else after update of report_id, at, deadline_later on report_event
    deferrable initially deferred
    for each row when (
        (old.report_id, old.at, old.deadline_later) is distinct from (new.report_id, new.at, new.deadline_later))
    execute function tell_deadline_moved();
create constraint trigger deadline_not_moved after delete on report_event deferrable initially deferred
    for each row when (old.deadline_later) execute function tell_deadline_moved();

create index report_deadline_moved on report (submitted_at)
    include (id, deadline_moved_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status)
    where deadline_moved_at is not null;

-- report_at again, with it.
drop function keep_open_lately;  -- it is bound to report_at, and made again below
drop function report_at;
drop function report_standing;
drop function report_former;

create function report_standing(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz)
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
        cell, deadline_moved_at
    from report
    where submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
$$;

create function report_former(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz)
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
        report.cell, report.deadline_moved_at
    from report_past as past
    left join report on report.id = report_id  -- not read where nobody asks for these two
    where past.submitted_at <= moment and valid_from <= moment and valid_to > moment
$$;

create function report_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz)
language sql stable parallel safe
as $$
    select * from report_standing(moment)
    union all
    select * from report_former(moment)
$$;

-- As it was.
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
