-- What has changed since the summary was last brought up to date. Written by triggers, so that no writer can forget it.

-- What a report was (sign -1) or became (+1), and the first moment of the past whose open reports differ by it, if any.
create table report_change (
    sign smallint not null check (sign in (-1, 1)),
    report_id bigint not null,
    district_id integer,
    ward_id integer,
    unit_id integer,
    category_id smallint not null,
    channel_id smallint not null,
    cell bigint,
    submitted_at timestamptz not null,
    received_at timestamptz,
    receive_due_at timestamptz,
    due_at timestamptz,
    ended_at timestamptz,
    status text not null,
    rating text,
    rated_at timestamptz,
    reopen_count smallint not null,
    worked_minutes integer,
    open_differs_from timestamptz,
    severity text not null,
    noted xid8 not null default pg_current_xact_id()  -- the transaction that noted it
);
create index report_change_open_differs_from on report_change (open_differs_from) where open_differs_from is not null;

create function note_report_change() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    if tg_op = 'INSERT' then
        insert into report_change
        select 1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, submitted_at,
            severity
        from became;
    elsif tg_op = 'DELETE' then
        insert into report_change
        select -1, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
            receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, submitted_at,
            severity
        from was;
    else
        insert into report_change
        select image.*
        from was join became using (id)
        cross join lateral (values
            (-1, id, was.district_id, was.ward_id, was.unit_id, was.category_id, was.channel_id, was.cell,
                was.submitted_at, was.received_at, was.receive_due_at, was.due_at, was.ended_at, was.status,
                was.rating, was.rated_at, was.reopen_count, was.worked_minutes, null, was.severity),
            (1, id, became.district_id, became.ward_id, became.unit_id, became.category_id, became.channel_id,
                became.cell, became.submitted_at, became.received_at, became.receive_due_at, became.due_at,
                became.ended_at, became.status, became.rating, became.rated_at, became.reopen_count,
                became.worked_minutes,
                case
                    -- Where or when it was sent in is no history: the past is corrected with it.
                    when (was.district_id, was.ward_id, was.channel_id, was.submitted_at) is distinct from
                        (became.district_id, became.ward_id, became.channel_id, became.submitted_at)
                        then least(was.submitted_at, became.submitted_at)
                    -- What came before its last change of hands stands in report_past and stays.
                    when (was.unit_id, was.category_id, was.severity)
                        is distinct from (became.unit_id, became.category_id, became.severity)
                        or was.ended_at is not null and was.ended_at is distinct from became.ended_at
                        then coalesce(
                            (select max(valid_to) from report_past where report_id = became.id), became.submitted_at)
                    when was.ended_at is distinct from became.ended_at then became.ended_at
                end,
                became.severity)
        ) as image
        where (was.district_id, was.ward_id, was.unit_id, was.category_id, was.channel_id, was.cell,
                was.submitted_at, was.received_at, was.receive_due_at, was.due_at, was.ended_at, was.status,
                was.rating, was.rated_at, was.reopen_count, was.worked_minutes, was.severity) is distinct from
            (became.district_id, became.ward_id, became.unit_id, became.category_id, became.channel_id,
                became.cell, became.submitted_at, became.received_at, became.receive_due_at, became.due_at,
                became.ended_at, became.status, became.rating, became.rated_at, became.reopen_count,
                became.worked_minutes, became.severity);
    end if;
    return null;
end
$$;

create trigger note_new after insert on report
    referencing new table as became for each statement execute function note_report_change();
create trigger note_change after update on report
    referencing old table as was new table as became for each statement execute function note_report_change();
create trigger note_removal after delete on report
    referencing old table as was for each statement execute function note_report_change();

-- History that comes in for days that are counted already: what was open when they ended differs from its first change on.
-- Two images of the report as it stands, which cancel out in every other count.
create function note_late_history() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_change
    select sign, id, district_id, ward_id, unit_id, category_id, channel_id, cell, submitted_at, received_at,
        receive_due_at, due_at, ended_at, status, rating, rated_at, reopen_count, worked_minutes, differs_from,
        severity
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

