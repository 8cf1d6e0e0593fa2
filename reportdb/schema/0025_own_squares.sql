-- The squares of the map's own grid in place of squares of ten thousandths of a degree and cells of two: whatever the size
-- of the city, its map is drawn from them, in days and months alike.

-- The grid in which a city's map counts, in thousandths of a degree, even numbers: of a few heights the least that leaves
-- no more than a hundred squares one above the other, and so wide that they are about square where the city lies. Its
-- areas say where: by their middle, or else by a place on their boundary.
create function city_grid(out wide integer, out high integer)
language sql stable
begin atomic
    with place as (
        select coalesce(
            lat,
            cast(coalesce(geometry #>> '{coordinates,0,0,0,1}', geometry #>> '{coordinates,0,0,1}') as double precision)
        ) as lat
        from area
        where geometry is not null
    ),
    city_extent as (
        select coalesce(1000 * (max(lat) - min(lat)), 0) as tall, coalesce(avg(lat), 0) as middle from place
    )
    select greatest(2, 2 * cast(round(side / cos(radians(middle)) / 2) as integer)), side
    from city_extent
    cross join unnest(array[2, 4, 10, 20, 50]) as side
    where tall / side <= 100 or side = 50
    order by side
    limit 1;
end;

create function square_of(cell bigint, wide integer, high integer) returns bigint
language sql immutable parallel safe
return cell / 360000 / high * 360000 + cell % 360000 / wide;

-- The grid of the squares that are kept.
alter table summary_state add column wide integer, add column high integer;

drop trigger bring_into_squares on report_change;
drop table report_square;
create table report_square (
    span text not null check (span in ('day', 'month')),
    begins date not null,
    square bigint not null,
    received integer not null,
    primary key (span, begins, square) include (received)
);
grant select on report_square to report_reader, report_official, report_leader;

-- Counts the squares of all reports, in the grid that the areas ask for now, less what report_change has yet to bring.
create function keep_squares_anew() returns void
language sql
begin atomic
    delete from report_square;
    update summary_state set (wide, high) = (select wide, high from city_grid());
    insert into report_square
    select part.span, part.begins, square_of(cell, wide, high), sum(sign)
    from (
        select 1 as sign, cell, submitted_at from report
        union all
        select -sign, cell, submitted_at from report_change
    ) as image
    cross join summary_state
    cross join city
    cross join lateral (values
        ('day', cast(submitted_at at time zone time_zone as date)),
        ('month', cast(date_trunc('month', submitted_at at time zone time_zone) as date))
    ) as part (span, begins)
    where cell is not null
    group by 1, 2, 3
    having sum(sign) <> 0;
end;

create or replace function bring_into_squares() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_square
    select part.span, part.begins, square_of(cell, wide, high), sum(sign)
    from was
    cross join summary_state
    cross join city
    cross join lateral (values
        ('day', cast(submitted_at at time zone time_zone as date)),
        ('month', cast(date_trunc('month', submitted_at at time zone time_zone) as date))
    ) as part (span, begins)
    where cell is not null
    group by 1, 2, 3
    having sum(sign) <> 0
    on conflict (span, begins, square) do update set received = report_square.received + excluded.received;
    return null;
end
$$;
create trigger bring_into_squares after delete on report_change
    referencing old table as was for each statement execute function bring_into_squares();
drop function square_of(bigint);

-- As 0020 has it, without the cells of months.
create or replace function bring_into_summary() returns void
language sql
begin atomic
    with image as (
        delete from report_change returning *
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
        from told_once(report_hours.hours || excluded.hours, report_hours.reports || excluded.reports) as told);
end;

drop table report_month_cell;
drop function wider_cell;

create or replace function empty_summary() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    truncate report_change, report_day, report_month, report_hours, report_unit_hours, report_square, report_day_open,
        summary_state;
    return null;
end
$$;

select keep_squares_anew();
alter table summary_state alter column wide set not null, alter column high set not null;
