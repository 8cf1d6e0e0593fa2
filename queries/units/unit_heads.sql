-- Who heads each unit on a day.
select unit_id, name, title_vi, title_en
from unit_head
where coalesce(valid_from <= cast(:day as date), true) and coalesce(valid_to > cast(:day as date), true)
order by unit_id, valid_from desc nulls last, name
