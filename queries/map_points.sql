-- The reports a figure counts that have coordinates, grouped by what a map shows of them: in what state (3 overdue, 2 due
-- soon, 1 no deadline known, 0 else), how grave (2 urgent, 1 complex), what about; each with a line in `places`:
-- longitude and latitude in hundred-thousandths of a degree, and its id. The most pressing :most, and they come last.
with found as (
    select
        id, category_id,
        case when {overdue} then 3 when {due_soon} then 2 when {no_deadline} then 1 else 0 end as state,
        case severity when 'urgent' then 2 when 'complex' then 1 else 0 end as severity
    from report_at(:at)
    where {figure} and submitted_at > :since and {chosen}
),
placed as (
    select found.*, cast(lon * 100000 as integer) as x, cast(lat * 100000 as integer) as y
    from found
    join report using (id)
    where lon is not null
    order by state desc, found.severity desc, id desc
    limit :most
)
select
    state, severity, category_id, count(*) as reports,
    string_agg(x || ',' || y || ',' || id, e'\n' order by id) as places
from placed
group by state, severity, category_id
order by state, severity, category_id
