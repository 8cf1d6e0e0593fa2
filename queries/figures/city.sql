-- The city this database speaks of, what it calls its areas and units, and the span of the reports
-- that have come by a moment.
select
    code, name_vi, name_en, time_zone, demo, attribution, country, languages,
    (
        select json_object_agg(
            level, json_build_object('one_vi', one_vi, 'many_vi', many_vi, 'one_en', one_en, 'many_en', many_en)
            order by level)
        from level_name
    ) as levels,
    (select min(submitted_at) from report where submitted_at <= :at) as first_submitted_at,
    (select max(submitted_at) from report where submitted_at <= :at) as last_submitted_at
from city
