-- When a report was first opened again within 7 days of an answer or a refusal: kept on the report, as deadline_moved_at
-- is. A year's were looked for among all earlier versions, which took longer than counting them.
alter table report add column reopened_soon_at timestamptz;
grant select (reopened_soon_at) on report to report_reader, report_official, report_leader;

-- The versions it follows from: each lasted until the report was opened again.
create function reopened_soon(ended_at timestamptz, valid_to timestamptz) returns boolean
language sql immutable parallel safe
return coalesce(valid_to - ended_at <= interval '7 days', false);

update report set reopened_soon_at = told.at
from (
    select report_id, min(valid_to) as at from report_past where reopened_soon(ended_at, valid_to) group by report_id
) as told
where report.id = told.report_id;

-- At the end of the transaction, when the report is written as well as its history.
create function tell_reopened_soon() returns trigger
language plpgsql
as $$
begin
    update report set reopened_soon_at = told.at
    from (values (new.report_id), (old.report_id)) as changed (id)
    cross join lateral (
        select min(valid_to) as at from report_past
        where report_id = changed.id and reopened_soon(ended_at, valid_to)
    ) as told
    where report.id = changed.id and reopened_soon_at is distinct from told.at;
    return null;
end
$$;

create constraint trigger reopened_soon after insert on report_past deferrable initially deferred
    for each row when (reopened_soon(new.ended_at, new.valid_to)) execute function tell_reopened_soon();
create constraint trigger reopened_soon_else after update of report_id, ended_at, valid_to on report_past
    deferrable initially deferred
    for each row when (
        (old.report_id, old.ended_at, old.valid_to) is distinct from (new.report_id, new.ended_at, new.valid_to))
    execute function tell_reopened_soon();
create constraint trigger not_reopened_soon after delete on report_past deferrable initially deferred
    for each row when (reopened_soon(old.ended_at, old.valid_to)) execute function tell_reopened_soon();

drop index report_past_reopened_soon;
create index report_reopened_soon on report (submitted_at)
    include (id, reopened_soon_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status, reopen_count)
    where reopened_soon_at is not null;

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
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz)
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
        cell, deadline_moved_at, reopened_soon_at
    from report
    where submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
$$;

create function report_former(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz)
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
        report.cell, report.deadline_moved_at, report.reopened_soon_at
    from report_past as past
    left join report on report.id = report_id  -- not read where nobody asks for these three
    where past.submitted_at <= moment and valid_from <= moment and valid_to > moment
$$;

create function report_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz)
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
