-- What waits for a unit's head at the moment: due today, new, come by transfer, sent back.
select
    count(*) filter (where {due_today|open}) as due_today,
    count(*) filter (where {new_here|open}) as new_here,
    count(*) filter (where {by_transfer|open}) as by_transfer,
    count(*) filter (where {sent_back|open}) as sent_back
from report_at(:at)
where {open} and {chosen}
