-- What the source itself says of its reports, counted by everyone.
--
-- The source's own words for status and area are written by nobody we know: a word that few reports bear may tell of one
-- citizen. So whoever only counts is told the words that five reports or more bear; the rarer ones of a kind are one
-- word, '…'. Both are kept beside the words themselves (report_source.told_...) by count_source_words(), which runs
-- whenever the summary is brought up to date.
create table source_word (
    kind text not null check (kind in ('late', 'status', 'district', 'ward')),
    word text not null,
    reports bigint not null,
    primary key (kind, word)
);

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
