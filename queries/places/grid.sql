-- The grid in which the map counts: that of the squares that are counted beforehand, or else the one that fits the city.
select wide, high from summary_state
union all
select wide, high from city_grid() where not exists (select 1 from summary_state)
