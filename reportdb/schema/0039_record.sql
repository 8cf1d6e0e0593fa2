-- Every file of cases that leaves the dashboard is on record before its first byte, under a number that the file says;
-- every case that is opened is a line of the access log.

-- What a line of the access log with the action 'file' gave out. A row is completed once, when the file has ended.
create table access_export (
    id bigint primary key references access_log on delete cascade,  -- the number the file says
    kind text not null check (kind <> ''),                          -- csv, xlsx
    query text not null,                                            -- the words of an address that list the same cases
    listed bigint not null check (listed >= 0),                     -- cases that were asked for
    sent bigint check (sent >= 0),                                  -- cases that went out; null: the end is not known
    ended_at timestamptz,
    whole boolean,                                                  -- false: it broke off
    check ((ended_at is null) = (sent is null) and (ended_at is null) = (whole is null))
);

-- The log of one account, and of one kind of action, is read page by page as well.
create index access_log_of_subject on access_log (subject, id);
create index access_log_of_action on access_log (action, id);

-- Write the line of a file that is about to be made, and return its number. Without it no file is given out.
create function export_begun(who text, kind text, query text, listed bigint, why text) returns bigint
language plpgsql volatile security definer
as $$
declare
    line bigint;
begin
    if coalesce(who, '') !~ '\S' then
        raise exception 'a file needs the name of who asks for it';
    end if;
    perform note_access(who, 'file', null, why);
    line := currval(pg_get_serial_sequence('access_log', 'id'));
    insert into access_export (id, kind, query, listed)
    values (line, left(export_begun.kind, 20), left(export_begun.query, 4000), export_begun.listed);
    return line;
end
$$;

-- Complete the record of a file, once, and for the account that asked for it. False: there is no such open record.
create function export_ended(line bigint, who text, sent bigint, whole boolean) returns boolean
language plpgsql volatile security definer
as $$
begin
    if who is distinct from scope_reader() then
        raise insufficient_privilege using message = 'the scope is signed for another reader';
    end if;
    update access_export
    set sent = export_ended.sent, ended_at = clock_timestamp(), whole = export_ended.whole
    where id = line and ended_at is null
        and exists (select from access_log where access_log.id = line and subject = left(who, 200));
    return found;
end
$$;

-- Both run with their owner's rights: nothing that a caller makes (a temporary table) stands in front of our tables.
do $$
begin
    execute format('alter function export_begun set search_path = pg_catalog, %I, pg_temp', current_schema());
    execute format('alter function export_ended set search_path = pg_catalog, %I, pg_temp', current_schema());
end
$$;

revoke execute on function export_begun, export_ended from public;
grant execute on function export_begun, export_ended to report_gate;
grant select on access_export to report_admin;
alter table access_export enable row level security;
create policy lines on access_export for select to report_admin using (scope_holds());
