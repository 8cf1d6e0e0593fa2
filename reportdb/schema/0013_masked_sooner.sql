-- 0008's rule for what is masked, word for word, behind a question that most words answer in a quarter of the time:
-- whatever is masked has an at sign or six digits.
do $$
begin
    execute (
        select format(
            'create or replace function masked(words text) returns text language plpgsql immutable strict parallel safe'
                || ' as %L',
            regexp_replace(prosrc, '^begin', 'begin if words !~ ''@|(\\d.*){6}'' then return words; end if;'))
        from pg_proc
        where oid = 'masked(text)'::regprocedure);
end
$$;

-- 0008's view of steps, the same rows and words without a join: a report has few steps, and the join was planned for
-- longer than it was read. Who sees all reads masked notes; who sees units, those of their own as they are.
create or replace view report_step with (security_barrier) as
select report_id, n, at, kind, from_unit_id, to_unit_id,
    case when sees_all() then masked(note) else note end as note
from report_event
where sees_all() or (select unit_id = any(scope_units()) from report where id = report_id);
