-- What the source itself published as late, beside what we find late at the moment: ended or still open after it was due.
select
    published_late,
    case
        when due_at is null then 'no_deadline'
        when least(open_until, :at) > due_at then 'late'
        else 'on_time'
    end as ours,
    count(*) as reports
from report_source
join report_at(:at) on report_at.id = report_source.report_id
where {chosen}
group by 1, 2
