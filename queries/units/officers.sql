-- What each officer answers for at the moment: open and overdue reports; null: nobody is assigned. The officers are read
-- in one go, not for one report after the other.
with stood as materialized (
    select id, unit_id, {overdue|open} as late
    from report_at(:at)
    where {open} and {chosen}
)
select
    nullif(case when report.unit_id = stood.unit_id then report.officer end, '') as officer,
    count(*) as open,
    count(*) filter (where late) as overdue
from stood
join (select id, unit_id, officer from report where id = any(array(select id from stood))) as report using (id)
group by 1
