-- Bringing what has changed into the counts: whoever deletes rows of report_change adds exactly those to the summary.

-- Empty report_change into the counts. Readers see the counts as they were until the transaction ends; two at once would
-- take the same rows and wait for each other. The triggers below, and those of 13_summary_open_days.sql and 14_map.sql, do
-- the rest.
create function apply_changes_to_summary() returns void
language sql
begin atomic
    with image as (
        delete from report_change
        returning sign, report_id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, open_differs_from
    ),
    fact as materialized (
        select
            cast(fact.at at time zone city.time_zone as date) as day,
            district_id, ward_id, unit_id, category_id, channel_id,
            coalesce(sum(sign * fact.received), 0) as received,
            coalesce(sum(sign * fact.received_off_map), 0) as received_off_map,
            coalesce(sum(sign * fact.reopened), 0) as reopened,
            coalesce(sum(sign * fact.resolved_on_time), 0) as resolved_on_time,
            coalesce(sum(sign * fact.resolved_late), 0) as resolved_late,
            coalesce(sum(sign * fact.resolved_no_deadline), 0) as resolved_no_deadline,
            coalesce(sum(sign * fact.refused), 0) as refused,
            coalesce(sum(sign * fact.fell_due), 0) as fell_due,
            coalesce(sum(sign * fact.done_by_due), 0) as done_by_due,
            coalesce(sum(sign * fact.receive_fell_due), 0) as receive_fell_due,
            coalesce(sum(sign * fact.received_on_time), 0) as received_on_time,
            coalesce(sum(sign * fact.rated_satisfied), 0) as rated_satisfied,
            coalesce(sum(sign * fact.rated_acceptable), 0) as rated_acceptable,
            coalesce(sum(sign * fact.rated_not_satisfied), 0) as rated_not_satisfied
        from image
        cross join city
        cross join lateral report_facts(submitted_at, cell is null, reopen_count, status, due_at, ended_at,
            receive_due_at, received_at, rating, rated_at) as fact
        group by 1, district_id, ward_id, unit_id, category_id, channel_id
    ),
    by_day as (
        insert into report_day
        select
            day,
            case
                when grouping(district_id) = 0 then 'district'
                when grouping(ward_id) = 0 then 'ward'
                when grouping(unit_id) = 0 then 'unit'
                when grouping(category_id) = 0 then 'category'
                when grouping(channel_id) = 0 then 'channel'
                else 'city'
            end,
            case
                when grouping(district_id) = 0 then coalesce(district_id, -1)
                when grouping(ward_id) = 0 then coalesce(ward_id, -1)
                when grouping(unit_id) = 0 then coalesce(unit_id, -1)
                when grouping(category_id) = 0 then coalesce(category_id, -1)
                when grouping(channel_id) = 0 then coalesce(channel_id, -1)
                else 0
            end,
            sum(received), sum(received_off_map), sum(reopened), sum(resolved_on_time), sum(resolved_late),
            sum(resolved_no_deadline), sum(refused), sum(fell_due), sum(done_by_due), sum(receive_fell_due),
            sum(received_on_time), sum(rated_satisfied), sum(rated_acceptable), sum(rated_not_satisfied)
        from fact
        group by grouping sets (
            (day), (day, district_id), (day, ward_id), (day, unit_id), (day, category_id), (day, channel_id))
        on conflict (dimension, day, key) do update set
            received = report_day.received + excluded.received,
            received_off_map = report_day.received_off_map + excluded.received_off_map,
            reopened = report_day.reopened + excluded.reopened,
            resolved_on_time = report_day.resolved_on_time + excluded.resolved_on_time,
            resolved_late = report_day.resolved_late + excluded.resolved_late,
            resolved_no_deadline = report_day.resolved_no_deadline + excluded.resolved_no_deadline,
            refused = report_day.refused + excluded.refused,
            fell_due = report_day.fell_due + excluded.fell_due,
            done_by_due = report_day.done_by_due + excluded.done_by_due,
            receive_fell_due = report_day.receive_fell_due + excluded.receive_fell_due,
            received_on_time = report_day.received_on_time + excluded.received_on_time,
            rated_satisfied = report_day.rated_satisfied + excluded.rated_satisfied,
            rated_acceptable = report_day.rated_acceptable + excluded.rated_acceptable,
            rated_not_satisfied = report_day.rated_not_satisfied + excluded.rated_not_satisfied
    ),
    by_month as (
        insert into report_month
        select
            cast(date_trunc('month', day) as date), district_id, ward_id, unit_id, category_id, channel_id,
            sum(received), sum(received_off_map), sum(reopened), sum(resolved_on_time), sum(resolved_late),
            sum(resolved_no_deadline), sum(refused), sum(fell_due), sum(done_by_due), sum(receive_fell_due),
            sum(received_on_time), sum(rated_satisfied), sum(rated_acceptable), sum(rated_not_satisfied)
        from fact
        group by 1, district_id, ward_id, unit_id, category_id, channel_id
        on conflict (month, category_id, district_id, ward_id, unit_id, channel_id) do update set
            received = report_month.received + excluded.received,
            received_off_map = report_month.received_off_map + excluded.received_off_map,
            reopened = report_month.reopened + excluded.reopened,
            resolved_on_time = report_month.resolved_on_time + excluded.resolved_on_time,
            resolved_late = report_month.resolved_late + excluded.resolved_late,
            resolved_no_deadline = report_month.resolved_no_deadline + excluded.resolved_no_deadline,
            refused = report_month.refused + excluded.refused,
            fell_due = report_month.fell_due + excluded.fell_due,
            done_by_due = report_month.done_by_due + excluded.done_by_due,
            receive_fell_due = report_month.receive_fell_due + excluded.receive_fell_due,
            received_on_time = report_month.received_on_time + excluded.received_on_time,
            rated_satisfied = report_month.rated_satisfied + excluded.rated_satisfied,
            rated_acceptable = report_month.rated_acceptable + excluded.rated_acceptable,
            rated_not_satisfied = report_month.rated_not_satisfied + excluded.rated_not_satisfied
    ),
    took as (
        select
            span, begins, clock, hours,
            case
                when grouping(district_id) = 0 then 'district'
                when grouping(ward_id) = 0 then 'ward'
                when grouping(unit_id) = 0 then 'unit'
                when grouping(category_id) = 0 then 'category'
                when grouping(channel_id) = 0 then 'channel'
                else 'city'
            end as dimension,
            case
                when grouping(district_id) = 0 then coalesce(district_id, -1)
                when grouping(ward_id) = 0 then coalesce(ward_id, -1)
                when grouping(unit_id) = 0 then coalesce(unit_id, -1)
                when grouping(category_id) = 0 then coalesce(category_id, -1)
                when grouping(channel_id) = 0 then coalesce(channel_id, -1)
                else 0
            end as key,
            sum(sign) as reports
        from image
        cross join city
        cross join lateral (values
            ('calendar', handled_hours(ended_at - submitted_at)),
            ('working', handled_hours(make_interval(mins => worked_minutes)))
        ) as handled (clock, hours)
        cross join lateral (values
            ('day', cast(ended_at at time zone city.time_zone as date)),
            ('month', cast(date_trunc('month', ended_at at time zone city.time_zone) as date))
        ) as part (span, begins)
        where status = 'resolved' and handled.hours is not null
        group by grouping sets (
            (span, begins, clock, hours), (span, begins, clock, hours, district_id),
            (span, begins, clock, hours, ward_id), (span, begins, clock, hours, unit_id),
            (span, begins, clock, hours, category_id), (span, begins, clock, hours, channel_id))
        having sum(sign) <> 0
    )
    insert into report_hours
    select
        dimension, span, begins, key, clock, string_agg(int4send(hours), '' order by hours),
        string_agg(int4send(cast(reports as integer)), '' order by hours)
    from took
    group by dimension, span, begins, key, clock
    on conflict (dimension, span, begins, key, clock) do update set (hours, reports) = (
        select told.hours, told.reports
        from merged_histogram(report_hours.hours || excluded.hours, report_hours.reports || excluded.reports) as told);
