-- Accounts, and the record of who saw what: every file of cases that leaves the dashboard is on record before its first
-- byte, under a number that the file says; every case that is opened is a line of the access log.

-- Who may come in, and as what.
create table app_user (
    subject text primary key,             -- as the identity provider names them
    name text not null,
    role text not null check (role in ('leader', 'unit_head', 'viewer', 'admin')),
    unit_id integer references unit,
    created_at timestamptz not null,
    disabled_at timestamptz,
    language text check (language in ('vi', 'en')),  -- that the account reads; null: its browser's
    check ((role = 'unit_head') = (unit_id is not null))
);

-- One pen writes it (note_access), and only administrators read it: page by page, also for one account or one action.
create table access_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    subject text not null,
    action text not null constraint access_log_says_what check (action <> ''),
    report_id bigint,
    reason text
);
create index access_log_at on access_log (at);
create index access_log_of_subject on access_log (subject, id);
create index access_log_of_action on access_log (action, id);

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

grant select on app_user to report_gate;
grant select on app_user, access_log, access_export to report_admin;
alter table app_user enable row level security;
alter table access_log enable row level security;
alter table access_export enable row level security;
create policy accounts on app_user for select to report_gate, report_admin using (scope_holds());
create policy lines on access_log for select to report_admin using (scope_holds());
create policy lines on access_export for select to report_admin using (scope_holds());

-- Write a line, in the name that the scope is signed for and no other.
create function note_access(who text, what text, asked bigint, why text) returns void
language plpgsql volatile security definer
as $$
begin
    if who is distinct from scope_reader() then
        raise insufficient_privilege using message = 'the scope is signed for another reader';
    end if;
    insert into access_log (at, subject, action, report_id, reason)
    values (clock_timestamp(), left(who, 200), left(what, 100), asked, left(why, 500));
end
$$;
revoke execute on function note_access from public;
grant execute on function note_access to report_gate;

-- A citizen's name and telephone: for the unit that holds the case and for administrators, with a reason, and never
-- without a line in the log. No row: not theirs to see, or nobody left a name.
create function contact_of(asked bigint, who text, why text) returns table (name text, phone text)
language plpgsql volatile security definer set search_path from current
as $$
begin
    if coalesce(why, '') !~ '\S' or coalesce(who, '') !~ '\S' then
        raise exception 'a look at a contact needs a name and a reason';
    end if;
    if not sees_all() and not exists (
        select 1 from report where id = asked and unit_id = any(scope_units())) then
        perform note_access(who, 'contact refused', asked, why);
        return;
    end if;
    perform note_access(who, 'contact', asked, why);
    return query select report_contact.name, report_contact.phone from report_contact where report_id = asked;
end
$$;
revoke execute on function contact_of from public;
grant execute on function contact_of to report_official, report_admin;

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
        and exists (select 1 from access_log where access_log.id = line and subject = left(who, 200));
    return found;
end
$$;

revoke execute on function export_begun, export_ended from public;
grant execute on function export_begun, export_ended to report_gate;
