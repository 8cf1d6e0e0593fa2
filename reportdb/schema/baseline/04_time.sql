-- Working time in the database. It gives the answers of reportdb/deadlines/working_time.py, for millions of rows in one
-- statement.

-- The hours offices work on a working day, as intervals of one day.
create table office_hours (
    valid_from date not null,
    opens time not null,
    closes time not null,
    source text not null,
    confirmed boolean not null,
    primary key (valid_from, opens),
    check (opens < closes)
);

-- The calendar: every day the city's deadlines may touch, working or not.
create table working_day (
    day date primary key,
    working boolean not null,
    name text,                            -- the holiday, or why the day was swapped
    source text not null
);

-- A local time as a moment. Where clocks go back, the first of the two, as Python takes it; PostgreSQL takes the second.
create function local_moment(clock timestamp, zone text) returns timestamptz
language sql immutable parallel safe
return case when (((clock - interval '24 hours') at time zone zone) + interval '24 hours') at time zone zone = clock
    then least(clock at time zone zone, ((clock - interval '24 hours') at time zone zone) + interval '24 hours')
    else clock at time zone zone end;

-- The calendar as one row of sorted arrays: each office interval in order of time, with the work done before it summed
-- up. A stretch of days, known or missing, begins with an interval without work at its midnight, and so does what lies
-- behind the last day. Days between which none is missing have the same run; the run of missing days is 0.
-- One row, because a query reads it once; two index probes for each report cost twenty times as much.
create table working_line (
    only_one boolean primary key default true check (only_one),
    opens timestamptz[] not null,
    closes timestamptz[] not null,
    done bigint[] not null,               -- microseconds worked before each opening
    run integer[] not null
);
-- Stored without compression: it is always read whole.
alter table working_line alter column opens set storage external, alter column closes set storage external,
    alter column done set storage external, alter column run set storage external;

-- What working_line must hold, computed from working_day, office_hours and city.time_zone. No row without a calendar, or
-- where office hours overlap.
create function working_line_recounted() returns table (
    opens timestamptz[], closes timestamptz[], done bigint[], run integer[])
language sql stable
as $$
with calendar as (
    select first + n as day, time_zone as zone, working, in_force.valid_from,
        working is not null and in_force.valid_from is not null as known
    from city
    cross join (select min(day) as first, max(day) as last from working_day) as span
    cross join generate_series(0, last - first) as n
    left join working_day on working_day.day = first + n
    left join lateral (
        select max(valid_from) as valid_from from office_hours where valid_from <= first + n) as in_force on true
), stretch as (
    select *, known is distinct from lag(known) over by_day as begins,
        row_number() over by_day = count(*) over () as last
    from calendar window by_day as (order by day)
), numbered as (
    select *, case when known then count(*) filter (where known and begins) over (order by day) else 0 end as run
    from stretch
), interval_of_day as (
    select local_moment(day + opens, zone) as opens, local_moment(day + closes, zone) as closes, run
    from numbered join office_hours using (valid_from) where known and working
    union all
    select local_moment(day, zone), local_moment(day, zone), run from numbered where begins
    union all
    select local_moment(day + 1, zone), local_moment(day + 1, zone), 0 from numbered where last
), counted as (
    select opens, closes, run, opens < lag(closes) over in_time as overlapping,
        cast(extract(epoch from closes - opens) * 1000000 as bigint) as work, row_number() over in_time as n
    from interval_of_day window in_time as (order by opens, closes)
), summed as (
    select *, cast(sum(work) over (order by n) as bigint) - work as done from counted
)
select array_agg(opens order by n) as opens, array_agg(closes order by n) as closes, array_agg(done order by n) as done,
    array_agg(cast(run as integer) order by n) as run
from summed having count(*) > 0 and not coalesce(bool_or(overlapping), false)
$$;

-- Compute the line again; the triggers below call it. Where the calendar is a view, call it when the calendar changed.
create procedure recount_working_line()
language plpgsql
as $$
begin
    lock table working_line in share row exclusive mode;  -- who changes another day at the same time counts after us
    delete from working_line;
    begin
        insert into working_line (opens, closes, done, run) select * from working_line_recounted();
    exception when invalid_parameter_value then
        null;  -- an unknown time zone, which `check` names; until it is right no question is answered
    end;
end
$$;

create function working_line_follows() returns trigger
language plpgsql
as $$
begin
    call recount_working_line();
    return null;
end
$$;

create trigger working_line_follows after insert or update or delete or truncate on working_day
    for each statement execute function working_line_follows();
create trigger working_line_follows after insert or update or delete or truncate on office_hours
    for each statement execute function working_line_follows();
create trigger working_line_follows after insert or update of time_zone or delete or truncate on city
    for each statement execute function working_line_follows();

