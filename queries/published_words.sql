-- How many of the reports received in the period bear each of the city's own words for their status and area.
select
    case
        when grouping(word.status) = 0 then 'status'
        when grouping(word.district) = 0 then 'district'
        else 'ward'
    end as kind,
    coalesce(word.status, word.district, word.ward, '') as said,
    count(*) as reports
from report_at(:at)
join published_word as word on report_id = id
where {received} and {chosen}
group by grouping sets ((word.status), (word.district), (word.ward))
