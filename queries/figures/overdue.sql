-- How far behind each key is: what it holds open and how much of that is overdue, its oldest overdue case, and the
-- category with most of them.
with part as (
    select
        {key} as key,
        category_id,
        count(*) as open,
        count(*) filter (where {overdue|open}) as overdue,
        count(*) filter (where {seriously_overdue|open}) as seriously_overdue,
        count(*) filter (where {receive_overdue|open}) as receive_overdue,
        count(*) filter (where {no_deadline|open}) as no_deadline,
        min(due_at) filter (where {overdue|open}) as oldest_due_at,
        -- When it was due, exact to the microsecond, and which one it is, smallest first: found without sorting.
        min(array[date_part('epoch', due_at), id]) filter (where {overdue|open}) as oldest
    from report_at(:at)
    where {open} and {chosen}
    group by 1, 2
),
whole as (
    select
        key,
        cast(sum(open) as bigint) as open,
        cast(sum(overdue) as bigint) as overdue,
        cast(sum(seriously_overdue) as bigint) as seriously_overdue,
        cast(sum(receive_overdue) as bigint) as receive_overdue,
        cast(sum(no_deadline) as bigint) as no_deadline,
        min(oldest_due_at) as oldest_due_at,
        cast((min(oldest))[2] as bigint) as oldest_id,
        (array_agg(category_id order by overdue desc, category_id) filter (where overdue > 0))[1] as worst_category_id,
        max(overdue) as worst_category_overdue
    from part
    group by key
)
select
    whole.key, open, overdue, seriously_overdue, receive_overdue, no_deadline, oldest_due_at, oldest_id,
    worst_category_id, worst_category_overdue
from whole
