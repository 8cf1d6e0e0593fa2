-- The working minutes of each span from :spans_start to :spans_end, in the order of the spans; null where the calendar ends before.
select minutes
from unnest(cast(:spans_start as timestamptz[]), cast(:spans_end as timestamptz[])) with ordinality as span (since, until, n)
left join lateral try_working_between(since, until) on true
order by n
