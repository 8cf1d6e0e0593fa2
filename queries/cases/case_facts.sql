-- Reports as they stood at the moment, by what, where, who and how long: nothing a citizen wrote, no code, and no place
-- finer than the middle of a cell about a hundred metres wide. What a screen on a wall may show.
select
    id, severity, {state} as state, category_id, district_id, ward_id, unit_id, submitted_at, due_at,
    (cell % 360000 + 0.5) / 1000 - 180 as lon, (cell / 360000 + 0.5) / 1000 - 90 as lat
from report_at(:at)
where id = any(cast(:ids as bigint[]))
