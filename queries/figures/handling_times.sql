-- How many hours each report resolved in the period took from submission to the answer, rounded up, for each key: by the
-- calendar, and in working time where the calendar reaches. A row holds all of a key, four bytes a report; to count them
-- by their hours here takes longer than to tell them all (queries/figures/period.py counts).
with taken as (
    select
        {key} as key,
        string_agg(int4send(cast(ceil(date_part('epoch', open_until - submitted_at) / 3600) as integer)), '') as calendar,
        string_agg(int4send((worked_minutes + 59) / 60), '') as working
    from report_at(:at)
    where {resolved} and ended_known and {chosen}
    group by 1
)
select key, 'calendar' as clock, calendar as hours, cast(null as bytea) as reports from taken
union all
select key, 'working', working, null from taken
