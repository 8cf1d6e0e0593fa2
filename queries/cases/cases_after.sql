-- The next :limit reports that a figure counts, newest or oldest first, after the one last told (when it moved, and its id):
-- their ids, and when they moved. So a list of any length is read part by part.
with found as (
    (
        select id, {moves} as moved
        from report_standing(:at) as report_at
        where {figure} and {chosen}
            and ({moves}, id) {beyond} (cast(:after as timestamptz), cast(:after_id as bigint))
        order by {order}
        limit :limit
    )
    union all
    (
        select id, {moves} as moved
        from report_former(:at) as report_at
        where {figure} and {chosen}
            and ({moves}, id) {beyond} (cast(:after as timestamptz), cast(:after_id as bigint))
        order by {order}
        limit :limit
    )
)
select id, moved from found order by moved {downwards}, id {downwards} limit :limit
