-- What is worth a second look: small indexes, so that a few among many reports are found without reading the many.

-- Answered or refused less than an hour before the deadline. Without time zones, because only that is immutable.
create index report_last_hour on report (open_until)
    include (id, submitted_at, due_at, unit_id, district_id, ward_id, category_id, channel_id, severity, status)
    where open_until <= due_at and open_until at time zone 'UTC' > due_at at time zone 'UTC' - interval '1 hour';

-- Closed, and opened again within seven days: the version that ended with the reopening.
create index report_past_reopened_soon on report_past (valid_to) include (report_id)
    where valid_to - ended_at <= interval '7 days';

-- Resolved, and no answer text is kept. The statistics tell the planner how few they are.
create index report_without_words on report (open_until) include (id)
    where status = 'resolved' and coalesce(btrim(answer), '') = '';
create statistics report_words_kept on (coalesce(btrim(answer), '')) from report;

-- Whether a change of category or severity gave the report a later deadline. It takes the versions before and after to
-- know, so it is worked out when the change is complete, at the end of its transaction.
alter table report_event add column deadline_later boolean;  -- null: no such change

create function tell_deadline_later() returns trigger language plpgsql as $$
begin
    update report_event
    set deadline_later = before.due_at < (
        select due_at
        from (
            select 1 as n, due_at from report_past where report_id = new.report_id and valid_from = new.at
            union all
            select 2, due_at from report where id = new.report_id
        ) as version
        order by n
        limit 1)
    from report_past as before
    where report_event.report_id = new.report_id and report_event.n = new.n
        and before.report_id = new.report_id and before.valid_to = new.at;
    return null;
end
$$;

create constraint trigger deadline_later after insert on report_event deferrable initially deferred
    for each row when (new.kind = 'recategorised') execute function tell_deadline_later();

create index report_event_deadline_later on report_event (at) include (report_id) where deadline_later;

-- What had to be taken on by a unit, by when.
create index if not exists report_receive_due_at on report (receive_due_at)
    include (id, submitted_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id, severity)
    where receive_due_at is not null;
