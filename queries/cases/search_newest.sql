-- As search_near.sql, of reports that an index has in the order they came in: each is read as it is met. Of others, many
-- would be read that are not among those asked for.
with standing as (
    select
        id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity, {said} as found
    from report_standing(:at) as report_at
    join (select id, words, public_code from report) as sought using (id)
    where {figure} and {chosen} and {own}
    order by submitted_at desc, id desc
    limit :near
),
former as (
    select
        id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity, {said} as found
    from report_former(:at) as report_at
    join (select id, words, public_code from report) as sought using (id)
    where {figure} and {chosen}
    order by submitted_at desc, id desc
    limit :near
),
near as materialized (
    select * from (select * from standing union all select * from former) as either
    order by submitted_at desc, id desc
    limit :near
)
select
    (select count(*) from near) as looked_at,
    array(select id from near where found order by {order} limit :most) as ids
