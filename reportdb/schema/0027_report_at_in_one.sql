-- report_at again, so written that the planner reads the reports themselves and no subquery of them: each row of the union
-- had been handed on with all its columns, most of them empty, twice. What is true of a moment is told of both parts at
-- once, and told again of report_former's it stays what it is.
create or replace function report_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint,
    worked_minutes integer, cell bigint, deadline_moved_at timestamptz, reopened_soon_at timestamptz)
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
        cell, deadline_moved_at, reopened_soon_at
    from (
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, false as former
        from report
        union all
        select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at,
            receive_due_at, due_at, rule_id, status, escalated_at, open_until, rating, rated_at, reopen_count,
            transfer_count, worked_minutes, cell, deadline_moved_at, reopened_soon_at, true
        from report_former(moment)
    ) as version
    where submitted_at <= moment
        and (former or id not in (select report_id from report_past where valid_from <= moment and valid_to > moment))
$$;
