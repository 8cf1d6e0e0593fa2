-- One case as a map's side panel tells it: what, where, who, until when, in what state. By its id or its public code,
-- where the viewer may see it and it had been submitted.
with found as (
    select
        id, severity, category_id, district_id, ward_id, unit_id, submitted_at, due_at, ended_at,
        {state} as state
    from report_at(:at)
    where id = (
            select id from report
            where id = cast(:id as bigint) or public_code = cast(:code as text))
        and (cast(:scope as integer[]) is null or unit_id = any(cast(:scope as integer[])))
)
select found.*, public_code, title, address, officer, lon, lat
from found
join report using (id)
