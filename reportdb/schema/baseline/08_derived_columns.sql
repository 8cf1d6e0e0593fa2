-- Columns of a report that triggers work out, so that no writer can forget them and an index can hold them.
-- (deadline_moved_at stands in 07_deadlines.sql.)

-- worked_minutes: the working minutes from submission to the end, rounded up; null while a report is open, and where the
-- calendar does not reach. A writer that knows them may give them.
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

-- reopened_soon_at: when a report was first opened again within 7 days of an answer or a refusal.
-- A version that lasted until then was closed so soon before:
create function reopened_soon(ended_at timestamptz, valid_to timestamptz) returns boolean
language sql immutable parallel safe
return coalesce(valid_to - ended_at <= interval '7 days', false);

-- and its successor is open. (A deadline computed again makes a version of a closed report, too, and opens nothing.)
create function opened_again_soon(told bigint) returns timestamptz
language sql stable
return (
    select min(past.valid_to)
    from report_past as past
    cross join lateral (
        select successor.ended_at
        from (
            select report_past.ended_at, report_past.valid_from
            from report_past
            where report_past.report_id = told and report_past.valid_from >= past.valid_to
            union all
            select report.ended_at, 'infinity' from report where report.id = told
        ) as successor
        order by successor.valid_from
        limit 1
    ) as successor
    where past.report_id = told and reopened_soon(past.ended_at, past.valid_to)
        and coalesce(successor.ended_at > past.valid_to, true)
);

-- At the end of the transaction, when the report is written as well as its history.
create function tell_reopened_soon() returns trigger
language plpgsql
as $$
begin
    update report set reopened_soon_at = opened_again_soon(id)
    where id in (new.report_id, old.report_id) and reopened_soon_at is distinct from opened_again_soon(id);
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

-- wordless_at: when a report was resolved with no answer text kept. A constraint of the table holds it true.
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
