-- With what tells whether a report was taken on and how it was rated: of a district, or a category in it, both are counted by
-- the index alone. Before, all of the city that were to be taken on or were rated in the period were looked through.
drop index report_place_and_unit;
create index report_place_and_unit on report (district_id, unit_id, category_id, submitted_at)
    include (id, received_at, receive_due_at, open_until, due_at, rated_at, ward_id, channel_id, severity, status, rating,
             worked_minutes, cell);
