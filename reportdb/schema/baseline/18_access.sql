-- Who may see what, held by the database. The dashboard asks as one of six roles, none of which may write:
--
--   report_reader     counts: every report, and nothing a citizen wrote, no code, no place on the map, no name
--   report_official   cases of the units that report.scope names, with their words as they are
--   report_leader     every case, with what identifies a person masked in its words
--   report_escalator  cases that the units of report.scope handed up, wherever they are now, with masked words. A role of
--                     its own: one policy for both the holder and who handed up would use neither's index
--   report_admin      as report_leader, and the access log and the accounts
--   report_gate       who may come in: the accounts; and the only pen of the access log
--
-- All but report_reader need a signed scope (17_scope.sql). The owner, who fills the tables, is not bound.

-- Columns. Nobody reads the words themselves, nor a citizen's contact.
grant usage on schema public
    to report_reader, report_official, report_leader, report_escalator, report_admin, report_gate;

grant select (id, channel_id, category_id, severity, district_id, ward_id, cell, submitted_at, received_at,
    receive_due_at, unit_id, due_at, rule_id, status, escalated_at, escalated_by_id, ended_at, open_until, rating, rated_at,
    reopen_count, transfer_count, worked_minutes, updated_at, deadline_moved_at, reopened_soon_at,
    resolved_without_text_at)
    on report to report_reader, report_official, report_leader, report_escalator;
grant select (public_code, lon, lat, officer, source_ref, words, masked_title, masked_text, masked_address, masked_answer)
    on report to report_official, report_leader, report_escalator;
grant select (report_id, n, at, kind, from_unit_id, to_unit_id, minutes, deadline_later)
    on report_event to report_reader, report_official, report_leader, report_escalator;
grant select (report_id, published_late, told_status, told_district, told_ward) on report_source to report_reader;
grant select on report_source to report_official, report_leader, report_escalator;
grant select on report_past to report_reader, report_official, report_leader, report_escalator;

grant select on city, area, unit, unit_successor, category, channel, deadline_rule, office_hours, working_day, working_line
    to report_reader, report_official, report_leader, report_escalator;
grant select on unit to report_gate;
grant select on level_name, app_account, feed, note, source_word, change_mark, primary_beat
    to report_reader, report_official, report_leader;
grant select on report_day, report_month, report_hours, report_unit_hours, report_severity_day, report_severity_hours,
    report_day_open, report_severity_open, report_square, summary_state, report_change, report_change_fact
    to report_reader, report_official, report_leader;
-- Names of officials belong beside cases: counts, and so walls, do without them.
grant select on unit_head to report_official, report_leader, report_escalator;

-- Rows.
alter table report enable row level security;
alter table report_past enable row level security;
alter table report_event enable row level security;
alter table report_source enable row level security;
alter table report_contact enable row level security;
alter table unit_head enable row level security;

create policy counted on report for select to report_reader using (true);
create policy counted on report_past for select to report_reader using (true);
create policy counted on report_event for select to report_reader using (true);
create policy counted on report_source for select to report_reader using (true);

-- (Leaders read no more of report_past and report_event than who counts; each policy costs a question its planning.)
create policy every_case on report for select to report_leader using (scope_holds());
create policy every_case on report_past for select to report_leader using (true);
create policy every_case on report_event for select to report_leader using (true);
create policy every_case on report_source for select to report_leader using (scope_holds());

-- A case belongs to who holds it now; what it was before goes with it. In the form of the first policy the planner expects
-- half of the reports, and does not count a unit twice that a viewer chose as well.
create policy own_cases on report for select to report_official
    using (scope_holds() and unit_id in (select unnest(scope_units())));
create policy own_cases on report_past for select to report_official
    using (scope_holds() and now_unit_id = any ((select scope_units())::integer[]));
create policy own_cases on report_event for select to report_official
    using (scope_holds() and now_unit_id = any ((select scope_units())::integer[]));
create policy own_cases on report_source for select to report_official
    using (scope_holds() and now_unit_id = any ((select scope_units())::integer[]));

create policy handed_up on report for select to report_escalator
    using (scope_holds() and escalated_by_id = any ((select scope_units())::integer[]));
create policy handed_up on report_past for select to report_escalator
    using (scope_holds() and now_escalated_by_id = any ((select scope_units())::integer[]));
create policy handed_up on report_event for select to report_escalator
    using (scope_holds() and now_escalated_by_id = any ((select scope_units())::integer[]));
create policy handed_up on report_source for select to report_escalator
    using (scope_holds() and now_escalated_by_id = any ((select scope_units())::integer[]));

create policy heads on unit_head for select to report_official, report_leader, report_escalator using (scope_holds());

-- A case's words: as they are for the unit that holds it and those above it, masked for everybody else; and what else tells
-- one case from another, so that a list of cases reads each report once. Both views read the tables with their owner's
-- rights, so they ask for a signed scope themselves.
create view report_text with (security_barrier) as
select
    id,
    case when own then title else masked_title end as title,
    case when own then text else masked_text end as text,
    case when own then address else masked_address end as address,
    case when own then answer else masked_answer end as answer,
    public_code, lon, lat, officer, source_ref, unit_id, ended_at
from (
    select id, title, text, address, answer, masked_title, masked_text, masked_address, masked_answer, public_code, lon, lat,
        officer, source_ref, unit_id, ended_at,
        unit_id = any ((select scope_units())::integer[]) as own,
        current_user = 'report_escalator' and escalated_by_id = any ((select scope_units())::integer[]) as handed_up
    from report
) as report
where scope_holds() and (own or handed_up or (select sees_all()));

-- The steps of a case and their notes. The scope is verified once for a question and not for each step.
create view report_step with (security_barrier) as
select report_id, n, at, kind, from_unit_id, to_unit_id,
    case when (select sees_all()) or current_user = 'report_escalator' then masked_note else note end as note
from report_event
where scope_holds() and ((select sees_all())
    or case when current_user = 'report_escalator' then now_escalated_by_id else now_unit_id end
        = any ((select scope_units())::integer[]));

grant select on report_text, report_step to report_official, report_leader, report_escalator;

-- The cases of a viewer's units that a search finds. No index of words serves a search under row-level security, because
-- the operator is not known to be leakproof; here the units' own marks narrow it down in the same index.
create function found_by_words(query tsquery) returns setof bigint
language sql stable parallel safe security definer set search_path from current
begin atomic
    select id from report
    where words @@ (query && (select cast(string_agg(quote_literal('=u' || mine), ' | ' order by mine) as tsquery)
            from unnest(scope_units()) as mine))
        and unit_id = any((select scope_units())::integer[]);
end;
revoke execute on function found_by_words from public;
grant execute on function found_by_words to report_official;
