-- The office hours in force on a day: opening and closing, since when, and who says so.
select opens, closes, valid_from, source, confirmed
from office_hours
where valid_from = (select max(valid_from) from office_hours where valid_from <= :day)
order by opens
