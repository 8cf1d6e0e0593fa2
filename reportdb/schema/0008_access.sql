-- Who may see what, held by the database. The dashboard asks as one of five roles, none of which may write:
--
--   report_reader    counts: every report, and nothing a citizen wrote, no code, no place on the map, no name
--   report_official  cases of the units that the setting report.scope names, with their words as they are
--   report_leader    every case, with what identifies a person masked in its words
--   report_admin     the same, and the access log and the accounts
--   report_gate      who may come in: the accounts; and the only pen of the access log
--
-- report.scope is set for one transaction: 'all', or units as '{3,14}'. Without it no words and no cases are seen.

-- Words with the telephone numbers, identity numbers, e-mail addresses and number plates in them taken out. Most words
-- hold nothing that looks like one, which is told quickly; the others are read closely. Dates, money, coordinates,
-- codes of reports and house numbers stay. In doubt a number goes.
create function masked(words text) returns text
language sql immutable strict parallel safe
return case
    when words ~ '@|\+\d|(\d[\s\u00A0.()–-]{0,4}){9}|\d\d[-. ]?[[:alpha:]]{1,2}[-. ]{0,3}\d[-. ]{0,3}\d' then
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(words,
        -- An e-mail address.
        '[[:alnum:]._%+-]+ ?@ ?[[:alnum:]-]+(\.[[:alnum:]-]+)+', '•••', 'g'),
        -- A telephone number of any country after a plus.
        '\(?\+\d{1,3}([\s\u00A0.()–-]{0,4}\d){7,12}(?!\d)', '•••', 'g'),
        -- Ten to twelve digits after a nought or the country's 84: telephones, and citizens' cards. No coordinate and
        -- no report's code; not what begins a date (20-11-2026, also after the minutes of 08:05), nor money.
        '\(?(?<!\d|\y\d{1,3}\.|[[:alpha:]]-\d{4}-)(?=0|84)'
        || '(?!(\d\d[\s,]+)?((\d{1,2}-){1,2}(19|20)\d\d|(\d{1,2}\.){1,2}(19|20)\d\d|(19|20)\d\d-\d\d-\d\d)(?!\d))'
        || '(?!(\d+ )?\d{1,3}(\.\d{3})+ ?([đĐ₫]|đồng|vnđ|vnd|VNĐ|VND)\M)'
        || '(0|(00)?84)([\s\u00A0.()–-]{0,4}\d){9,11}(?!\d)', '•••', 'g'),
        -- A telephone number as Americans write it; nine digits or more in a row, or in threes: old identity cards.
        '(?<!\d|\y\d{1,3}\.)((1[ .-])?(\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}(?!\d)'
        || '|(\d{9,}|0\d\d\.\d{3}\.\d{3}|(?<!\d[ -])\d{3}[ -]\d{3}[ -]\d{3}([ -]\d{3})?)'
        || '(?![ .-]?\d| ?([đĐ₫]|đồng|vnđ|vnd|VNĐ|VND)\M))', '•••', 'g'),
        -- A number plate, in capitals as it is painted, or small as it is typed in a hurry.
        '\m\d\d([-. ]?[A-ZĐ]{1,2}\d?[-. ]{0,3}(\d{3}[-. ]?\d\d|\d{4})'
        || '|-?[a-zđ]{1,2}\d?([-. ]{0,3}\d{3}[-. ]?\d\d|[-.]\d{4}))'
        || '(?!\w| ?([đĐ₫]|đồng|vnđ|vnd|VNĐ|VND)\M)', '•••', 'g')
    else words
end;

-- Nobody searches for what is masked: it is not among the words a report is found by.
create or replace function searchable(
    words text, district_id integer, ward_id integer, unit_id integer, category_id integer)
returns tsvector
language sql immutable parallel safe
return to_tsvector('simple', regexp_replace(plain(masked(words)), '[\W_]+', ' ', 'g'))
    || array_to_tsvector(array_remove(array[
        '=d' || cast(district_id as text), '=w' || cast(ward_id as text), '=u' || cast(unit_id as text),
        '=c' || cast(category_id as text)], null));
update report set title = title
where masked(title || ' ' || coalesce(text, '') || ' ' || coalesce(address, ''))
    <> title || ' ' || coalesce(text, '') || ' ' || coalesce(address, '');

create function sees_all() returns boolean
language sql stable parallel safe
return coalesce(current_setting('report.scope', true), '') = 'all';

create function scope_units() returns integer[]
language sql stable parallel safe
return case when sees_all() then '{}'
    else cast(coalesce(nullif(current_setting('report.scope', true), ''), '{}') as integer[]) end;

-- The rows a role sees. The owner, who fills the tables, is not bound.
alter table report enable row level security;
alter table report_past enable row level security;
alter table report_event enable row level security;
alter table report_source enable row level security;
alter table report_contact enable row level security;

