-- Where what is open lies: all that the points of a map tell, in an index of the few per cent that are open. Looked up in
-- the table by their ids, a hundred thousand took longer than all the rest of the question.
create index report_open_place on report (id)
    include (submitted_at, due_at, category_id, severity, unit_id, district_id, ward_id, channel_id, lon, lat)
    where ended_at is null and lon is not null;

-- The reports that were open at a moment and have coordinates, as report_at tells them: those that still are, by that
-- index alone; those that have ended since; and what stood otherwise then. For who may read places.
create function report_open_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, due_at timestamptz, open_until timestamptz, lon double precision,
    lat double precision)
language sql stable parallel safe
as $$
    select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, due_at,
        timestamptz 'infinity', lon, lat
    from report
    where ended_at is null and lon is not null and submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
    union all
    select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at, due_at, open_until, lon, lat
    from report
    where open_until > moment and open_until < timestamptz '9999-12-31' and lon is not null and submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
    union all
    select report_id, past.channel_id, past.category_id, past.severity, past.district_id, past.ward_id, past.unit_id,
        past.submitted_at, past.due_at, past.open_until, lon, lat
    from report_past as past
    join report on report.id = report_id
    where past.submitted_at <= moment and valid_from <= moment and valid_to > moment and past.open_until > moment
        and lon is not null
$$;
