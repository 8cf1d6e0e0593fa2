-- Where reports came in from on each day and in each month, as report_month_cell tells it of months, by squares of ten
-- thousandths of a degree: a grid made of such squares is counted from them, an eighth as many as there are cells.
create table report_square (
    span text not null check (span in ('day', 'month')),
    begins date not null,
    square integer not null,
    received integer not null,
    primary key (span, begins, square) include (received)
);
grant select on report_square to report_reader, report_official, report_leader;

create function square_of(cell bigint) returns integer
language sql immutable parallel safe
return cast(cell / 3600000 * 36000 + cell % 360000 / 10 as integer);

-- Where a summary is kept: what is in it of all reports, less what report_change has yet to bring.
insert into report_square
select part.span, part.begins, square_of(cell), sum(sign)
from (
    select 1 as sign, cell, submitted_at from report
    union all
    select -sign, cell, submitted_at from report_change
) as image
cross join city
cross join lateral (values
    ('day', cast(submitted_at at time zone time_zone as date)),
    ('month', cast(date_trunc('month', submitted_at at time zone time_zone) as date))
) as part (span, begins)
where cell is not null and exists (select from summary_state)
group by 1, 2, 3
having sum(sign) <> 0;

-- Brought into the counts by whoever takes the changes out of report_change, of exactly those that are taken.
create function bring_into_squares() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_square
    select part.span, part.begins, square_of(cell), sum(sign)
    from was
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

create or replace function empty_summary() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    truncate report_change, report_day, report_month, report_hours, report_month_cell, report_square, report_day_open,
        summary_state;
    return null;
end
$$;
