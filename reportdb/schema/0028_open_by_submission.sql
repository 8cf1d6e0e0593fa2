-- With when a report was submitted as a part of its order: what came in after a past moment is left out by the index, before
-- anything asks whether its page is visible to all. (A week's arrivals were half of what that question read.)
drop index report_open_until;
create index report_open_until on report (open_until, submitted_at)
    include (id, due_at, receive_due_at, received_at, escalated_at, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status, worked_minutes, cell);
