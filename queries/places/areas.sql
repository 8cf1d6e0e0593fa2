-- The boundaries of one level, as GeoJSON geometries, with what a map says of them.
select id as key, code, name_vi, name_en, population, lon, lat, geometry, schematic, attribution
from area
where level = :level and geometry is not null
order by code
