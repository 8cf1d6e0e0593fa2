-- The map's squares: where reports came in from on each day and in each month, counted beforehand as the rest of the summary
-- (10_summary.sql).

-- The grid in which a city's map counts, in thousandths of a degree, even numbers: of a few heights the least that leaves
-- no more than a hundred squares one above the other, and so wide that they are about square where the city lies. Its
-- areas say where, by their middle or else by a place on their boundary; a city without boundaries is as large as its
-- first reports lie apart, without the hundredth farthest to each side.
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
    spot as (
        select cell / 360000 / 1000.0 - 90 as lat
        from (select cell from report where cell is not null order by id limit 20000) as first
        where not exists (select 1 from place)
    ),
    city_extent as (
        select coalesce(1000 * (max(lat) - min(lat)), 0) as tall, coalesce(avg(lat), 0) as middle
        from place
        having exists (select 1 from place)
        union all
        select coalesce(1000 * (percentile_disc(0.99) within group (order by lat)
                - percentile_disc(0.01) within group (order by lat)), 0),
            coalesce(percentile_disc(0.5) within group (order by lat), 0)
        from spot
        having not exists (select 1 from place)
    )
    select greatest(2, 2 * cast(round(side / cos(radians(middle)) / 2) as integer)), side
    from city_extent
    cross join unnest(array[2, 4, 10, 20, 50]) as side
    where tall / side <= 100 or side = 50
    order by side
    limit 1;
end;

-- The square of such a grid in which a cell lies.
create function square_of(cell bigint, wide integer, high integer) returns bigint
language sql immutable parallel safe
return cell / 360000 / high * 360000 + cell % 360000 / wide;

create table report_square (
    span text not null check (span in ('day', 'month')),
    begins date not null,
    square bigint not null,
    received integer not null,
    primary key (span, begins, square) include (received)
);

-- Count the squares of all reports, in the grid that the areas ask for now, less what report_change has yet to bring.
create function recount_squares() returns void
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

-- Bring in the changes that are deleted from report_change.
create function apply_changes_to_squares() returns trigger
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

create trigger apply_changes_to_squares after delete on report_change
    referencing old table as was for each statement execute function apply_changes_to_squares();
