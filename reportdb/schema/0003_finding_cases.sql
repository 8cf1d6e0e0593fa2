-- Finding a case: by its words, by the names of its places, its unit and its category, by its code, by what lies near.

-- What a report is found by: the words of its text, and its places, unit and category as marks that no text can hold
-- (=d district, =w ward, =u unit, =c category). So one index answers "rac thai dong da" whether the words stand in the
-- text or name the category and the district.
create function searchable(words text, district_id integer, ward_id integer, unit_id integer, category_id integer)
returns tsvector
language sql immutable parallel safe
return to_tsvector('simple', regexp_replace(plain(words), '[\W_]+', ' ', 'g'))
    || array_to_tsvector(array_remove(array[
        '=d' || cast(district_id as text), '=w' || cast(ward_id as text), '=u' || cast(unit_id as text),
        '=c' || cast(category_id as text)], null));

alter table report drop column words;
alter table report
    -- Compared byte by byte, so that the beginning of a code finds it in the index whatever the database's locale.
    alter column public_code type text collate "C",
    add column words tsvector not null generated always as (searchable(
        title || ' ' || coalesce(text, '') || ' ' || coalesce(address, ''),
        district_id, ward_id, unit_id, category_id)) stored;
create index report_words on report using gin (words);

-- What lies near and is open: a band of latitude within one category, the rest beside it. Without it, one million
-- reports are read for the dozen near a case.
create index report_place on report (category_id, lat) include (lon, open_until, id) where lat is not null;

-- report_at in its two parts, so that a list of the newest fifty can take each part's newest fifty straight from an
-- index; from the union of both, PostgreSQL would read and sort all.
create function report_standing(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint)
language sql stable parallel safe
as $$
    select id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at,
        case when received_at <= moment then received_at end,
        receive_due_at, due_at, rule_id,
        case when open_until <= moment then status
             when received_at <= moment or (received_at is null and status = 'in_progress') then 'in_progress'
             else 'waiting' end,
        case when escalated_at <= moment then escalated_at end,
        open_until,
        case when open_until <= moment then open_until end,
        case when rated_at <= moment then rating end,
        rated_at, reopen_count, transfer_count
    from report
    where submitted_at <= moment
        and id not in (select report_id from report_past where valid_from <= moment and valid_to > moment)
$$;

create function report_former(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint)
language sql stable parallel safe
as $$
    select report_id, channel_id, category_id, severity, district_id, ward_id, unit_id, submitted_at,
        case when received_at <= moment then received_at end,
        receive_due_at, due_at, rule_id,
        case when open_until <= moment then status
             when received_at <= moment or (received_at is null and status = 'in_progress') then 'in_progress'
             else 'waiting' end,
        case when escalated_at <= moment then escalated_at end,
        open_until,
        case when open_until <= moment then open_until end,
        case when rated_at <= moment then rating end,
        rated_at, reopen_count, transfer_count
    from report_past
    where submitted_at <= moment and valid_from <= moment and valid_to > moment
$$;

create or replace function report_at(moment timestamptz) returns table (
    id bigint, channel_id smallint, category_id smallint, severity text, district_id integer, ward_id integer,
    unit_id integer, submitted_at timestamptz, received_at timestamptz, receive_due_at timestamptz,
    due_at timestamptz, rule_id integer, status text, escalated_at timestamptz, open_until timestamptz,
    ended_at timestamptz, rating text, rated_at timestamptz, reopen_count smallint, transfer_count smallint)
language sql stable parallel safe
as $$
    select * from report_standing(moment)
    union all
    select * from report_former(moment)
$$;
