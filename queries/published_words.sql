-- How many of the reports received in the period bear each of the city's own words for their status and area.
select
    case
        when grouping(published_status) = 0 then 'status'
        when grouping(published_district) = 0 then 'district'
        else 'ward'
    end as kind,
    coalesce(published_status, published_district, published_ward, '') as said,
    count(*) as reports
from report_at(:at)
join report_source on report_id = id
where {received} and {chosen}
group by grouping sets ((published_status), (published_district), (published_ward))
