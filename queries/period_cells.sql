-- How many reports came in during the months from :first_day up to, not including, :end_day in each cell of a grid,
-- :wide by :high thousandths of a degree (even numbers), and where its middle is: from the summary, with what has
-- changed since. It knows no filters.
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
select
    (cell % 180000 * 2 / :wide + 0.5) * :wide / 1000 - 180 as lon,
    (cell / 180000 * 2 / :high + 0.5) * :high / 1000 - 90 as lat,
    cast(sum(received) as bigint) as reports
from part
group by cell % 180000 * 2 / :wide, cell / 180000 * 2 / :high
having sum(received) > 0
