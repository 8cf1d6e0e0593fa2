-- Open urgent reports submitted after :since, in an order: their ids, and how many there are in all.
select id, count(*) over () as found
from report_at(:at)
where {open} and severity = 'urgent' and submitted_at > :since and {chosen}
order by {order}
limit :limit
