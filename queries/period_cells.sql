-- How many reports came in during the months from :first_day up to, not including, :end_day in each cell of a grid, told as
-- map_cells.sql tells it (:wide and :high are even numbers): from the summary, with what has changed since. It knows no
-- filters.
with part as (
    select cell, received
    from report_month_cell
    where month >= :first_day and month < :end_day
    union all
    select wider_cell(cell), sign
    from report_change
    where cell is not null and submitted_at >= cast(:first_day as timestamp) at time zone :zone
        and submitted_at < cast(:end_day as timestamp) at time zone :zone
)
select cell / 180000 * 2 / :high * 360000 + cell % 180000 * 2 / :wide as key, sum(received) as reports
from part
group by 1
