-- How many of the reports a figure counts lie in each cell of a grid, :wide by :high thousandths of a degree. A cell is told
-- by one number, which is grouped by sooner than two: how many cells it lies from the south times 360000, and from the west.
select cell / 360000 / :high * 360000 + cell % 360000 / :wide as key, count(*) as reports
from report_at(:at)
where {figure} and {chosen} and cell is not null
group by 1
