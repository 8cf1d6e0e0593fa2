-- The city this database speaks of, and the span of the reports that have come by a moment.
select
    code, name_vi, name_en, time_zone, country, demo, attribution,
    (select min(submitted_at) from report where submitted_at <= :at) as first_submitted_at,
    (select max(submitted_at) from report where submitted_at <= :at) as last_submitted_at
from city
