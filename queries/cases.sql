-- The reports a figure counts, in an order: their ids.
select id from report_at(:at) where {figure} and {chosen} order by {order} limit :limit offset :offset