end;

-- Handling times of units by place.
create function apply_changes_to_unit_hours() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_unit_hours
    select
        unit_id, month, district_id, ward_id, clock, string_agg(int4send(hours), '' order by hours),
        string_agg(int4send(cast(reports as integer)), '' order by hours)
    from (
        select
            unit_id, cast(date_trunc('month', ended_at at time zone time_zone) as date) as month,
            coalesce(district_id, -1) as district_id, coalesce(ward_id, -1) as ward_id, clock, handled.hours,
            sum(sign) as reports
        from was
        cross join city
        cross join lateral (values
            ('calendar', handled_hours(ended_at - submitted_at)),
            ('working', handled_hours(make_interval(mins => worked_minutes)))
        ) as handled (clock, hours)
        where status = 'resolved' and unit_id is not null and handled.hours is not null
        group by 1, 2, 3, 4, 5, 6
        having sum(sign) <> 0
    ) as took
    group by unit_id, month, district_id, ward_id, clock
    on conflict (unit_id, month, district_id, ward_id, clock) do update set (hours, reports) = (
        select told.hours, told.reports
        from merged_histogram(
            report_unit_hours.hours || excluded.hours, report_unit_hours.reports || excluded.reports) as told);
    return null;
end
$$;

create trigger apply_changes_to_unit_hours after delete on report_change
    referencing old table as was for each statement execute function apply_changes_to_unit_hours();

