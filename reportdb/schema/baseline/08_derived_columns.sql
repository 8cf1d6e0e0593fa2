-- Columns of a report that triggers work out, so that no writer can forget them and an index can hold them.
-- (deadline_moved_at stands in 07_deadlines.sql.)

-- worked_minutes: the working minutes from submission to the end, rounded up; null while a report is open, and where the
-- calendar does not reach. A writer that knows them may give them.
create function set_worked_minutes() returns trigger
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

create trigger set_worked_minutes before insert on report
    for each row when (new.ended_at is not null and new.worked_minutes is null) execute function set_worked_minutes();
create trigger set_new_worked_minutes before update of submitted_at, ended_at on report
    for each row when ((old.submitted_at, old.ended_at) is distinct from (new.submitted_at, new.ended_at))
    execute function set_worked_minutes();
create trigger set_worked_minutes before insert on report_past
    for each row when (new.ended_at is not null and new.worked_minutes is null) execute function set_worked_minutes();

-- reopened_soon_at: when a report was first opened again within 7 days of an answer or a refusal.
-- A version that was closed so soon before it was followed by the next:
create function reopened_soon(ended_at timestamptz, valid_to timestamptz) returns boolean
language sql immutable parallel safe
return coalesce(valid_to - ended_at <= interval '7 days', false);

-- The first of them whose successor is open. (A deadline computed again makes a version of a closed report, too, and
-- opens nothing.)
create function first_reopened_soon(told bigint) returns timestamptz
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
create function set_reopened_soon_at() returns trigger
language plpgsql
as $$
begin
    update report set reopened_soon_at = first_reopened_soon(id)
    where id in (new.report_id, old.report_id) and reopened_soon_at is distinct from first_reopened_soon(id);
    return null;
end
$$;

create constraint trigger reopened_soon after insert on report_past deferrable initially deferred
    for each row when (reopened_soon(new.ended_at, new.valid_to)) execute function set_reopened_soon_at();
create constraint trigger reopened_soon_else after update of report_id, ended_at, valid_to on report_past
    deferrable initially deferred
    for each row when (
        (old.report_id, old.ended_at, old.valid_to) is distinct from (new.report_id, new.ended_at, new.valid_to))
    execute function set_reopened_soon_at();
create constraint trigger not_reopened_soon after delete on report_past deferrable initially deferred
    for each row when (reopened_soon(old.ended_at, old.valid_to)) execute function set_reopened_soon_at();

-- resolved_without_text_at: when a report was resolved with no answer text kept. A constraint of the table checks it.
create function set_resolved_without_text_at() returns trigger
language plpgsql
as $$
begin
    new.resolved_without_text_at :=
        case when new.status = 'resolved' and coalesce(btrim(new.answer), '') = '' then new.ended_at end;
    return new;
end
$$;

create trigger set_resolved_without_text_at before insert or update of status, answer, ended_at on report
    for each row execute function set_resolved_without_text_at();

-- now_unit_id, now_escalated_by_id of report_past, report_event and report_source: who holds the row's report now, and who
-- handed it up. A policy compares them with the scope, and need not look into report (18_access.sql). A writer that knows
-- them may give them: to look each up makes writing steps take twice as long.
create function set_now() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    select unit_id, escalated_by_id into new.now_unit_id, new.now_escalated_by_id from report where id = new.report_id;
    return new;
end
$$;

-- The rows of a report that passed from one unit to another, was handed up or came back.
create function follow_holder() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    update report_past set now_unit_id = new.unit_id, now_escalated_by_id = new.escalated_by_id where report_id = new.id;
    update report_event set now_unit_id = new.unit_id, now_escalated_by_id = new.escalated_by_id where report_id = new.id;
    update report_source set now_unit_id = new.unit_id, now_escalated_by_id = new.escalated_by_id where report_id = new.id;
    return null;
end
$$;

create trigger follow_holder after update of unit_id, escalated_by_id on report
    for each row when ((old.unit_id, old.escalated_by_id) is distinct from (new.unit_id, new.escalated_by_id))
    execute function follow_holder();

-- The rows that came in before their report.
create function follow_new_holder() returns trigger
language plpgsql security definer set search_path from current
as $$
declare
    kept text;
begin
    foreach kept in array array['report_past', 'report_event', 'report_source'] loop
        execute format(
            'update %1$I set now_unit_id = became.unit_id, now_escalated_by_id = became.escalated_by_id
            from became
            where %1$I.report_id = became.id and (now_unit_id, now_escalated_by_id)
                is distinct from (became.unit_id, became.escalated_by_id)', kept);
    end loop;
    return null;
end
$$;

create trigger follow_new_holder after insert on report
    referencing new table as became for each statement execute function follow_new_holder();

do $$
declare
    kept text;
begin
    foreach kept in array array['report_past', 'report_event', 'report_source'] loop
        execute format('create trigger set_now before insert on %I
            for each row when (new.now_unit_id is null and new.now_escalated_by_id is null)
            execute function set_now()', kept);
        execute format('create trigger set_now_again before update of report_id on %I
            for each row execute function set_now()', kept);
    end loop;
end
$$;

-- report_key: the public codes and the sources' references of all reports, each once.
create function keep_keys() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    if tg_op = 'TRUNCATE' then
        truncate report_key;
    elsif tg_op = 'UPDATE' then
        delete from report_key
        where (kind, key) in (('public_code', old.public_code), ('source_ref', old.source_ref)) and report_id = old.id;
        insert into report_key
        select kind, key, new.id
        from (values ('public_code', new.public_code), ('source_ref', new.source_ref)) as given (kind, key)
        where key is not null;
    elsif tg_op = 'DELETE' then
        delete from report_key using was
        where report_id = was.id
            and (kind, key) in (('public_code', was.public_code), ('source_ref', was.source_ref));
    else
        insert into report_key
        select kind, key, id
        from became
        cross join lateral (values ('public_code', public_code), ('source_ref', source_ref)) as given (kind, key)
        where key is not null;
    end if;
    return null;
end
$$;

create trigger keep_new_keys after insert on report
    referencing new table as became for each statement execute function keep_keys();
create trigger keep_changed_keys after update of id, public_code, source_ref on report
    for each row when (
        (old.id, old.public_code, old.source_ref) is distinct from (new.id, new.public_code, new.source_ref))
    execute function keep_keys();
create trigger keep_no_keys after delete on report
    referencing old table as was for each statement execute function keep_keys();
create trigger keep_no_key after truncate on report for each statement execute function keep_keys();
