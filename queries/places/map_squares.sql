-- How many of the reports a figure counts lie in each square of a grid, :wide by :high thousandths of a degree. A square is
-- told by one number, which is grouped by sooner than two: how many lie south of it times 360000, and west of it.
select square_of(cell, :wide, :high) as key, count(*) as reports
from report_at(:at)
where {figure} and {chosen} and cell is not null
group by 1