-- Counts and handling times by severity.
create function apply_changes_to_severities() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_severity_day
    select
        severity, cast(fact.at at time zone time_zone as date),
        sum(sign * fact.received), sum(sign * fact.received_off_map), sum(sign * fact.reopened),
        sum(sign * coalesce(fact.resolved_on_time, 0)), sum(sign * coalesce(fact.resolved_late, 0)),
        sum(sign * coalesce(fact.resolved_no_deadline, 0)), sum(sign * coalesce(fact.refused, 0)),
        sum(sign * coalesce(fact.fell_due, 0)), sum(sign * coalesce(fact.done_by_due, 0)),
        sum(sign * fact.receive_fell_due), sum(sign * coalesce(fact.received_on_time, 0)),
        sum(sign * coalesce(fact.rated_satisfied, 0)), sum(sign * coalesce(fact.rated_acceptable, 0)),
        sum(sign * coalesce(fact.rated_not_satisfied, 0))
    from was
    cross join city
    cross join lateral report_facts(submitted_at, cell is null, reopen_count, status, due_at, ended_at, receive_due_at,
        received_at, rating, rated_at) as fact
    group by 1, 2
    on conflict (severity, day) do update set
        received = report_severity_day.received + excluded.received,
        received_off_map = report_severity_day.received_off_map + excluded.received_off_map,
        reopened = report_severity_day.reopened + excluded.reopened,
        resolved_on_time = report_severity_day.resolved_on_time + excluded.resolved_on_time,
        resolved_late = report_severity_day.resolved_late + excluded.resolved_late,
        resolved_no_deadline = report_severity_day.resolved_no_deadline + excluded.resolved_no_deadline,
        refused = report_severity_day.refused + excluded.refused,
        fell_due = report_severity_day.fell_due + excluded.fell_due,
        done_by_due = report_severity_day.done_by_due + excluded.done_by_due,
        receive_fell_due = report_severity_day.receive_fell_due + excluded.receive_fell_due,
        received_on_time = report_severity_day.received_on_time + excluded.received_on_time,
        rated_satisfied = report_severity_day.rated_satisfied + excluded.rated_satisfied,
        rated_acceptable = report_severity_day.rated_acceptable + excluded.rated_acceptable,
        rated_not_satisfied = report_severity_day.rated_not_satisfied + excluded.rated_not_satisfied;

    insert into report_severity_hours
    select
        severity, span, begins, clock, string_agg(int4send(hours), '' order by hours),
        string_agg(int4send(cast(reports as integer)), '' order by hours)
    from (
        select severity, part.span, part.begins, handled.clock, handled.hours, sum(sign) as reports
        from was
        cross join city
        cross join lateral (values
            ('calendar', handled_hours(ended_at - submitted_at)),
            ('working', handled_hours(make_interval(mins => worked_minutes)))
        ) as handled (clock, hours)
        cross join lateral (values
            ('day', cast(ended_at at time zone time_zone as date)),
            ('month', cast(date_trunc('month', ended_at at time zone time_zone) as date))
        ) as part (span, begins)
        where status = 'resolved' and handled.hours is not null
        group by 1, 2, 3, 4, 5
        having sum(sign) <> 0
    ) as took
    group by severity, span, begins, clock
    on conflict (severity, span, begins, clock) do update set (hours, reports) = (
        select told.hours, told.reports
        from merged_histogram(
            report_severity_hours.hours || excluded.hours, report_severity_hours.reports || excluded.reports) as told);
    return null;
end
$$;

create trigger apply_changes_to_severities after delete on report_change
    referencing old table as was for each statement execute function apply_changes_to_severities();

-- A summary is emptied with the reports.
create function empty_summary() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    truncate report_change, report_day, report_month, report_hours, report_unit_hours, report_square, report_day_open,
        summary_state;
    return null;
end
$$;

create trigger note_emptying after truncate on report for each statement execute function empty_summary();

create function empty_severities() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    truncate report_severity_day, report_severity_hours, report_severity_open;
    return null;
end
$$;

create trigger note_emptying_of_severities after truncate on report
    for each statement execute function empty_severities();
