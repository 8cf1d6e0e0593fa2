-- What the source itself says of its reports, counted by everyone; and a city that promises no time of receipt.

-- Everybody counts by the source's own status and area as by ours: they say no more of a report than its status, and its
-- place to a hundred metres, by which everybody counts already.
grant select (published_status, published_district, published_ward) on report_source to report_reader;

-- As 0005 has it, but for rule_without_minutes: a city none of whose rules says by when a report is to be received
-- promises no such time, and lacks nothing. Where some rule does, one without it was forgotten.
create or replace function rule_warnings(moment timestamptz) returns table (kind text, example text)
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
    where (valid_to is null or valid_to > day) and (
        handle_minutes is null
        or receive_minutes is null and exists (
            select from deadline_rule as other
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
    where exists (select from deadline_rule)
        and not exists (
            select from deadline_rule as rule
            where (rule.category_id is null or rule.category_id = category.id)
                and (rule.severity is null or rule.severity = level)
                and daterange(rule.valid_from, rule.valid_to) @> day
        )
$$;
