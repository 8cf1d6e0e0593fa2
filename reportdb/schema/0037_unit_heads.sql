-- Who heads a unit, and from when to when: named on the unit's page and beside the cases to raise at a briefing.
create table unit_head (
    unit_id integer not null references unit,
    name text not null check (name ~ '\S'),
    title_vi text not null,
    title_en text not null,
    valid_from date,
    valid_to date,                        -- first day the name no longer holds
    check (valid_from < valid_to)
);
create index unit_head_unit on unit_head (unit_id);

-- Names of officials belong beside cases: counts, and so walls, do without them.
grant select on unit_head to report_official, report_leader, report_escalator;

create trigger mark_change after insert or update or delete or truncate on unit_head
    for each statement execute function mark_change();
