-- The working minutes of each span from :starts to :ends, in the order of the spans; null where the calendar ends before.
select minutes
from unnest(cast(:starts as timestamptz[]), cast(:ends as timestamptz[])) with ordinality as span (since, until, n)
left join lateral try_working_between(since, until) on true
order by n
