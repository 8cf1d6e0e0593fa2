-- When anything last happened to any report, by a moment: it came in, was handled, changed hands, was answered or rated.
-- What happened to a closed report ended with its end, its rating or a version of the past; what happened to an open one
-- is asked of its events.
select greatest(
    (select max(submitted_at) from report where submitted_at <= :at),
    (select max(open_until) from report where open_until <= :at),
    (select max(rated_at) from report where rated_at <= :at),
    (select max(valid_to) from report_past where valid_to <= :at),
    (select max(received_at) from report where open_until > :at and received_at <= :at),
    (select max(escalated_at) from report where open_until > :at and escalated_at <= :at),
    (select max(report_event.at) from report_event join report on report.id = report_id
        where open_until > :at and report_event.at <= :at)) as at
