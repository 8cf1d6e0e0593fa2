-- What was open at each of the moments :ends, in their order, counted from the reports; :first is the first of them and
-- :last the last.
with turn as (
    -- How many more are open from which of the moments on.
    select width_bucket(submitted_at - interval '1 microsecond', cast(:ends as timestamptz[])) as n, count(*) as turns
    from report as report_at
    where submitted_at <= :last and open_until > :first and {chosen}
    group by 1
    union all
    select width_bucket(open_until - interval '1 microsecond', cast(:ends as timestamptz[])), -count(*)
    from report as report_at
    where open_until > :first and open_until <= :last and {chosen}
    group by 1
    union all
    -- While a row of report_past holds, it counts in place of the report.
    select width_bucket(turns_at - interval '1 microsecond', cast(:ends as timestamptz[])), sum(turns)
    from (
        select greatest(valid_from, submitted_at), least(valid_to, open_until), -1
        from (
            select
                id, report.submitted_at, report.open_until, report.district_id, report.ward_id, report.unit_id,
                report.category_id, report.channel_id, report.severity, valid_from, valid_to
            from report_past
            join report on report.id = report_id
            where valid_to > :first and valid_from <= :last
        ) as report_at
        where {chosen}
        union all
        select greatest(valid_from, submitted_at), least(valid_to, open_until), 1
        from (select *, report_id as id from report_past where valid_to > :first and valid_from <= :last) as report_at
        where {chosen}
    ) as span (since, until, counts)
    cross join lateral (values (since, counts), (until, -counts)) as turn (turns_at, turns)
    where since < until
    group by 1
)
select cast(coalesce(sum(turns), 0) as bigint) as open
from unnest(cast(:ends as timestamptz[])) with ordinality as moment (ends_at, place)
left join turn on turn.n < place
group by place
order by place
