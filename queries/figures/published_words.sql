-- How many of the reports received in the period bear each of the city's own words for their status and area.
select
    case
        when grouping(told_status) = 0 then 'status'
        when grouping(told_district) = 0 then 'district'
        else 'ward'
    end as kind,
    coalesce(told_status, told_district, told_ward, '') as said,
    count(*) as reports
from report_at(:at)
join report_source on report_id = id
where {received} and {chosen}
group by grouping sets ((told_status), (told_district), (told_ward))