create policy counted on report for select to report_reader using (true);
create policy counted on report_past for select to report_reader using (true);
create policy counted on report_event for select to report_reader using (true);
create policy counted on report_source for select to report_reader using (true);

create policy every_case on report for select to report_leader using (true);
create policy every_case on report_past for select to report_leader using (true);
create policy every_case on report_event for select to report_leader using (true);
create policy every_case on report_source for select to report_leader using (true);

-- A case belongs to who holds it now; what it was before goes with it.
-- (In this form the planner expects half of the reports, and does not count a unit twice that a viewer chose as well.)
create policy own_cases on report for select to report_official
    using (unit_id in (select unnest(scope_units())));
create policy own_cases on report_past for select to report_official
    using (exists (select from report where report.id = report_id));
create policy own_cases on report_event for select to report_official
    using (exists (select from report where report.id = report_id));
create policy own_cases on report_source for select to report_official
    using (exists (select from report where report.id = report_id));

-- The columns a role reads. Nobody reads the words themselves.
revoke select on report, report_event, report_source from report_reader;
grant select (id, channel_id, category_id, severity, district_id, ward_id, cell, submitted_at, received_at,
    receive_due_at, unit_id, due_at, rule_id, status, escalated_at, ended_at, open_until, rating, rated_at,
    reopen_count, transfer_count, worked_minutes, updated_at)
    on report to report_reader, report_official, report_leader;
grant select (public_code, lon, lat, officer, source_ref, words) on report to report_official, report_leader;
grant select (report_id, n, at, kind, from_unit_id, to_unit_id, minutes, deadline_later)
    on report_event to report_reader, report_official, report_leader;
grant select (report_id, published_late) on report_source to report_reader;
grant select on report_source to report_official, report_leader;
grant select on report_past to report_official, report_leader;
grant select on city, area, unit, unit_successor, category, channel, deadline_rule, office_hours, working_day,
    working_line, app_account, feed, note, report_day, report_month, report_month_hours, report_month_cell,
    report_day_open, summary_state, report_change to report_official, report_leader;
grant usage on schema public to report_official, report_leader, report_admin, report_gate;

-- A case's words: as they are for the unit that holds it and those above it, masked for everybody else.
create view report_text with (security_barrier) as
select
    id,
    case when own then title else masked(title) end as title,
    case when own then text else masked(text) end as text,
    case when own then address else masked(address) end as address,
    case when own then answer else masked(answer) end as answer
from (select *, unit_id = any((select scope_units())::integer[]) as own from report) as report
where own or (select sees_all());

create view report_step with (security_barrier) as
select report_id, n, at, kind, from_unit_id, to_unit_id,
    case when own then report_event.note else masked(report_event.note) end as note
from report_event
join (select id, unit_id = any((select scope_units())::integer[]) as own from report) as report on report.id = report_id
where own or (select sees_all());

grant select on report_text, report_step to report_official, report_leader;

-- Whether an answer is kept counts for everybody, the answer itself does not.
create view answered_without_words as
select id, open_until from report where status = 'resolved' and coalesce(btrim(answer), '') = '';
grant select on answered_without_words to report_reader, report_official, report_leader;

-- The cases of a viewer's units that a search finds. No index of words serves a search under row-level security,
-- because the operator is not known to keep secrets; here the units' own marks narrow it down in the same index.
create function found_by_words(query tsquery) returns setof bigint
language sql stable parallel safe security definer set search_path from current
begin atomic
    select id from report
    where words @@ (query && (select cast(string_agg(quote_literal('=u' || mine), ' | ') as tsquery)
            from unnest(scope_units()) as mine))
        and unit_id = any((select scope_units())::integer[]);
end;
revoke execute on function found_by_words from public;
grant execute on function found_by_words to report_official;

-- The access log has one pen, and only administrators read it.
alter table access_log add constraint access_log_says_what check (action <> '');
create index access_log_at on access_log (at);
create function note_access(who text, what text, asked bigint, why text) returns void
language sql volatile security definer set search_path from current
begin atomic
    insert into access_log (at, subject, action, report_id, reason)
    values (clock_timestamp(), left(who, 200), left(what, 100), asked, left(why, 500));
end;
revoke execute on function note_access from public;
grant execute on function note_access to report_gate;
grant select on app_user, unit to report_gate;
grant select on app_user, access_log to report_admin;

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
        select from report where id = asked and unit_id = any(scope_units())) then
        perform note_access(who, 'contact refused', asked, why);
        return;
    end if;
    perform note_access(who, 'contact', asked, why);
    return query select report_contact.name, report_contact.phone from report_contact where report_id = asked;
end
$$;
revoke execute on function contact_of from public;
grant execute on function contact_of to report_official, report_admin;
