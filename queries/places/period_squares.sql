-- How many reports came in during the days from :first_day up to, not including, :end_day in each square of the city's grid
-- (:wide and :high), told as map_squares.sql tells it: from the summary, in whole months from :first_month to :end_month, in
-- days before and after them, with what has changed since. It knows no filters.
with part as (
    select square, received
    from report_square
    where span = 'month' and begins >= :first_month and begins < :end_month
    union all
    select square, received
    from report_square
    where span = 'day'
        and (begins >= :first_day and begins < :first_month or begins >= :end_month and begins < :end_day)
    union all
    select square_of(cell, :wide, :high), received
    from report_change_fact
    where whole_city and cell is not null and at >= cast(:first_day as timestamp) at time zone :zone
        and at < cast(:end_day as timestamp) at time zone :zone
)
select square as key, sum(received) as reports
from part
group by 1
