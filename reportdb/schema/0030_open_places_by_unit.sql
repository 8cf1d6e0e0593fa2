-- In the order of the units: a head's points are read alone, and his right to them is asked of these alone.
drop index report_open_place;
create index report_open_place on report (unit_id, id)
    include (submitted_at, due_at, category_id, severity, district_id, ward_id, channel_id, lon, lat)
    where ended_at is null and lon is not null;
