-- The reports a figure counts that a search finds by their words or by their code, in an order: their ids.
select id
from report_at(:at)
join (select id, words, public_code from report) as sought using (id)
where (words @@ cast(:words as tsquery) or public_code like cast(:code as text)) and {figure} and {chosen}
order by {order}
limit :limit offset :offset
