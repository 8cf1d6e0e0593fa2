-- Where the city is dense: counted from the index alone.

-- The cell of a grid over the world in which a report lies, its sides a thousandth of a degree (about 111 m north to
-- south): 360,000 to a row, counted eastward from the antimeridian, row upon row from the south pole. Wider cells are
-- made of these by division.
alter table report add column cell bigint generated always as (
    cast(floor((lat + 90) * 1000) as bigint) * 360000 + cast(floor((lon + 180) * 1000) as bigint)) stored;

drop index report_submitted_at;
create index report_submitted_at on report (submitted_at)
    include (id, open_until, due_at, unit_id, district_id, ward_id, category_id, channel_id, severity, status, cell);

-- The few that no map can show.
create index report_off_map on report (id) where lon is null;
