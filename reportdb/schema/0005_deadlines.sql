-- How deadlines were reached, and what about them cannot be known.

-- What an extension added, in minutes of the clock of the report's rule.
alter table report_event add column minutes integer check (minutes > 0);

-- Why deadlines cannot be told, or soon cannot, at a moment: a row for each finding.
--   calendar_ends          a day among the 60 to come that the calendar lacks, where reports still come in
--   no_office_hours        a rule that counts working time while no office hours are given
--   rule_without_minutes   a rule in force or to come that lacks a receive or a handling term
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
        and not exists (select from working_day where working_day.day = coming)
    union all
    select 'no_office_hours', 'rule ' || id
    from deadline_rule
    where clock = 'working' and not exists (select from office_hours)
    union all
    select 'rule_without_minutes', 'rule ' || id
    from deadline_rule, today
    where (receive_minutes is null or handle_minutes is null) and (valid_to is null or valid_to > day)
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
    where exists (select from deadline_rule)
        and not exists (
            select from deadline_rule as rule
            where (rule.category_id is null or rule.category_id = category.id)
                and (rule.severity is null or rule.severity = level)
                and daterange(rule.valid_from, rule.valid_to) @> day
        )
$$;
