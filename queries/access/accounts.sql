-- Every account that may come in, with the units whose cases it may read: its own, and those below it.
with recursive below as (
    select id as unit_id, id as own_id from unit
    union
    select unit.id, below.own_id from unit join below on unit.parent_id = below.unit_id
)
select
    subject, name, role, unit_id, language,
    array(select below.unit_id from below where below.own_id = app_user.unit_id order by 1) as units
from app_user
where disabled_at is null
