-- The working minutes left until the deadline of open reports whose term runs in working time and has not passed; null
-- where the calendar does not say.
select report_at.id, minutes
from report_at(:at)
join deadline_rule on deadline_rule.id = rule_id
cross join lateral try_working_between(:at, due_at)
where report_at.id = any(cast(:ids as bigint[])) and clock = 'working' and {in_time}
