-- One case as a map's side panel tells it: what, where, who, until when, in what state. By its id or its public code,
-- where the viewer may see it and it had been submitted.
with asked as materialized (
    select id from report where id = cast(:id as bigint) or public_code = cast(:code as text)
),
found as (
    select
        id, severity, category_id, district_id, ward_id, unit_id, submitted_at, due_at, ended_at,
        {state} as state
    from report_at(:at)
    where id = (select id from asked)
)
select found.*, public_code, title, address, officer, lon, lat
from found
join (select * from report_text where id = (select id from asked)) as shown using (id)
