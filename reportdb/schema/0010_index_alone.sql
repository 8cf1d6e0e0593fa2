-- The same answers for less.

-- 0008's rule for what is masked, word for word, as a function that the planner does not unfold: where a page of cases
-- was asked for, a third of the time went into planning it, unfolded, four times.
do $$
begin
    execute format(
        'create or replace function masked(words text) returns text language plpgsql immutable strict parallel safe as %L',
        'begin ' || pg_get_function_sqlbody('masked(text)'::regprocedure) || '; end');
end
$$;

-- With received_at, which says how far a report was at a moment: what fell due, and what a unit or a district did, is
-- counted by the index alone.
drop index report_due_at;
create index report_due_at on report (due_at)
    include (id, submitted_at, received_at, open_until, unit_id, district_id, ward_id, category_id, channel_id,
             severity, status)
    where due_at is not null;
drop index report_place_and_unit;
create index report_place_and_unit on report (district_id, unit_id, category_id, submitted_at)
    include (id, received_at, open_until, due_at, ward_id, channel_id, severity, status, worked_minutes, cell);

-- With the unit, by which a head's own are told: what lies nearby is found by the index alone for a head as well.
drop index report_place;
create index report_place on report (category_id, lat) include (lon, open_until, id, unit_id) where lat is not null;
