-- How the reports that ended in the period ended, and how long those resolved had taken since they were submitted.
select
    {key} as key,
    count(*) filter (where {resolved_on_time}) as resolved_on_time,
    count(*) filter (where {resolved_late}) as resolved_late,
    count(*) filter (where {resolved_no_deadline}) as resolved_no_deadline,
    count(*) filter (where {refused}) as refused,
    cast(percentile_cont(0.5) within group (order by extract(epoch from open_until - submitted_at) / 3600)
        filter (where status = 'resolved') as double precision) as median_hours,
    cast(percentile_cont(0.9) within group (order by extract(epoch from open_until - submitted_at) / 3600)
        filter (where status = 'resolved') as double precision) as p90_hours
from report_at(:at)
where {ended} and {chosen}
group by 1
