-- What changes that wait for the summary add to its counts, worked out once by the writer instead of by everybody who asks.
--
-- Most of what a change notes in report_change cancels out: a report that was received is still submitted and due at the
-- same moments. What is left is one row here for each moment at which the counts differ, found by that moment. Questions
-- about whole days up to yesterday read few of them: most of what happens today differs from today on. What differs for
-- the whole city stands in rows of its own: where a report passed from one unit to another there is none.

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
grant select on report_change_fact to report_reader, report_official, report_leader;

-- The transaction that noted a change. Its facts become visible with it, and are taken away with it.
alter table report_change add column noted xid8 not null default pg_current_xact_id();

-- From when on the kept days' open reports differ, found at once.
create index report_change_open_differs_from on report_change (open_differs_from) where open_differs_from is not null;

create function note_change_facts() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
    insert into report_change_fact (
        whole_city, at, district_id, ward_id, unit_id, category_id, channel_id, severity, cell, calendar_hours,
        working_hours, received, received_off_map, reopened, resolved_on_time, resolved_late, resolved_no_deadline, refused, fell_due,
        done_by_due, receive_fell_due, received_on_time, rated_satisfied, rated_acceptable, rated_not_satisfied)
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

-- Taken away by whoever takes the changes out of report_change, of exactly the transactions whose changes are taken.
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

-- Of the changes that wait already.
create temporary table waiting on commit drop as table report_change;
truncate report_change;
insert into report_change table waiting;
