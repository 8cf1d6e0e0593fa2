-- What waits for a unit's head at the moment: due today, new, come by transfer, sent back.
select
    {counts:duties}
from report_at(:at)
where {open} and {chosen}
