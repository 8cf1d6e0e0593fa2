-- The summary: what happened on each day and in each month, counted beforehand. Indexes carry every question about what
-- is open, and about weeks. They cannot carry a year of a large city's days, or its median handling time.
--
-- It is never stale: a change of a report leaves in report_change what the report was (-1) and what it became (+1), and
-- whoever asks adds what those change (11_summary_changes.sql). `python -m reportdb summarise` brings them into the counts
-- (12_summary_counts.sql), so that they stay few. Days are the city's own.

-- The hours a report took, on the scale in which medians are told: whole hours up to three days, then quarters of a day,
-- both rounded up.
create function handled_hours(taken interval) returns integer
language sql immutable parallel safe
return case
    when taken <= interval '72 hours'
        then greatest(1, cast(ceil(extract(epoch from taken) / 3600) as integer))
    else 6 * cast(ceil(extract(epoch from taken) / 21600) as integer)
end;

-- What one report adds to the counts, and when: a row for each moment of it that is counted.
create function report_facts(
    submitted_at timestamptz, off_map boolean, reopen_count smallint, status text, due_at timestamptz,
    ended_at timestamptz, receive_due_at timestamptz, received_at timestamptz, rating text, rated_at timestamptz)
returns table (
    at timestamptz, received integer, received_off_map integer, reopened integer, resolved_on_time integer,
    resolved_late integer, resolved_no_deadline integer, refused integer, fell_due integer, done_by_due integer,
    receive_fell_due integer, received_on_time integer, rated_satisfied integer, rated_acceptable integer,
    rated_not_satisfied integer)
