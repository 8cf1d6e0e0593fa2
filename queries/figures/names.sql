-- The names of everything a report can be counted by.
select 'district' as dimension, id as key, code, name_vi, name_en, kind, population, parent_id
from area where level = 'district'
union all
select 'ward', id, code, name_vi, name_en, kind, population, parent_id from area where level = 'ward'
union all
select 'unit', id, code, name_vi, name_en, kind, null, parent_id from unit
union all
select 'category', id, code, name_vi, name_en, severity, null, null from category
union all
select 'channel', id, code, name_vi, name_en, null, null, null from channel
order by 1, 2
