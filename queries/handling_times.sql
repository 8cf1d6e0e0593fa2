-- How many hours each report resolved in the period took from submission to the answer, rounded up, for each key: by the
-- calendar, and in working time where the calendar reaches. A row holds all of a key, four bytes a report; to count them
-- by their hours here takes longer than to tell them all (queries/period.py counts).
-- What was refused is left out in the telling, not before: the planner would expect next to nothing, and sort it.
with taken as (
    select
        {key} as key,
        string_agg(int4send(cast(ceil(date_part('epoch', open_until - submitted_at) / 3600) as integer)), '')
            filter (where {resolved|ended}) as calendar,
        string_agg(int4send((worked_minutes + 59) / 60), '') filter (where {resolved|ended}) as working
    from report_at(:at)
    where {ended} and {chosen}
    group by 1
)
select key, 'calendar' as clock, calendar as hours, cast(null as bytea) as reports from taken
union all
select key, 'working', working, null from taken
