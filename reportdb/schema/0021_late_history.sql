-- What a source delivers late, or for another reason than that a report was opened again.

-- History of days that are counted already: what was open when they ended differs from its first change on. Two images of
-- the report as it stands take each other out of every other count.
create function note_late_history() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_change
    select sign, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
        receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, differs_from
    from (
        select report_id, min(least(valid_to, ended_at)) as differs_from
        from became
        where valid_to <= (
            select cast(open_to + 1 as timestamp) at time zone time_zone from summary_state cross join city)
        group by report_id
    ) as late
    join report on id = report_id
    cross join (values (-1), (1)) as image (sign);
    return null;
end
$$;
create trigger note_late_history after insert on report_past
    referencing new table as became for each statement execute function note_late_history();

-- What was open when a day ended is known up to the day before the first that looks different: told by whoever takes the
-- changes out of report_change, of exactly those that are taken. A day's end belongs to the next day.
create function forget_open_days() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    update summary_state
    set open_to = least(open_to, (
        select cast((min(open_differs_from) - interval '1 microsecond') at time zone (select time_zone from city) as date) - 1
        from was));
    return null;
end
$$;
create trigger forget_open_days after delete on report_change
    referencing old table as was for each statement execute function forget_open_days();

-- When a report was first opened again within 7 days of its end: the end of a version that was closed so soon before, and
-- whose successor is open. A deadline worked out anew makes a version of a closed report, too, and opens nothing.
create function opened_again_soon(told bigint) returns timestamptz
language sql stable
return (
    select min(past.valid_to)
    from report_past as past
    cross join lateral (
        select successor.ended_at
        from (
            select report_past.ended_at, report_past.valid_from
            from report_past
            where report_past.report_id = told and report_past.valid_from >= past.valid_to
            union all
            select report.ended_at, 'infinity' from report where report.id = told
        ) as successor
        order by successor.valid_from
        limit 1
    ) as successor
    where past.report_id = told and reopened_soon(past.ended_at, past.valid_to)
        and coalesce(successor.ended_at > past.valid_to, true)
);

create or replace function tell_reopened_soon() returns trigger
language plpgsql
as $$
begin
    update report set reopened_soon_at = opened_again_soon(id)
    where id in (new.report_id, old.report_id) and reopened_soon_at is distinct from opened_again_soon(id);
    return null;
end
$$;

update report set reopened_soon_at = opened_again_soon(id)
where reopened_soon_at is distinct from opened_again_soon(id) and reopened_soon_at is not null;
