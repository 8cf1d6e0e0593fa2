-- What a city brings along besides Hanoi's: its languages, the names of its own levels, whether it swaps working days;
-- the areas its own source names where a point tells none; and the language an account reads.

-- The languages a viewer may choose, the city's own first.
alter table city
    add column languages text[] not null default '{vi,en}'
        check (languages <> '{}' and languages <@ array['vi', 'en'] and array_position(languages, null) is null),
    -- Whether the country's notices swap working days (a Saturday for a Friday): only then is one asked for each year.
    add column swapped_days boolean not null default true;
update city set languages = '{en,vi}' where country <> 'VN';
update city set swapped_days =
    country = 'VN' or exists (select from working_day where working and extract(isodow from day) > 5);

-- What a city calls its areas and the units that answer for them, in small letters, one and many. A city without a row
-- is spoken of in plain words: district, ward.
create table level_name (
    level text primary key check (level in ('district', 'ward', 'district_unit', 'commune_unit')),
    one_vi text not null check (one_vi <> ''),
    many_vi text not null check (many_vi <> ''),
    one_en text not null check (one_en <> ''),
    many_en text not null check (many_en <> '')
);
grant select on level_name to report_reader, report_official, report_leader;
insert into level_name
select names.* from city cross join (values
    ('district', 'quận, huyện cũ', 'quận, huyện cũ', 'former district', 'former districts'),
    ('ward', 'phường, xã', 'phường, xã', 'ward', 'wards'),
    ('district_unit', 'UBND quận, huyện', 'UBND quận, huyện', 'district committee', 'district committees'),
    ('commune_unit', 'xã, phường', 'xã, phường', 'commune or ward', 'communes and wards')
) as names where demo;

-- The areas of ours that the source's own words name, and whether the report's area is that one because its point told
-- none: it has no point, or one outside every boundary.
alter table report_source
    add column district_named integer references area,
    add column ward_named integer references area,
    add column district_from_source boolean not null default false,
    add column ward_from_source boolean not null default false,
    add check (district_named is not null or not district_from_source),
    add check (ward_named is not null or not ward_from_source);

-- The language an account reads; null: its browser's.
alter table app_user add column language text check (language in ('vi', 'en'));

-- As 0025 has it; a city without boundaries is as large as its first reports lie apart, without the hundredth farthest
-- to each side.
create or replace function city_grid(out wide integer, out high integer)
language sql stable
begin atomic
    with place as (
        select coalesce(
            lat,
            cast(coalesce(geometry #>> '{coordinates,0,0,0,1}', geometry #>> '{coordinates,0,0,1}') as double precision)
        ) as lat
        from area
        where geometry is not null
    ),
    spot as (
        select cell / 360000 / 1000.0 - 90 as lat
        from (select cell from report where cell is not null order by id limit 20000) as first
        where not exists (select from place)
    ),
    city_extent as (
        select coalesce(1000 * (max(lat) - min(lat)), 0) as tall, coalesce(avg(lat), 0) as middle
        from place
        having exists (select from place)
        union all
        select coalesce(1000 * (percentile_disc(0.99) within group (order by lat)
                - percentile_disc(0.01) within group (order by lat)), 0),
            coalesce(percentile_disc(0.5) within group (order by lat), 0)
        from spot
        having not exists (select from place)
    )
    select greatest(2, 2 * cast(round(side / cos(radians(middle)) / 2) as integer)), side
    from city_extent
    cross join unnest(array[2, 4, 10, 20, 50]) as side
    where tall / side <= 100 or side = 50
    order by side
    limit 1;
end;
