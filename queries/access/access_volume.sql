-- How many cases each account opened, and how many it took away in files, in the hour and in the day before a moment.
select
    subject,
    count(distinct access_log.report_id) filter (where action = 'case' and lately) as opened_hour,
    count(distinct access_log.report_id) filter (where action = 'case') as opened_day,
    cast(coalesce(sum(coalesce(sent, listed)) filter (where lately), 0) as bigint) as exported_hour,
    cast(coalesce(sum(coalesce(sent, listed)), 0) as bigint) as exported_day
from access_log
left join access_export on access_export.id = access_log.id
cross join lateral (select at > cast(:at as timestamptz) - interval '1 hour' as lately) as hour
where at > cast(:at as timestamptz) - interval '1 day' and at <= cast(:at as timestamptz)
    and action in ('case', 'file')
group by subject
