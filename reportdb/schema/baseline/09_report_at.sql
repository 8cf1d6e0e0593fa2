-- The reports as they stood at a moment: those submitted by then, with nothing in them that happened later. A row of report
-- tells most of the past by its own times; what they cannot tell stands in report_past, with the time it held.
--
-- The planner folds these functions into the query that calls them, so that conditions on open_until, due_at and
-- submitted_at reach the indexes. open_until and rated_at are given as they are for the indexes' sake, open_until even
-- infinite: compare them with moments up to this one, never select them.
--
-- "not in" is hashed once, and empty for the present moment; an anti-join would hash the reports instead.

-- report_at in its two parts, so that a list of the newest fifty can take each part's newest fifty straight from an index;
-- from the union of both, PostgreSQL would read and sort all. First, the rows of report that stand as they did:
create function report_standing(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz,
    resolved_without_text_at timestamptz, escalated_by_id integer)
language sql stable parallel safe
as $$
    select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at,
        case when received_at <= moment then received_at end,
        receive_due_at, due_at, rule_id,
        case when open_until <= moment then status
             when received_at <= moment or (received_at is null and status = 'in_progress') then 'in_progress'
             else 'waiting' end,
        case when escalated_at <= moment then escalated_at end,
        open_until,
        case when open_until <= moment then open_until end,
        case when rated_at <= moment then rating end,
        rated_at, reopen_count, transfer_count,
        case when open_until <= moment then worked_minutes end,
        cell, deadline_moved_at, reopened_soon_at, resolved_without_text_at, escalated_by_id
    from report
    where submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
$$;

-- and the earlier versions of the others. Where it lies, and what triggers tell of its whole history, is the report's own;
-- report is not read where a query does not use those columns.
create function report_former(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz,
    resolved_without_text_at timestamptz, escalated_by_id integer)
language sql stable parallel safe
as $$
    select report_id, past.channel_id, past.category_id, past.severity, past.district_id, past.ward_id, past.unit_id,
        past.submitted_at,
        case when past.received_at <= moment then past.received_at end,
        past.receive_due_at, past.due_at, past.rule_id,
        case when past.open_until <= moment then past.status
             when past.received_at <= moment or (past.received_at is null and past.status = 'in_progress')
             then 'in_progress'
             else 'waiting' end,
        case when past.escalated_at <= moment then past.escalated_at end,
        past.open_until,
        case when past.open_until <= moment then past.open_until end,
        case when past.rated_at <= moment then past.rating end,
        past.rated_at, past.reopen_count, past.transfer_count,
        case when past.open_until <= moment then past.worked_minutes end,
        report.cell, report.deadline_moved_at, report.reopened_soon_at, report.resolved_without_text_at,
        past.escalated_by_id
    from report_past as past
    left join report on report.id = report_id  -- not read where nobody asks for these four
    where past.submitted_at <= moment and valid_from <= moment and valid_to > moment
$$;

-- Both together. It says what report_standing says in its own words: only where no condition stands within the union does
-- PostgreSQL read the table itself, and no subquery of it whose rows are handed on twice. What is true of a moment is said
-- of both parts at once; said again of report_former's rows it stays what it is. tests/test_figures.py holds it equal to
-- the two parts.
create function report_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz,
    resolved_without_text_at timestamptz, escalated_by_id integer)
language sql stable parallel safe
as $$
    select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at,
        case when received_at <= moment then received_at end,
        receive_due_at, due_at, rule_id,
        case when open_until <= moment then status
             when received_at <= moment or (received_at is null and status = 'in_progress') then 'in_progress'
             else 'waiting' end,
        case when escalated_at <= moment then escalated_at end,
        open_until,
        case when open_until <= moment then open_until end,
        case when rated_at <= moment then rating end,
        rated_at, reopen_count, transfer_count,
        case when open_until <= moment then worked_minutes end,
        cell, deadline_moved_at, reopened_soon_at, resolved_without_text_at, escalated_by_id
    from (
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, resolved_without_text_at,
            escalated_by_id, false as former
        from report
        union all
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, resolved_without_text_at,
            escalated_by_id, true
        from report_former(moment)
    ) as version
    where submitted_at <= moment
        and (former or id not in (select report_id from report_past where valid_from <= moment and valid_to > moment))
$$;

-- The reports that were open at a moment and have coordinates, as report_at tells them: those that still are, by the index
-- report_open_place alone; those that have ended since; and what stood otherwise then. For roles that may read places.
create function report_open_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, due_at timestamptz, open_until timestamptz, lon double precision,
    lat double precision)
language sql stable parallel safe
as $$
    select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, due_at,
        timestamptz 'infinity', lon, lat
    from report
    where ended_at is null and lon is not null and submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
    union all
    select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, due_at, open_until, lon, lat
    from report
    where open_until > moment and open_until < timestamptz '9999-12-31' and lon is not null and submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
    union all
    select report_id, past.channel_id, past.category_id, past.severity, past.district_id, past.ward_id, past.unit_id,
        past.submitted_at, past.due_at, past.open_until, lon, lat
    from report_past as past
    join report on report.id = report_id
    where past.submitted_at <= moment and valid_from <= moment and valid_to > moment and past.open_until > moment
        and lon is not null
$$;