-- When `minutes` of work are done, counted from `moment`; null where the calendar does not say. For many rows: call it in
-- FROM, where the planner folds it into the query and reads the line once. || '{}' makes that one copy in memory; a stored
-- array would be fetched at each use. "offset 0" keeps each step from being worked out again in the next.
create function try_working_add(moment timestamptz, minutes double precision) returns table (ends timestamptz)
language sql stable parallel safe
as $$
    select case when minutes >= 0 and nullif(run[begun], 0) = run[ending]
        then opens[ending] + (goal - done[ending]) * interval '1 microsecond' end
    from (
        -- At least the first microsecond of work must fit into the interval: that skips a closed one when adding 0.
        select *, width_bucket(greatest(goal - 1, before), done) as ending
        from (
            select *, before + cast(round(minutes * 60000000) as bigint) as goal
            from (
                select *, done[begun] + cast(round(
                    date_part('epoch', least(moment, closes[begun]) - opens[begun]) * 1000000) as bigint) as before
                from (
                    select (select opens || '{}' from working_line) as opens,
                        (select closes || '{}' from working_line) as closes,
                        (select done || '{}' from working_line) as done, (select run || '{}' from working_line) as run,
                        width_bucket(moment, (select opens || '{}' from working_line)) as begun
                    offset 0) as line
                offset 0) as start
            offset 0) as work
        offset 0) as finish
$$;

-- The minutes worked from `since` to `until`, negative where `until` comes first; null where the calendar does not say.
-- For many rows, as try_working_add.
create function try_working_between(since timestamptz, until timestamptz) returns table (minutes double precision)
language sql stable parallel safe
as $$
    select case when nullif(run[a], 0) = run[b] then cast(
        done[b] + cast(round(date_part('epoch', least(until, closes[b]) - opens[b]) * 1000000) as bigint)
        - done[a] - cast(round(date_part('epoch', least(since, closes[a]) - opens[a]) * 1000000) as bigint)
        as double precision) / 60000000 end
    from (
        select (select opens || '{}' from working_line) as opens, (select closes || '{}' from working_line) as closes,
            (select done || '{}' from working_line) as done, (select run || '{}' from working_line) as run,
            width_bucket(since, (select opens || '{}' from working_line)) as a,
            width_bucket(until, (select opens || '{}' from working_line)) as b
        offset 0) as line
$$;

-- Raise the error that says why the calendar cannot answer about the days from `since` to `until` (null: until the work
-- is done).
create function working_refused(since timestamptz, until timestamptz) returns boolean
language plpgsql stable parallel safe
as $$
declare
    cure constant text := 'Fill the tables working_day and office_hours for these days.';
    zone text := (select time_zone from city);
    first date := (select min(day) from working_day);
    last date := (select max(day) from working_day);
    outside timestamptz;
    lacking text[];
begin
    if zone is null then
        raise exception 'The table city is empty: whose time is meant? Give it its one row.' using errcode = '22023';
    elsif first is null or not exists (select 1 from office_hours) then
        raise exception 'The calendar is empty. %', cure using errcode = '22023';
    end if;
    outside := case when (since at time zone zone)::date not between first and last then since
        when (until at time zone zone)::date not between first and last then until end;
    if outside is not null then
        raise exception 'The calendar runs from % to % and does not reach % (UTC). %', first, last,
            (outside at time zone 'UTC')::date, cure using errcode = '22023';
    end if;
    lacking := array(
        select first + n from generate_series(0, last - first) as n
        where first + n between (since at time zone zone)::date and coalesce((until at time zone zone)::date, last)
            and (not exists (select 1 from working_day where day = first + n)
                or not exists (select 1 from office_hours where valid_from <= first + n))
        order by n);
    if lacking = '{}' and until is null and exists (select 1 from working_line) then
        raise exception 'The calendar ends on %, before the work is done. %', last, cure using errcode = '22023';
    elsif lacking = '{}' then
        raise exception 'The calendar cannot be used: office hours overlap, or nobody counted after it changed. %',
            'Correct opens and closes of office_hours, and call recount_working_line().' using errcode = '22023';
    end if;
    raise exception 'The calendar lacks %. %', array_to_string(lacking[:5], ', ')
        || case when cardinality(lacking) > 5 then format(' and %s more', cardinality(lacking) - 5) else '' end, cure
        using errcode = '22023';
end
$$;

-- The same for one row, with an error where the calendar does not say; the error names the days and the cure.
create function working_add(moment timestamptz, minutes double precision) returns timestamptz
language plpgsql stable strict parallel safe set plan_cache_mode = force_generic_plan
as $$
declare
    found timestamptz;
begin
    if minutes < 0 then
        raise exception 'Working time is added, never taken away: minutes must not be negative.'
            using errcode = '22023';
    end if;
    select ends into found from try_working_add(moment, minutes);
    if found is null then
        perform working_refused(moment, null);
    end if;
    return found;
end
$$;

create function working_between(since timestamptz, until timestamptz) returns double precision
language plpgsql stable strict parallel safe set plan_cache_mode = force_generic_plan
as $$
declare
    found double precision;
begin
    select minutes into found from try_working_between(since, until);
    if found is null then
        perform working_refused(least(since, until), greatest(since, until));
    end if;
    return found;
end
$$;

-- The midnight (local) that ends the first working day after the day of a moment.
create function next_working_day_end(moment timestamptz) returns timestamptz
language plpgsql stable strict parallel safe set plan_cache_mode = force_generic_plan
as $$
declare
    zone text := (select time_zone from city);
    opening timestamptz;
begin
    perform working_add(moment, 0);  -- refuses a missing day, today's too
    select ends into opening from try_working_add(local_moment((moment at time zone zone)::date + 1, zone), 0);
    if opening is null then
        perform working_refused(moment, null);
    end if;
    return local_moment((opening at time zone zone)::date + 1, zone);
end
$$;
