-- Among the newest :near reports that a figure counts, those a search finds, the first :most of them in an order: their
-- ids; and how many were looked at. Words are read one report after the other, which is quick for what is common: an
-- index of words would fetch all that was ever said of it.
with standing as (
    select id, submitted_at from report_standing(:at) as report_at
    where {figure} and {chosen} and {own}
    order by submitted_at desc, id desc
    limit :near
),
former as (
    select id, submitted_at from report_former(:at) as report_at
    where {figure} and {chosen}
    order by submitted_at desc, id desc
    limit :near
),
near as materialized (
    select id from (select * from standing union all select * from former) as either
    order by submitted_at desc, id desc
    limit :near
),
found as materialized (
    select id
    from (  -- with an offset, so that it is read by these ids and not by its words
        select id, words, public_code from report where id = any(array(select id from near)) offset 0
    ) as sought
    where {said}
)
select
    (select count(*) from near) as looked_at,
    array(
        select id from report_at(:at)
        where id = any(array(select id from found))
        order by {order}
        limit :most
    ) as ids
