-- The first working day after a day; no row where the calendar ends before it.
select day from working_day where day > cast(:day as date) and working order by day limit 1
