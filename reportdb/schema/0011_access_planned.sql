-- What access costs, less of it: most of it was planning.

-- 0008's scope_units, as a function that the planner does not unfold: it did so for every table a question names, more
-- than once for each, and in small questions that took longer than the answer.
create or replace function scope_units() returns integer[]
language plpgsql stable parallel safe
as $$
begin
    return case when sees_all() then '{}'
        else cast(coalesce(nullif(current_setting('report.scope', true), ''), '{}') as integer[]) end;
end
$$;

-- As 0008 has it: what a report was, and what happened to it, goes with the report. A value in place of an exists,
-- which the planner plans twice: as a look at each report, and as a list of all.
alter policy own_cases on report_past using ((select true from report where report.id = report_id));
alter policy own_cases on report_event using ((select true from report where report.id = report_id));
alter policy own_cases on report_source using ((select true from report where report.id = report_id));
