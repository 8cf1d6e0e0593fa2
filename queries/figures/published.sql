-- What the city itself flags as late, beside what we find late at the moment, of the reports received in the period.
select
    published_late,
    case when due_at is null or not ended_known then 'no_deadline' when {past_due} then 'late' else 'in_time' end as ours,
    count(*) as reports,
    count(rule_id) as by_rule
from report_at(:at)
join report_source on report_id = id
where {received} and {chosen}
group by 1, 2
