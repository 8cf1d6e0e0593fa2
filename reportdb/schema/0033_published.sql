-- What the source itself says of its reports, counted by everyone; and a city that promises no time of receipt.

-- The source's own words for status and area are written by nobody we know: a word that few reports bear may tell of one
-- citizen. So whoever only counts is told the words that five reports or more bear; the rarer ones of a kind are one
-- word, '…'. Both are kept beside the words themselves, by count_source_words(), which runs whenever the summary is
-- brought up to date.
alter table report_source
    add column told_status text,
    add column told_district text,
    add column told_ward text;
grant select (told_status, told_district, told_ward) on report_source to report_reader;

create table source_word (
    kind text not null check (kind in ('late', 'status', 'district', 'ward')),
    word text not null,
    reports bigint not null,
    primary key (kind, word)
);
grant select on source_word to report_reader, report_official, report_leader;

create function count_source_words() returns void
language sql volatile set search_path from current
as $$
    delete from source_word;
    insert into source_word
    with borne as (
        select
            case
                when grouping(published_late) = 0 then 'late'
                when grouping(published_status) = 0 then 'status'
                when grouping(published_district) = 0 then 'district'
                else 'ward'
            end as kind,
            coalesce(cast(published_late as text), published_status, published_district, published_ward) as word,
            count(*) as reports
        from report_source
        group by grouping sets ((published_late), (published_status), (published_district), (published_ward))
    )
    select kind, case when kind = 'late' or reports >= 5 then word else '…' end, sum(reports)
    from borne
    where word is not null
    group by 1, 2;
    update report_source
    set told_status = told.status, told_district = told.district, told_ward = told.ward
    from (
        select
            report_id,
            case when published_status is not null then coalesce(status.word, '…') end as status,
            case when published_district is not null then coalesce(district.word, '…') end as district,
            case when published_ward is not null then coalesce(ward.word, '…') end as ward
        from report_source
        left join source_word as status on status.kind = 'status' and status.word = published_status
        left join source_word as district on district.kind = 'district' and district.word = published_district
        left join source_word as ward on ward.kind = 'ward' and ward.word = published_ward
    ) as told
    where report_source.report_id = told.report_id
        and (told_status, told_district, told_ward) is distinct from (told.status, told.district, told.ward);
$$;
revoke execute on function count_source_words from public;
select count_source_words();

-- As 0005 has it, but for rule_without_minutes: a city none of whose rules says by when a report is to be received
-- promises no such time, and lacks nothing. Where some rule does, one without it was forgotten.
create or replace function rule_warnings(moment timestamptz) returns table (kind text, example text)
language sql stable parallel safe
as $$
    with today as (
        select cast(moment at time zone time_zone as date) as day from city
    )
    select 'calendar_ends', 'day ' || coming
    from today
    cross join generate_series(1, 60) as n
    cross join lateral (select day + n as coming) as ahead
    where (select max(submitted_at) from report) > moment - interval '60 days'
        and not exists (select from working_day where working_day.day = coming)
    union all
    select 'no_office_hours', 'rule ' || id
    from deadline_rule
    where clock = 'working' and not exists (select from office_hours)
    union all
    select 'rule_without_minutes', 'rule ' || id
    from deadline_rule, today
    where (valid_to is null or valid_to > day) and (
        handle_minutes is null
        or receive_minutes is null and exists (
            select from deadline_rule as other
            where other.receive_minutes is not null and (other.valid_to is null or other.valid_to > day)))
    union all
    select 'rules_overlap', 'rules ' || one.id || ' and ' || other.id
    from deadline_rule as one
    join deadline_rule as other
        on one.id < other.id
        and one.category_id is not distinct from other.category_id
        and one.severity is not distinct from other.severity
        and daterange(one.valid_from, one.valid_to) && daterange(other.valid_from, other.valid_to)
    union all
    select distinct 'category_without_rule', 'category ' || category.code
    from category
    cross join unnest(array['urgent', 'complex', 'normal']) as wanted (level)
    cross join today
    -- A city without a single rule publishes its due times itself, or none.
    where exists (select from deadline_rule)
        and not exists (
            select from deadline_rule as rule
            where (rule.category_id is null or rule.category_id = category.id)
                and (rule.severity is null or rule.severity = level)
                and daterange(rule.valid_from, rule.valid_to) @> day
        )
$$;
