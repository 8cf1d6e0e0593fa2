-- A head asks about one unit, of which the city's days hold a few per cent: what it received, ended, had to do by when
-- and was rated for is found by the unit, not among all that happened in those days.
create index report_unit_submitted on report (unit_id, submitted_at)
    include (id, received_at, open_until, due_at, district_id, ward_id, category_id, channel_id, severity, status, cell,
             reopen_count);
create index report_unit_ended on report (unit_id, open_until)
    include (id, submitted_at, due_at, received_at, district_id, ward_id, category_id, channel_id, severity, status,
             worked_minutes, cell);
create index report_unit_due on report (unit_id, due_at)
    include (id, submitted_at, received_at, open_until, district_id, ward_id, category_id, channel_id, severity, status)
    where due_at is not null;
create index report_unit_receive_due on report (unit_id, receive_due_at)
    include (id, submitted_at, received_at, open_until, district_id, ward_id, category_id, channel_id, severity)
    where receive_due_at is not null;
create index report_unit_rated on report (unit_id, rated_at)
    include (id, submitted_at, district_id, ward_id, category_id, channel_id, severity, rating)
    where rated_at is not null;
