-- Deadlines: what makes them unknown, and when a change of category or severity moved one. reportdb/deadlines/ computes
-- the deadlines themselves, from deadline_rule (03_city.sql) and the calendar (04_time.sql).

-- Why deadlines cannot be told at a moment, or soon cannot: a row for each finding.
--   calendar_ends          a day among the 60 to come that the calendar lacks, where reports still come in
--   no_office_hours        a rule that counts working time while no office hours are given
--   rule_without_minutes   a rule in force or to come that lacks a handling term, or a receive term where another rule has
--                          one: a city none of whose rules says by when a report is to be received promises no such time
--   rules_overlap          two rules for the same category and severity that are in force at the same time
--   category_without_rule  a category of which some severity has no rule in force, where there are rules at all
create function rule_warnings(moment timestamptz) returns table (kind text, example text)
language sql stable parallel safe
as $$
    with today as (
        select cast(moment at time zone time_zone as date) as day from city
    )
    select 'calendar_ends', 'day ' || coming
    from today
    cross join generate_series(1, 60) as n
    cross join lateral (select day + n as coming) as ahead
    where (select max(submitted_at) from report) > moment - interval '60 days'
        and not exists (select 1 from working_day where working_day.day = coming)
    union all
    select 'no_office_hours', 'rule ' || id
    from deadline_rule
    where clock = 'working' and not exists (select 1 from office_hours)
    union all
    select 'rule_without_minutes', 'rule ' || id
    from deadline_rule, today
    where (valid_to is null or valid_to > day) and (
        handle_minutes is null
        or receive_minutes is null and exists (
            select 1 from deadline_rule as other
            where other.receive_minutes is not null and (other.valid_to is null or other.valid_to > day)))
    union all
    select 'rules_overlap', 'rules ' || one.id || ' and ' || other.id
    from deadline_rule as one
    join deadline_rule as other
        on one.id < other.id
        and one.category_id is not distinct from other.category_id
        and one.severity is not distinct from other.severity
        and daterange(one.valid_from, one.valid_to) && daterange(other.valid_from, other.valid_to)
    union all
    select distinct 'category_without_rule', 'category ' || category.code
    from category
    cross join unnest(array['urgent', 'complex', 'normal']) as wanted (level)
    cross join today
    -- A city without a single rule publishes its due times itself, or none.
    where exists (select 1 from deadline_rule)
        and not exists (
            select 1 from deadline_rule as rule
            where (rule.category_id is null or rule.category_id = category.id)
                and (rule.severity is null or rule.severity = level)
                and daterange(rule.valid_from, rule.valid_to) @> day
        )
$$;

-- Whether a change of category or severity gave the report a later deadline (report_event.deadline_later). It takes the
-- versions before and after to know, so it is worked out at the end of the transaction, when both are complete.
create function set_deadline_later() returns trigger language plpgsql as $$
begin
    update report_event
    set deadline_later = before.due_at < (
        select due_at
        from (
            select 1 as n, due_at from report_past where report_id = new.report_id and valid_from = new.at
            union all
            select 2, due_at from report where id = new.report_id
        ) as version
        order by n
        limit 1)
    from report_past as before
    where report_event.report_id = new.report_id and report_event.n = new.n
        and before.report_id = new.report_id and before.valid_to = new.at;
    return null;
end
$$;

create constraint trigger deadline_later after insert on report_event deferrable initially deferred
    for each row when (new.kind = 'recategorised') execute function set_deadline_later();

-- When that first happened (report.deadline_moved_at): kept on the report, so that one index tells it together with who
-- holds the report. At the end of the transaction, when all of the report's history is written.
create function set_deadline_moved_at() returns trigger
language plpgsql
as $$
begin
    update report set deadline_moved_at = told.at
    from (values (new.report_id), (old.report_id)) as changed (id)
    cross join lateral (
        select min(at) as at from report_event where report_id = changed.id and deadline_later
    ) as told
    where report.id = changed.id and deadline_moved_at is distinct from told.at;
    return null;
end
$$;

create constraint trigger deadline_moved after insert on report_event deferrable initially deferred
    for each row when (new.deadline_later) execute function set_deadline_moved_at();
create constraint trigger deadline_moved_else after update of report_id, at, deadline_later on report_event
    deferrable initially deferred
    for each row when (
        (old.report_id, old.at, old.deadline_later) is distinct from (new.report_id, new.at, new.deadline_later))
    execute function set_deadline_moved_at();
create constraint trigger deadline_not_moved after delete on report_event deferrable initially deferred
    for each row when (old.deadline_later) execute function set_deadline_moved_at();
