-- How many of the reports resolved in the period took so many hours from submission to the answer, for each key; on
-- the scale of handled_hours: whole hours up to three days, then quarters of a day, rounded up.
select {key} as key, handled_hours(open_until - submitted_at) as hours, count(*) as reports
from report_at(:at)
where {resolved} and {chosen}
group by 1, 2
