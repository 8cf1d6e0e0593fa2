-- The steps of a report up to the moment, as they happened.
select n, at, kind, from_unit_id, to_unit_id, note
from report_step
where report_id = :id and at <= :at
order by n
