-- How far the calendar is filled: its last day, the days missing in the 60 from the day on and in the year after it,
-- whether that year's official notice is entered, and whether there will be one that swaps days.
with day_known as (
    select day, working, source from working_day
    where exists (select 1 from office_hours where valid_from <= working_day.day)
), coming as (
    select make_date(cast(extract(year from cast(:day as date)) as integer) + 1, 1, 1) as first
), year_to_come as (
    select first, cast(first + interval '1 year' as date) as after_last from coming
)
select
    (select max(day) from day_known) as last_day,
    array(
        select cast(:day as date) + n from generate_series(0, 60) as n
        where not exists (select 1 from day_known where day = cast(:day as date) + n) order by n) as missing_soon,
    array(
        select first + n from year_to_come cross join lateral generate_series(0, after_last - first - 1) as n
        where not exists (select 1 from day_known where day = first + n) order by n) as missing_next_year,
    -- What no rule foresees: a swapped day, or a day from another source than the week and the holidays package.
    exists (
        select 1 from day_known
        where day >= first and day < after_last
            and (extract(isodow from day) > 5 and working
                or source <> 'shipped: Monday to Friday' and not starts_with(source, 'shipped: holidays '))) as announced,
    coalesce((select swapped_days from city), true) as swapped_days
from year_to_come