language sql immutable parallel safe
as $$
    select * from (values
        (submitted_at, 1, cast(off_map as integer), cast(reopen_count > 0 as integer),
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (ended_at, 0, 0, 0,
            cast(status = 'resolved' and ended_at <= due_at as integer),
            cast(status = 'resolved' and ended_at > due_at as integer),
            cast(status = 'resolved' and due_at is null as integer),
            cast(status = 'refused' as integer), 0, 0, 0, 0, 0, 0, 0),
        (due_at, 0, 0, 0, 0, 0, 0, 0,
            cast(not (status = 'refused' and ended_at <= due_at) as integer),
            cast(status = 'resolved' and ended_at <= due_at as integer), 0, 0, 0, 0, 0),
        (receive_due_at, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1, cast(received_at <= receive_due_at as integer), 0, 0, 0),
        (rated_at, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            cast(rating = 'satisfied' as integer), cast(rating = 'acceptable' as integer),
            cast(rating = 'not_satisfied' as integer))
    ) as fact (
        at, received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable,
        rated_not_satisfied)
    where at is not null
$$;

-- Each day's counts: for the whole city (dimension 'city', key 0) and for each district, ward, unit, category and
-- channel; key -1 is none.
create table report_day (
    day date not null,
    dimension text not null check (dimension in ('city', 'district', 'ward', 'unit', 'category', 'channel')),
    key integer not null,
    received integer not null,
    received_off_map integer not null,
    reopened integer not null,
    resolved_on_time integer not null,
    resolved_late integer not null,
    resolved_no_deadline integer not null,
    refused integer not null,
    fell_due integer not null,
    done_by_due integer not null,
    receive_fell_due integer not null,
    received_on_time integer not null,
    rated_satisfied integer not null,
    rated_acceptable integer not null,
    rated_not_satisfied integer not null,
    primary key (dimension, day, key)
);

-- Each month's counts by everything a viewer can choose, for questions that choose more than one thing.
create table report_month (
    month date not null,                  -- its first day
    district_id integer,
    ward_id integer,
    unit_id integer,
    category_id smallint not null,
    channel_id smallint not null,
    received integer not null,
    received_off_map integer not null,
    reopened integer not null,
    resolved_on_time integer not null,
    resolved_late integer not null,
    resolved_no_deadline integer not null,
    refused integer not null,
    fell_due integer not null,
    done_by_due integer not null,
    receive_fell_due integer not null,
    received_on_time integer not null,
    rated_satisfied integer not null,
    rated_acceptable integer not null,
    rated_not_satisfied integer not null,
    unique nulls not distinct (month, category_id, district_id, ward_id, unit_id, channel_id)
);

-- Each day's counts by severity, for the whole city. A severity together with another choice leaves few reports, which are
-- counted themselves.
create table report_severity_day (
    severity text not null,
    day date not null,
    received integer not null,
    received_off_map integer not null,
    reopened integer not null,
    resolved_on_time integer not null,
    resolved_late integer not null,
    resolved_no_deadline integer not null,
    refused integer not null,
    fell_due integer not null,
    done_by_due integer not null,
    receive_fell_due integer not null,
    received_on_time integer not null,
    rated_satisfied integer not null,
    rated_acceptable integer not null,
    rated_not_satisfied integer not null,
    primary key (severity, day)
);

-- Handling times: for each day and each month, a row for each member of a dimension tells how many of the reports that
-- were resolved had taken so many hours (handled_hours), by the calendar's clock and by working time. `hours` and `reports`
-- are two lists of numbers, four bytes each, highest byte first; those at the same place belong together. A year by ward is
-- read from three thousand such rows, where a row for each number of hours made half a million.
create table report_hours (
    dimension text not null check (dimension in ('city', 'district', 'ward', 'unit', 'category', 'channel')),
    span text not null check (span in ('day', 'month')),
    begins date not null,
    key integer not null,
    clock text not null check (clock in ('calendar', 'working')),
    hours bytea not null,
    reports bytea not null,
    check (length(hours) = length(reports)),
    primary key (dimension, span, begins, key, clock)
);
alter table report_hours alter hours set storage main, alter reports set storage main;

-- The same for each unit by where its reports were, by month: a head's map of handling times. -1 is no area.
create table report_unit_hours (
    unit_id integer not null,
    month date not null,
    district_id integer not null,
    ward_id integer not null,
    clock text not null check (clock in ('calendar', 'working')),
    hours bytea not null,
    reports bytea not null,
    check (length(hours) = length(reports)),
    primary key (unit_id, month, district_id, ward_id, clock)
);
alter table report_unit_hours alter hours set storage main, alter reports set storage main;

-- The same for each severity, in the whole city.
create table report_severity_hours (
    severity text not null,
    span text not null check (span in ('day', 'month')),
    begins date not null,
    clock text not null check (clock in ('calendar', 'working')),
    hours bytea not null,
    reports bytea not null,
    check (length(hours) = length(reports)),
    primary key (severity, span, begins, clock)
);
alter table report_severity_hours alter hours set storage main, alter reports set storage main;

-- One number of such a list, from its first byte on.
create function number_at(numbers bytea, place integer) returns integer
language sql immutable parallel safe
return (get_byte(numbers, place) << 24) | (get_byte(numbers, place + 1) << 16) | (get_byte(numbers, place + 2) << 8)
    | get_byte(numbers, place + 3);

-- Two such lists, with each number of hours once.
create function merged_histogram(taken bytea, counted bytea) returns table (hours bytea, reports bytea)
language sql immutable parallel safe
as $$
    select
        coalesce(string_agg(int4send(told.hours), '' order by told.hours), ''),
        coalesce(string_agg(int4send(cast(told.reports as integer)), '' order by told.hours), '')
    from (
        select number_at(taken, place) as hours, sum(number_at(counted, place)) as reports
        from generate_series(0, length(taken) - 4, 4) as place
        group by 1
        having sum(number_at(counted, place)) <> 0
    ) as told
$$;

-- What was open when a day ended.
create table report_day_open (
    day date not null,
    dimension text not null check (dimension in ('city', 'district', 'ward', 'unit', 'category', 'channel')),
    key integer not null,
    open integer not null,
    primary key (dimension, day, key)
);

create table report_severity_open (
    severity text not null,
    day date not null,
    open integer not null,
    primary key (severity, day)
);

-- That the counts are there, the last day whose end is in report_day_open, and the grid of the squares that are kept
-- (14_map.sql). No row: nothing has been summarised, and every question reads the reports themselves.
create table summary_state (
    only_one boolean primary key default true check (only_one),
    open_to date,
    wide integer not null,
    high integer not null
);
