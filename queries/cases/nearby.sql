-- Open reports of one category within :metres of a place, the nearest first, without the report that lies there.
-- What was open then has not ended since in any version of it, so the reports as they stand now lead to all of them: those
-- of the category, and those that were of it at the moment.
-- Over so short a way the earth is flat: a degree of latitude is 111,320 m, one of longitude less by the latitude.
with alike as (
    select id, lon, lat
    from report
    where category_id = :category and {open} is true  -- in this form no list of all that is open is gathered
    union all
    select id, lon, lat
    from report
    where category_id <> :category and id = any(array(
        select report_id from report_past
        where valid_from <= :at and valid_to > :at and category_id = :category))
),
near as (
    select id, 111320 * sqrt((lat - :lat) ^ 2 + ((lon - :lon) * cos(radians(:lat))) ^ 2) as metres
    from alike
    where lat between :lat - :metres / 111320.0 and :lat + :metres / 111320.0
        and lon between :lon - :metres / (111320.0 * cos(radians(:lat)))
            and :lon + :metres / (111320.0 * cos(radians(:lat)))
)
select id, metres
from report_at(:at)
join near using (id)
where id = any(array(select id from near where metres <= :metres)) and id <> :id
    and category_id = :category and {open}
order by metres, id
limit :limit
