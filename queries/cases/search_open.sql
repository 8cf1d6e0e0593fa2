-- Of the reports open at the moment that a figure counts, those that words find, in an order: their ids; any :most of them
-- where there are so many. What is open still is looked up in the index of what is; what has ended since, by when it did.
with found as materialized (
    (
        select id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity
        from report_standing(:at) as report_at
        join (select id, words, public_code from report where ended_at is null) as sought using (id)
        where {found} and {figure} and {chosen}
        limit :most
    )
    union all
    (
        select id, submitted_at, due_at, receive_due_at, open_until, ended_at, rated_at, severity
        from report_standing(:at) as report_at
        join (
            select id, words, public_code from report
            where open_until > :at and open_until < timestamptz '9999-12-31'  -- a range of the index: an end that is known
        ) as sought using (id)
        where {found} and {figure} and {chosen}
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
