-- The city and what its reports refer to: areas, units, categories, channels, deadline rules. Small tables.

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
    attribution text,                     -- who the data come from, shown under maps
    -- The languages a viewer may choose, the city's own first.
    languages text[] not null default '{vi,en}'
        check (languages <> '{}' and languages <@ array['vi', 'en'] and array_position(languages, null) is null),
    -- Whether the country swaps working days by a notice each year (a Saturday for a Friday): only then is one asked for.
    swapped_days boolean not null default true
);

-- What a city calls its areas and the units that answer for them, in small letters, one and many. A city without a row
-- is spoken of in plain words: district, ward.
create table level_name (
    level text primary key check (level in ('district', 'ward', 'district_unit', 'commune_unit')),
    one_vi text not null check (one_vi <> ''),
    many_vi text not null check (many_vi <> ''),
    one_en text not null check (one_en <> ''),
    many_en text not null check (many_en <> '')
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

-- Who answers. A ministry may hold a report that is beyond the city's authority.
create table unit (
    id integer primary key,
    code text not null unique,
    name_vi text not null,
    name_en text not null,
    kind text not null check (kind in ('city', 'district', 'commune', 'department', 'utility', 'ministry')),
    area_id integer references area,      -- where it answers; null: the whole city
    parent_id integer references unit,
    valid_from date,
    valid_to date,                        -- first day it no longer holds
    check (valid_from < valid_to)
);

-- Who took over a unit's work. A district's work went to several communes.
create table unit_successor (
    unit_id integer not null references unit,
    successor_id integer not null references unit,
    primary key (unit_id, successor_id),
    check (unit_id <> successor_id)
);

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

-- How long a unit has. The most specific rule in force when a report comes in gives its deadline: category and severity,
-- then category, then severity, then neither.
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

-- When each channel last delivered, and how often it should.
create table feed (
    channel_id smallint primary key references channel,
    last_delivery_at timestamptz,
    expected_every interval not null
);

-- Accounts of the app, counted at the end of a day.
create table app_account (
    area_id integer not null references area,
    day date not null,
    citizens integer not null check (citizens >= 0),
    officials integer not null check (officials >= 0),
    primary key (area_id, day)
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
