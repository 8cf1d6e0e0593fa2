-- What happened in the period, for each key, counted from the reports: what came in, what ended and how, what fell due,
-- what was to be taken on, what was rated.
with part as (
    select {key} as key, 'received' as figure, count(*) as reports
    from report_at(:at)
    where {received} and {chosen}
    group by 1
    union all
    select {key}, 'received_off_map', count(*)
    from report_at(:at)
    where {received_off_map} and {chosen}
    group by 1
    union all
    select {key}, 'reopened', count(*)
    from report_at(:at)
    where {reopened} and {chosen}
    group by 1
    union all
    select
        {key},
        case
            when {resolved_on_time|ended} then 'resolved_on_time'
            when {resolved_late|ended} then 'resolved_late'
            when {resolved_no_deadline|ended} then 'resolved_no_deadline'
            when {resolved_time_unknown|ended} then 'resolved_time_unknown'
            else 'refused'
        end,
        count(*)
    from report_at(:at)
    where {ended} and {chosen}
    group by 1, 2
    union all
    select {key}, case when {done_by_due|fell_due} then 'done_by_due' else 'not_done_by_due' end, count(*)
    from report_at(:at)
    where {fell_due} and {chosen}
    group by 1, 2
    union all
    select
        {key},
        case when {received_on_time|receive_fell_due} then 'received_on_time' else 'not_received_on_time' end,
        count(*)
    from report_at(:at)
    where {receive_fell_due} and {chosen}
    group by 1, 2
    union all
    select {key}, 'rated_' || rating, count(*)
    from report_at(:at)
    where {rated} and {chosen}
    group by 1, 2
)
select
    key,
    cast(sum(reports) filter (where figure = 'received') as bigint) as received,
    cast(sum(reports) filter (where figure = 'received_off_map') as bigint) as received_off_map,
    cast(sum(reports) filter (where figure = 'reopened') as bigint) as reopened,
    cast(sum(reports) filter (where figure = 'resolved_on_time') as bigint) as resolved_on_time,
    cast(sum(reports) filter (where figure = 'resolved_late') as bigint) as resolved_late,
    cast(sum(reports) filter (where figure = 'resolved_no_deadline') as bigint) as resolved_no_deadline,
    cast(sum(reports) filter (where figure = 'resolved_time_unknown') as bigint) as resolved_time_unknown,
    cast(sum(reports) filter (where figure = 'refused') as bigint) as refused,
    cast(sum(reports) filter (where figure in ('done_by_due', 'not_done_by_due')) as bigint) as fell_due,
    cast(sum(reports) filter (where figure = 'done_by_due') as bigint) as done_by_due,
    cast(sum(reports) filter (where figure in ('received_on_time', 'not_received_on_time')) as bigint)
        as receive_fell_due,
    cast(sum(reports) filter (where figure = 'received_on_time') as bigint) as received_on_time,
    cast(sum(reports) filter (where figure = 'rated_satisfied') as bigint) as rated_satisfied,
    cast(sum(reports) filter (where figure = 'rated_acceptable') as bigint) as rated_acceptable,
    cast(sum(reports) filter (where figure = 'rated_not_satisfied') as bigint) as rated_not_satisfied
from part
group by key
