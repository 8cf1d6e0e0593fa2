-- The report database: what the dashboard reads. Every table of the contract, in reading order.

-- Text as it is searched: composed or decomposed, with or without diacritics, upper or lower case, đ as d.
create function plain(words text) returns text
language sql immutable strict parallel safe
return lower(translate(
    regexp_replace(normalize(words, NFD), '[\u0300-\u036f]', '', 'g'), 'Đđ', 'dd'));

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

-- The one city this database speaks of.
create table city (
    only_one boolean primary key default true check (only_one),
    code text not null,
    name_vi text not null,
    name_en text not null,
    time_zone text not null,              -- IANA name; every day boundary is drawn in it
    country text not null,                -- ISO 3166-1 alpha-2, for public holidays
    subdivision text,                     -- ISO 3166-2 part, for regional holidays
    demo boolean not null default false,  -- the reports are invented
    attribution text                      -- who the data come from, shown under maps
);

-- Where: districts and wards (communes), each with its own boundary layer and its own time of validity.
create table area (
    id integer primary key,
    level text not null check (level in ('district', 'ward')),
    code text not null,
    name_vi text not null,
    name_en text not null,
    kind text not null,                   -- quan, huyen, thi_xa, phuong, xa, or the city's own word
    parent_id integer references area,    -- a ward's main district
    population integer check (population >= 0),
    area_km2 double precision check (area_km2 > 0),
    lon double precision,
    lat double precision,
    geometry jsonb,                       -- GeoJSON Polygon or MultiPolygon, WGS 84
    schematic boolean not null default false, -- the geometry is drawn by us, not surveyed
    attribution text,                     -- who the geometry comes from
    valid_from date,
    valid_to date,                        -- first day it no longer holds
    unique (level, code),
    check (valid_from < valid_to),
    check ((lon is null) = (lat is null))
);

-- Who answers.
create table unit (
    id integer primary key,
    code text not null unique,
    name_vi text not null,
    name_en text not null,
    kind text not null check (kind in ('city', 'district', 'commune', 'department', 'utility')),
    area_id integer references area,      -- where it answers; null: the whole city
    parent_id integer references unit,
    valid_from date,
    valid_to date,
    check (valid_from < valid_to)
);

-- Who took over a unit's work. A district's work went to several communes.
create table unit_successor (
    unit_id integer not null references unit,
    successor_id integer not null references unit,
    primary key (unit_id, successor_id),
    check (unit_id <> successor_id)
);

create table category (
    id smallint primary key,
    code text not null unique,
    name_vi text not null,
    name_en text not null,
    severity text not null default 'normal' check (severity in ('urgent', 'complex', 'normal'))
);

create table channel (
    id smallint primary key,
    code text not null unique,
    name_vi text not null,
    name_en text not null
);

-- How long a unit has. The most specific rule in force when a report comes in gives its deadline:
-- category and severity, then category, then severity, then neither.
create table deadline_rule (
    id integer primary key,
    category_id smallint references category,
    severity text check (severity in ('urgent', 'complex', 'normal')),
    receive_minutes integer check (receive_minutes > 0),
    handle_minutes integer check (handle_minutes > 0),
    clock text not null check (clock in ('working', 'calendar')),
    handle_from text not null check (handle_from in ('submitted', 'received')),
    valid_from date not null,
    valid_to date,
    source text not null,
    receive_confirmed boolean not null,
    handle_confirmed boolean not null,
    check (valid_from < valid_to)
);

-- The hours offices work on a working day, as intervals of one day.
create table office_hours (
    valid_from date not null,
    opens time not null,
    closes time not null,
    source text not null,
    confirmed boolean not null,
    primary key (valid_from, opens),
    check (opens < closes)
);

-- The calendar: every day the city's deadlines may touch, working or not.
create table working_day (
    day date primary key,
    working boolean not null,
    name text,                            -- the holiday, or why the day was swapped
    source text not null
);

create table report (
    id bigint primary key,
    -- Compared byte by byte, so that the beginning of a code finds it in the index whatever the database's locale.
    public_code text collate "C" not null unique,
    channel_id smallint not null references channel,
    category_id smallint not null references category,
    severity text not null check (severity in ('urgent', 'complex', 'normal')),
    district_id integer references area,  -- found from the coordinates; null: not located
    ward_id integer references area,
    lon double precision,
    lat double precision,
    address text,
    title text not null,
    text text,
    submitted_at timestamptz not null,
    received_at timestamptz,              -- when the responsible unit took it on
    receive_due_at timestamptz,
    unit_id integer references unit,      -- who holds it
    officer text,                         -- who in the unit answers for it
    due_at timestamptz,
    rule_id integer references deadline_rule,
    status text not null check (status in ('waiting', 'in_progress', 'resolved', 'refused')),
    escalated_at timestamptz,
    ended_at timestamptz,                 -- resolved or refused
    open_until timestamptz not null generated always as (coalesce(ended_at, 'infinity')) stored,
    answer text,
    rating text check (rating in ('satisfied', 'acceptable', 'not_satisfied')),
    rated_at timestamptz,
    reopen_count smallint not null default 0,
    transfer_count smallint not null default 0,
    updated_at timestamptz not null,
    source_ref text unique,               -- the source's name and its own id, "boston:101000295613"
    words tsvector not null generated always as (searchable(
        title || ' ' || coalesce(text, '') || ' ' || coalesce(address, ''),
        district_id, ward_id, unit_id, category_id)) stored,
    check ((lon is null) = (lat is null)),
    check ((status in ('resolved', 'refused')) = (ended_at is not null)),
    check ((rating is null) = (rated_at is null)),
    check (ended_at >= submitted_at),
    check (received_at >= submitted_at)
);

