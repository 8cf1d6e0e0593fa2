-- 0008's view of a case's words, the same words to the same people, with what else tells one case from another: a list
-- of cases looks at each report once less.
create or replace view report_text with (security_barrier) as
select
    id,
    case when own then title else masked(title) end as title,
    case when own then text else masked(text) end as text,
    case when own then address else masked(address) end as address,
    case when own then answer else masked(answer) end as answer,
    public_code, lon, lat, officer, source_ref, unit_id, ended_at
from (select *, unit_id = any((select scope_units())::integer[]) as own from report) as report
where own or (select sees_all());

-- 0008's view of steps, the same rows and words without a join: a report has few steps, and the join was planned for
-- longer than it was read. Who sees all reads masked notes; who sees units, those of their own as they are.
create or replace view report_step with (security_barrier) as
select report_id, n, at, kind, from_unit_id, to_unit_id,
    case when sees_all() then masked(note) else note end as note
from report_event
where sees_all() or (select unit_id = any(scope_units()) from report where id = report_id);
