-- How many of the reports a figure counts lie in each cell of a grid, :wide by :high thousandths of a degree, and where
-- its middle is.
select
    (cell % 360000 / :wide + 0.5) * :wide / 1000 - 180 as lon,
    (cell / 360000 / :high + 0.5) * :high / 1000 - 90 as lat,
    count(*) as reports
from report_at(:at)
where {figure} and {chosen} and cell is not null
group by cell % 360000 / :wide, cell / 360000 / :high
order by 2, 1
