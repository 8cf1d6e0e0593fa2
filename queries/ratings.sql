-- How citizens rated in the period: each of the three ratings counted.
select
    count(*) as rated,
    count(*) filter (where {rated_satisfied}) as rated_satisfied,
    count(*) filter (where {rated_acceptable}) as rated_acceptable,
    count(*) filter (where {rated_not_satisfied}) as rated_not_satisfied
from report_at(:at)
where {rated} and {chosen}
