-- When a report was resolved with no answer text kept: told on the report, as reopened_soon_at is. Who holds it stood
-- elsewhere than that its answer is missing, and where many are, a year's were put together for more than a second.
alter table report add column wordless_at timestamptz;
grant select (wordless_at) on report to report_reader, report_official, report_leader;

update report set wordless_at = ended_at where status = 'resolved' and coalesce(btrim(answer), '') = '';
alter table report add constraint report_wordless check (wordless_at is not distinct from
    case when status = 'resolved' and coalesce(btrim(answer), '') = '' then ended_at end);

create function tell_wordless() returns trigger
language plpgsql
as $$
begin
    new.wordless_at := case when new.status = 'resolved' and coalesce(btrim(new.answer), '') = '' then new.ended_at end;
    return new;
end
$$;

create trigger tell_wordless before insert or update of status, answer, ended_at on report
    for each row execute function tell_wordless();

drop view answered_without_words;
drop index report_without_words;
create index report_wordless on report (wordless_at)
    include (id, submitted_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id, severity,
             status)
    where wordless_at is not null;

-- report_at again, with it. keep_open_lately is bound to it, and is made again below as it was.
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
    wordless_at timestamptz)
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
        cell, deadline_moved_at, reopened_soon_at, wordless_at
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
    wordless_at timestamptz)
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
        report.cell, report.deadline_moved_at, report.reopened_soon_at, report.wordless_at
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
    wordless_at timestamptz)
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
        cell, deadline_moved_at, reopened_soon_at, wordless_at
    from (
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, wordless_at,
            false as former
        from report
        union all
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, wordless_at,
            true
        from report_former(moment)
    ) as version
    where submitted_at <= moment
        and (former or id not in (select report_id from report_past where valid_from <= moment and valid_to > moment))
$$;

do $$ begin execute current_setting('report.bound'); end $$;
