-- The days of a year that are not what their place in the week says: holidays, and days worked in exchange.
select day, working, name, source
from working_day
where extract(year from day) = extract(year from cast(:day as date))
    and working <> (extract(isodow from day) < 6)
order by day
