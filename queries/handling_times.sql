-- How many of the reports resolved in the period took so many hours from submission to the answer, for each key and
-- clock (calendar, working); hours on the scale of handled_hours: whole ones up to three days, then quarters of a day.
select {key} as key, clock, hours, count(*) as reports
from report_at(:at)
cross join lateral (values
    ('calendar', handled_hours(open_until - submitted_at)),
    ('working', handled_hours(make_interval(mins => worked_minutes)))
) as handled (clock, hours)
where {resolved} and {chosen} and hours is not null
group by 1, 2, 3