-- What a report was before a transfer, an extension, a new category or a reopening changed it.
-- Valid from (inclusive) to (exclusive). It makes the past a fact: a moment asked for twice answers the same.
-- A correction of a wrong entry is no history and leaves no row here.
create table report_past (
    report_id bigint not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    channel_id smallint not null,
    category_id smallint not null,
    severity text not null,
    district_id integer,
    ward_id integer,
    unit_id integer,
    submitted_at timestamptz not null,
    received_at timestamptz,
    receive_due_at timestamptz,
    due_at timestamptz,
    rule_id integer,
    status text not null check (status in ('waiting', 'in_progress', 'resolved', 'refused')),
    escalated_at timestamptz,
    ended_at timestamptz,
    open_until timestamptz not null generated always as (coalesce(ended_at, 'infinity')) stored,
    rating text,
    rated_at timestamptz,
    reopen_count smallint not null,
    transfer_count smallint not null,
    primary key (report_id, valid_to),
    check (valid_from < valid_to),
    check ((status in ('resolved', 'refused')) = (ended_at is not null))
);

-- Every step of every report, numbered from 1 in the order they happened.
create table report_event (
    report_id bigint not null,
    n smallint not null check (n > 0),
    at timestamptz not null,
    kind text not null check (kind in ('submitted', 'routed', 'received', 'transferred', 'extended', 'recategorised',
        'paused', 'resumed', 'answered', 'refused', 'resolved', 'reopened', 'rated', 'escalated')),
    from_unit_id integer references unit,
    to_unit_id integer references unit,
    note text,
    primary key (report_id, n)
);

-- What the source itself published about a report, kept beside our own figures.
create table report_source (
    report_id bigint primary key,
    published_late boolean,               -- the source's own late flag; null where it gave none
    published_district text,
    published_ward text,
    published_status text
);

-- The citizen, apart from everything else; the dashboard's role cannot read it.
create table report_contact (
    report_id bigint primary key,
    name text,
    phone text
);

-- Accounts of the app, counted at the end of a day.
create table app_account (
    area_id integer not null references area,
    day date not null,
    citizens integer not null check (citizens >= 0),
    officials integer not null check (officials >= 0),
    primary key (area_id, day)
);

-- When each channel last delivered, and how often it should.
create table feed (
    channel_id smallint primary key references channel,
    last_delivery_at timestamptz,
    expected_every interval not null
);

-- Marks on the time line: a storm, a campaign, a change of law.
create table note (
    id bigint generated always as identity primary key,
    day date not null,
    area_id integer references area,
    unit_id integer references unit,
    words_vi text not null,
    words_en text not null,
    author text not null
);

-- Who may see what.
create table app_user (
    subject text primary key,             -- as the identity provider names them
    name text not null,
    role text not null check (role in ('leader', 'unit_head', 'viewer', 'admin')),
    unit_id integer references unit,
    created_at timestamptz not null,
    disabled_at timestamptz,
    check ((role = 'unit_head') = (unit_id is not null))
);

create table access_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    subject text not null,
    action text not null,
    report_id bigint,
    reason text
);

-- What almost every question reads, in the index itself: what is open or ended when, what fell due, what came in,
-- what was rated.
create index report_open_until on report (open_until)
    include (id, submitted_at, due_at, receive_due_at, received_at, escalated_at, unit_id, district_id, ward_id,
             category_id, channel_id, severity, status);
create index report_due_at on report (due_at)
    include (id, submitted_at, open_until, unit_id, district_id, ward_id, category_id, channel_id, severity, status)
    where due_at is not null;
create index report_submitted_at on report (submitted_at)
    include (id, open_until, due_at, unit_id, district_id, ward_id, category_id, channel_id, severity, status);
create index report_rated_at on report (rated_at)
    include (id, submitted_at, unit_id, district_id, ward_id, category_id, channel_id, severity, rating)
    where rated_at is not null;
create index report_updated_at on report (updated_at);
create index report_open_by_unit on report (unit_id, due_at) where ended_at is null;
create index report_words on report using gin (words);
-- Opened again after an answer: few, and asked for by when they came in.
create index report_reopened on report (submitted_at)
    include (id, unit_id, district_id, ward_id, category_id, channel_id, reopen_count) where reopen_count > 0;
-- What lies near and is open: a band of latitude within one category, the rest beside it. Without it, one million
-- reports are read for the dozen near a case.
create index report_place on report (category_id, lat) include (lon, open_until, id) where lat is not null;
create index report_past_valid on report_past (valid_to, valid_from);

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

-- The reports as they stood at a moment: those submitted by then, with nothing in them that happened later.
-- "not in" is hashed once, and empty for the present moment; an anti-join would hash the reports instead.
-- The planner folds this function into the query that calls it, so conditions on open_until, due_at and
-- submitted_at reach the indexes. open_until and rated_at stand as they are for the indexes' sake, open_until even
-- infinite: compare them with moments up to this one, never select them.
create function report_at(moment timestamptz) returns table (
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

-- The dashboard's role reads everything but the citizen, the users and the access log.
grant usage on schema public to report_reader;
grant select on city, area, unit, unit_successor, category, channel, deadline_rule, office_hours, working_day, report,
    report_past, report_event, report_source, app_account, feed, note to report_reader;
