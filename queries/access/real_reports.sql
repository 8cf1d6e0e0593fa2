-- Whether a database that calls itself the demonstration city holds a report that the demonstration did not invent:
-- one of a source, one with another city's code, or among the latest one whose code has another form.
select
    exists (select 1 from report where source_ref is not null)
    or exists (select 1 from report_source)
    or exists (select 1 from report where public_code < 'HN-' or public_code >= 'HN.')
    or exists (
        select 1
        from (select public_code from report order by updated_at desc limit 1000) as latest
        where public_code !~ '^HN-[0-9][0-9][0-9][0-9]-[0-9]+$'
    ) as found
