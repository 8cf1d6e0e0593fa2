-- Where the reports a figure counts lie: of each that has coordinates the cell, a thousandth of a degree high and wide,
-- eight bytes a report, highest first. They are counted by the cells of a grid in queries/map.py, sooner than here.
select string_agg(int8send(cell), '') as cells, cast(null as bytea) as reports
from report_at(:at)
where {figure} and {chosen} and cell is not null
