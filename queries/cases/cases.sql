-- The reports a figure counts, in an order: their ids. Each part of report_at brings its own first ones.
with found as (
    (
        select id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity
        from report_standing(:at) as report_at
        where {figure} and {chosen}
        order by {order}
        limit cast(:limit as integer) + cast(:offset as integer)
    )
    union all
    (
        select id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity
        from report_former(:at) as report_at
        where {figure} and {chosen}
        order by {order}
        limit cast(:limit as integer) + cast(:offset as integer)
    )
)
select id from found order by {order} limit :limit offset :offset
