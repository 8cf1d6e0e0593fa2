-- How many reports a figure counts.
select count(*) as cases from report_at(:at) where {figure} and {chosen}
