-- The indexes of reports: a slow query's fix goes here. Most hold, as included columns, everything that counting needs, so
-- that a question is answered by the index alone.

-- A case by its code, or by the source's own id. report_key (05_reports.sql) keeps both unique.
create index report_public_code on report (public_code);
create index report_source_ref on report (source_ref) where source_ref is not null;

-- What is open at a moment. submitted_at is part of the order, so that what came in after a past moment is left out by
-- the index, before the visibility of its page is looked up.
create index report_open_until on report (open_until, submitted_at)
    include (id, due_at, receive_due_at, received_at, escalated_at, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status, worked_minutes, cell);

-- What fell due in a period.
create index report_due_at on report (due_at)
    include (id, submitted_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status)
    where due_at is not null;

-- What came in.
create index report_submitted_at on report (submitted_at)
    include (id, open_until, due_at, unit_id, district_id, ward_id, category_id, channel_id, severity, status, cell);

-- What was rated.
create index report_rated_at on report (rated_at)
    include (id, submitted_at, unit_id, district_id, ward_id, category_id, channel_id, severity, rating)
    where rated_at is not null;

-- What had to be received by when.
create index report_receive_due_at on report (receive_due_at)
    include (id, submitted_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id, severity)
    where receive_due_at is not null;

-- What changed, for the newest cases and the simulation.
create index report_updated_at on report (updated_at);

-- A head's worklist.
create index report_open_by_unit on report (unit_id, due_at) where ended_at is null;

-- A district, a unit or both, and perhaps a category: a few per cent of the reports.
create index report_place_and_unit on report (district_id, unit_id, category_id, submitted_at)
    include (id, received_at, receive_due_at, open_until, due_at, rated_at, ward_id, channel_id, severity, status, rating,
             worked_minutes, cell);

-- One unit, of which the city's days hold a few per cent: what it received, ended, had to do by when, had to receive by
-- when, and was rated for.
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

-- What a unit handed up: few reports are escalated.
create index report_escalated_by on report (escalated_by_id, open_until)
    include (id, submitted_at, due_at, received_at, escalated_at, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status)
    where escalated_by_id is not null;

-- Opened again after an answer: few, and counted by when they came in.
create index report_reopened on report (submitted_at)
    include (id, unit_id, district_id, ward_id, category_id, channel_id, reopen_count) where reopen_count > 0;

-- Signals: small indexes that find a few among many reports.
-- Answered or refused less than an hour before the deadline. Without time zones, because only that is immutable.
create index report_last_hour on report (open_until)
    include (id, submitted_at, received_at, due_at, unit_id, district_id, ward_id, category_id, channel_id, severity,
             status)
    where open_until <= due_at and open_until at time zone 'UTC' > due_at at time zone 'UTC' - interval '1 hour';
-- Without a deadline, by when they ended.
create index report_no_deadline on report (open_until, id)
    include (submitted_at, received_at, unit_id, district_id, ward_id, category_id, channel_id, severity, status)
    where due_at is null;
-- A change of category gave a later deadline.
create index report_deadline_moved on report (submitted_at)
    include (id, deadline_moved_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status)
    where deadline_moved_at is not null;
-- Opened again within 7 days of their end.
create index report_reopened_soon on report (submitted_at)
    include (id, reopened_soon_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status, reopen_count)
    where reopened_soon_at is not null;
-- Resolved with no answer text. The statistics tell the planner how few have none.
create index report_resolved_without_text on report (resolved_without_text_at)
    include (id, submitted_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id, severity,
             status)
    where resolved_without_text_at is not null;
create statistics report_words_kept on (coalesce(btrim(answer), '')) from report;

-- Search: all words, and the words of what is open, which is a few per cent of all and asked for most.
create index report_words on report using gin (words);
create index report_open_words on report using gin (words) where ended_at is null;

-- The map: a square of it, that is, some cells and the reports in them.
create index report_cell on report (cell) include (id) where cell is not null;
-- All that the points of a map tell, for the few per cent that are open. In the order of the units, so that a head's points
-- are read alone.
create index report_open_place on report (unit_id, id)
    include (submitted_at, due_at, category_id, severity, district_id, ward_id, channel_id, lon, lat)
    where ended_at is null and lon is not null;
-- What lies near and is open: a band of latitude within one category, and the unit, by which a head's own are told.
-- Without it, one million reports are read for the dozen near a case.
create index report_place on report (category_id, lat) include (lon, open_until, id, unit_id) where lat is not null;

-- What a report was at a past moment: without the table behind the index.
create index report_past_valid on report_past (valid_to, valid_from)
    include (report_id, submitted_at, open_until, due_at, receive_due_at, received_at, escalated_at, unit_id,
             district_id, ward_id, category_id, channel_id, severity, status, worked_minutes);
-- The same for a district, a unit or a category, found there and not among all earlier versions.
create index report_past_place on report_past (district_id, unit_id, category_id, valid_to)
    include (valid_from, report_id, submitted_at, open_until, ward_id, channel_id);

-- Changes of category that gave a later deadline.
create index report_event_deadline_later on report_event (at) include (report_id) where deadline_later;
