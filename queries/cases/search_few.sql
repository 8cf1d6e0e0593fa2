-- The reports a figure counts that a search finds, in an order: their ids; any :most of them where there are so many.
-- Without an order inside, the index of words is asked first, which is quick for what is rare; for what is common the
-- limit ends the reading soon. It knows where each report lies, who holds it and what about, as it stands.
with found as materialized (
    (
        select id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity
        from report_standing(:at) as report_at
        join (select id, words, public_code from report) as sought using (id)
        where {found_here} and {figure} and {chosen}
        limit :most
    )
    union all
    (
        select id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity
        from report_former(:at) as report_at
        join (select id, words, public_code from report) as sought using (id)
        where {found} and {figure} and {chosen}
        limit :most
    )
)
select id from found order by {order} limit :most
