-- What has been committed since somebody last looked, and how old a copy of this database is.

-- One row for each transaction that changed something a screen shows, written inside that transaction. It becomes
-- visible exactly when the transaction's other rows do, whatever the writer's clock says and however long the
-- transaction took. A watcher counts the rows from an id on and compares; queries/health/changes.sql says how.
--
-- Each transaction writes a row of its own, so no writer ever waits for another. Old rows are deleted by the beat and
-- by `summarise`.
create table change_mark (
    xid xid8 primary key default pg_current_xact_id(),
    at timestamptz not null default clock_timestamp()  -- only to tell which marks are old
);

create function mark_change() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into change_mark default values on conflict do nothing;
    return null;
end
$$;

-- A statement that changed no report leaves no mark: deferred triggers run many such statements.
create function mark_changed_reports() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    if exists (select 1 from changed) then
        insert into change_mark default values on conflict do nothing;
    end if;
    return null;
end
$$;

create trigger mark_new after insert on report
    referencing new table as changed for each statement execute function mark_changed_reports();
create trigger mark_change after update on report
    referencing new table as changed for each statement execute function mark_changed_reports();
create trigger mark_removal after delete on report
    referencing old table as changed for each statement execute function mark_changed_reports();
create trigger mark_emptying after truncate on report for each statement execute function mark_change();

do $$
declare changed text;
begin
    foreach changed in array array['report_past', 'report_event', 'report_source', 'city', 'area', 'unit', 'unit_head',
        'category', 'channel', 'deadline_rule', 'office_hours', 'working_day', 'app_account', 'note']
    loop
        execute format('create trigger mark_change after insert or update or delete or truncate on %I
            for each statement execute function mark_change()', changed);
    end loop;
end
$$;

-- The beat: the primary's own clock, written every second or two (`python -m reportdb beat`, the simulation, a dashboard
-- that runs the embedded server). On a copy it tells up to when the copy knows everything.
create table primary_beat (
    only_one boolean primary key default true check (only_one),
    at timestamptz not null
);
