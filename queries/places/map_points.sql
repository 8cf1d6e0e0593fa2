-- The reports open at the moment that have coordinates, grouped by what a map shows of them, the most pressing last; for
-- each report of a group a line in `places`. In no order within it: to sort them takes longer than to find them.
select {urgency} as state, {gravity} as severity, category_id, count(*) as reports, string_agg({spot}, e'\n') as places
from report_open_at(:at) as report_at
where {chosen}
group by 1, 2, 3
order by 1, 2, 3
