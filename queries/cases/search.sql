-- The reports a figure counts that a search finds by their words or by their code, in an order: their ids.
-- Quick for what is common: the newest fifty are soon met. What is rare is asked by search_few.sql.
with found as (
    (
        select id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity
        from report_standing(:at) as report_at
        join (select id, words, public_code from report) as sought using (id)
        where {said} and {figure} and {chosen}
        order by {order}
        limit cast(:limit as integer) + cast(:offset as integer)
    )
    union all
    (
        select id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity
        from report_former(:at) as report_at
        join (select id, words, public_code from report) as sought using (id)
        where {said} and {figure} and {chosen}
        order by {order}
        limit cast(:limit as integer) + cast(:offset as integer)
    )
)
select id from found order by {order} limit :limit offset :offset