-- What those changes add to the counts, worked out once by the writer instead of by everybody who asks. Most of a change
-- cancels out: a report that was received is still submitted and due at the same moments. What is left is one row for each
-- moment at which the counts differ, found by that moment. Questions about whole days up to yesterday read few of them:
-- most of what happens today differs from today on. What differs for the whole city stands in rows of its own; where a
-- report passed from one unit to another there is none.
create table report_change_fact (
    noted xid8 not null default pg_current_xact_id(),  -- as in report_change: both go together
    whole_city boolean not null,                       -- then without district, ward, unit, category, ...
    at timestamptz not null,
    district_id integer,
    ward_id integer,
    unit_id integer,
    category_id smallint,
    channel_id smallint,
    severity text,
    cell bigint,             -- of what was received: its square
    calendar_hours integer,  -- of what was resolved: on the scale of handled_hours
    working_hours integer,
    received integer not null,
    received_off_map integer not null,
    reopened integer not null,
    resolved_on_time integer not null,
    resolved_late integer not null,
    resolved_no_deadline integer not null,
    refused integer not null,
    fell_due integer not null,
    done_by_due integer not null,
    receive_fell_due integer not null,
    received_on_time integer not null,
    rated_satisfied integer not null,
    rated_acceptable integer not null,
    rated_not_satisfied integer not null
);
create index report_change_fact_of_city on report_change_fact (at) where whole_city;
create index report_change_fact_at on report_change_fact (at) where not whole_city;
create index report_change_fact_of_unit on report_change_fact (unit_id, at) where not whole_city;
-- One change in thirteen resolves a report: handling times need not read the others.
create index report_change_fact_handled on report_change_fact (whole_city, at) where calendar_hours is not null;

create function note_change_facts() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_change_fact (
        whole_city, at, district_id, ward_id, unit_id, category_id, channel_id, severity, cell, calendar_hours,
        working_hours, received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused,
        fell_due, done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable, rated_not_satisfied)
    select *
    from (
        select
            grouping(district_id) = 1 as whole_city, fact.at, district_id, ward_id, unit_id, category_id, channel_id,
            severity, what.cell, what.calendar_hours, what.working_hours,
            coalesce(sum(sign * fact.received), 0) as received,
            coalesce(sum(sign * fact.received_off_map), 0) as received_off_map,
            coalesce(sum(sign * fact.reopened), 0) as reopened,
            coalesce(sum(sign * fact.resolved_on_time), 0) as resolved_on_time,
            coalesce(sum(sign * fact.resolved_late), 0) as resolved_late,
            coalesce(sum(sign * fact.resolved_no_deadline), 0) as resolved_no_deadline,
            coalesce(sum(sign * fact.refused), 0) as refused,
            coalesce(sum(sign * fact.fell_due), 0) as fell_due,
            coalesce(sum(sign * fact.done_by_due), 0) as done_by_due,
            coalesce(sum(sign * fact.receive_fell_due), 0) as receive_fell_due,
            coalesce(sum(sign * fact.received_on_time), 0) as received_on_time,
            coalesce(sum(sign * fact.rated_satisfied), 0) as rated_satisfied,
            coalesce(sum(sign * fact.rated_acceptable), 0) as rated_acceptable,
            coalesce(sum(sign * fact.rated_not_satisfied), 0) as rated_not_satisfied
        from became
        cross join lateral report_facts(submitted_at, became.cell is null, reopen_count, status, due_at, ended_at,
            receive_due_at, received_at, rating, rated_at) as fact
        cross join lateral (values (
            case when fact.received = 1 then became.cell end,
            case when 1 in (fact.resolved_on_time, fact.resolved_late, fact.resolved_no_deadline)
                then handled_hours(ended_at - submitted_at) end,
            case when 1 in (fact.resolved_on_time, fact.resolved_late, fact.resolved_no_deadline)
                then handled_hours(make_interval(mins => worked_minutes)) end
        )) as what (cell, calendar_hours, working_hours)
        group by grouping sets (
            (fact.at, what.cell, what.calendar_hours, what.working_hours),
            (fact.at, what.cell, what.calendar_hours, what.working_hours, district_id, ward_id, unit_id, category_id,
                channel_id, severity))
    ) as net
    where (
        received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused, fell_due,
        done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable, rated_not_satisfied
    ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return null;
end
$$;

create trigger note_facts after insert on report_change
    referencing new table as became for each statement execute function note_change_facts();

-- Deleted together with the changes, and of exactly the transactions whose changes are deleted.
create function forget_change_facts() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    delete from report_change_fact where noted in (select noted from was);
    return null;
end
$$;

create trigger forget_facts after delete on report_change
    referencing old table as was for each statement execute function forget_change_facts();

create function empty_change_facts() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    truncate report_change_fact;
    return null;
end
$$;

create trigger empty_facts after truncate on report_change for each statement execute function empty_change_facts();
