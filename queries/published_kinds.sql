-- Whether the city published anything of each kind about any report.
select
    exists (select from report_source where published_late is not null) as late,
    exists (select from report_source where published_status is not null) as status,
    exists (select from report_source where published_district is not null) as district,
    exists (select from report_source where published_ward is not null) as ward
