-- The names a search may mean, as plain words, each with the mark that stands for it among a report's words.
with named as (
    select case level when 'district' then '=d' else '=w' end || id as mark, name_vi, name_en, kind from area
    union all
    select '=u' || id, name_vi, name_en, null from unit
    union all
    select '=c' || id, name_vi, name_en, null from category
)
select distinct mark, btrim(regexp_replace(plain(form), '[\W_]+', ' ', 'g')) as name
from named, unnest(array[name_vi, name_en, kind || ' ' || name_vi]) as form
where form is not null
order by 1, 2
