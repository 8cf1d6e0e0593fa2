-- What is dated after :latest, which has not come yet: table, column, how many rows, the furthest moment, one report's id.
-- Only what an index finds: `reportdb check` looks at every row.
with standing as (
    select id, received_at, escalated_at, ended_at from report where open_until > :latest
), dated as (
    select 'report' as place, 'submitted_at' as moment, submitted_at as at, id from report where submitted_at > :latest
    union all
    select 'report', 'updated_at', updated_at, id from report where updated_at > :latest
    union all
    select 'report', 'rated_at', rated_at, id from report where rated_at > :latest
    union all
    select 'report', 'ended_at', ended_at, id from standing where ended_at is not null
    union all
    select 'report', 'received_at', received_at, id from standing where received_at > :latest
    union all
    select 'report', 'escalated_at', escalated_at, id from standing where escalated_at > :latest
    union all
    select 'feed', 'last_delivery_at', last_delivery_at, null from feed where last_delivery_at > :latest
    union all
    select 'primary_beat', 'at', primary_beat.at, null from primary_beat where primary_beat.at > :latest
)
select place, moment, count(*) as rows, max(at) as furthest, min(id) as report_id
from dated
group by place, moment
order by place desc, moment
