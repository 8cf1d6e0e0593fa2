-- The city this database speaks of, and the span of its reports.
select
    code, name_vi, name_en, time_zone, country, demo, attribution,
    (select min(submitted_at) from report) as first_submitted_at,
    (select max(submitted_at) from report) as last_submitted_at
from city
