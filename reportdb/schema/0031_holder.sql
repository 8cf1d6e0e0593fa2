-- Holder: an escalation moves a report as a transfer does. unit_id is whom it was handed up to, null where nobody took it;
-- escalated_by_id is the unit that handed it up and has it in its list "with a higher level" until it comes back.
alter table report add column escalated_by_id integer references unit;
alter table report_past add column escalated_by_id integer;
alter table report add constraint report_escalated_by check (escalated_by_id is null or escalated_at is not null);
alter table report_past add constraint report_past_escalated_by
    check (escalated_by_id is null or escalated_at is not null);
grant select (escalated_by_id) on report to report_reader, report_official, report_leader;

-- returned: a higher level gave it back. informed: an interim word to the citizen (progress, who has it, a new date).
alter table report_event drop constraint report_event_kind_check;
alter table report_event add constraint report_event_kind_check check (kind in ('submitted', 'routed', 'received',
    'transferred', 'extended', 'recategorised', 'paused', 'resumed', 'answered', 'informed', 'refused', 'resolved',
    'reopened', 'rated', 'escalated', 'returned'));

-- A ministry may hold a report that is beyond the city's authority.
alter table unit drop constraint unit_kind_check;
alter table unit add constraint unit_kind_check
    check (kind in ('city', 'district', 'commune', 'department', 'utility', 'ministry'));

-- Few reports are escalated: what a unit handed up is found among these alone.
create index report_escalated_by on report (escalated_by_id, open_until)
    include (id, submitted_at, due_at, received_at, escalated_at, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status)
    where escalated_by_id is not null;

-- report_escalator reads the cases that the units of report.scope handed up, wherever they are now, with masked words.
-- A role of its own: one policy for both the holder and who handed up would use neither's index. It may read the
-- columns that report_official may, but is no member of it, or that role's policies would hold for it too.
grant select (id, public_code, channel_id, category_id, severity, district_id, ward_id, cell, lon, lat, submitted_at,
    received_at, receive_due_at, unit_id, officer, due_at, rule_id, status, escalated_at, escalated_by_id, ended_at,
    open_until, rating, rated_at, reopen_count, transfer_count, worked_minutes, updated_at, source_ref, words,
    deadline_moved_at, reopened_soon_at, wordless_at) on report to report_escalator;
grant select (report_id, n, at, kind, from_unit_id, to_unit_id, minutes, deadline_later)
    on report_event to report_escalator;
grant select on report_past, report_source, report_text, report_step, city, area, unit, unit_successor, category, channel,
    deadline_rule, office_hours, working_day, working_line to report_escalator;
grant usage on schema public to report_escalator;
create policy handed_up on report for select to report_escalator using (escalated_by_id = any (scope_units()));
create policy handed_up on report_past for select to report_escalator
    using ((select true from report where report.id = report_id));
create policy handed_up on report_event for select to report_escalator
    using ((select true from report where report.id = report_id));
create policy handed_up on report_source for select to report_escalator
    using ((select true from report where report.id = report_id));

create or replace view report_text with (security_barrier) as
select
    id,
    case when own then title else masked(title) end as title,
    case when own then text else masked(text) end as text,
    case when own then address else masked(address) end as address,
    case when own then answer else masked(answer) end as answer,
    public_code, lon, lat, officer, source_ref, unit_id, ended_at
from (
    select *, unit_id = any((select scope_units())::integer[]) as own,
        current_user = 'report_escalator' and escalated_by_id = any((select scope_units())::integer[]) as handed_up
    from report
) as report
where own or handed_up or (select sees_all());

create or replace view report_step with (security_barrier) as
select report_id, n, at, kind, from_unit_id, to_unit_id,
    case when sees_all() or current_user = 'report_escalator' then masked(note) else note end as note
from report_event
where sees_all()
    or (select case when current_user = 'report_escalator' then escalated_by_id else unit_id end = any (scope_units())
        from report where id = report_id);

-- report_at with escalated_by_id. keep_open_lately depends on it and is made again as it was.
select set_config('report.bound', pg_get_functiondef('keep_open_lately'::regproc), true);
drop function keep_open_lately;
drop function report_at;
drop function report_standing;
drop function report_former;

create function report_standing(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz,
    wordless_at timestamptz, escalated_by_id integer)
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
        cell, deadline_moved_at, reopened_soon_at, wordless_at, escalated_by_id
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
    wordless_at timestamptz, escalated_by_id integer)
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
        report.cell, report.deadline_moved_at, report.reopened_soon_at, report.wordless_at,
        past.escalated_by_id
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
    wordless_at timestamptz, escalated_by_id integer)
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
        cell, deadline_moved_at, reopened_soon_at, wordless_at, escalated_by_id
    from (
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, wordless_at,
            escalated_by_id, false as former
        from report
        union all
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, wordless_at,
            escalated_by_id, true
        from report_former(moment)
    ) as version
    where submitted_at <= moment
        and (former or id not in (select report_id from report_past where valid_from <= moment and valid_to > moment))
$$;

do $$ begin execute current_setting('report.bound'); end $$;
