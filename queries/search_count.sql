-- How many reports a figure counts that a search finds; counting stops at a limit.
select count(*) as cases
from (
    select id
    from report_at(:at)
    join (select id, words, public_code from report) as sought using (id)
    where (words @@ cast(:words as tsquery) or public_code like cast(:code as text)) and {figure} and {chosen}
    limit :limit
) as found
