-- How many of the reports a figure counts lie in each cell of a grid, :wide by :high thousandths of a degree, and where
-- its middle is. Reads like report_at, with the cell that has no past: what was sent in stays where it was.
with report_at as (
    select id, cell, submitted_at, open_until, due_at, unit_id, district_id, ward_id, category_id, channel_id
    from report
    where submitted_at <= :at
        and id not in (select report_id from report_past where valid_from <= :at and valid_to > :at)
    union all
    select
        past.report_id, report.cell, past.submitted_at, past.open_until, past.due_at, past.unit_id, past.district_id,
        past.ward_id, past.category_id, past.channel_id
    from report_past as past
    join report on report.id = past.report_id
    where past.submitted_at <= :at and past.valid_from <= :at and past.valid_to > :at
)
select
    (cell % 360000 / :wide + 0.5) * :wide / 1000 - 180 as lon,
    (cell / 360000 / :high + 0.5) * :high / 1000 - 90 as lat,
    count(*) as reports
from report_at
where {figure} and {chosen} and cell is not null
group by cell % 360000 / :wide, cell / 360000 / :high
order by 2, 1
