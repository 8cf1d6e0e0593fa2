-- Whether one of the :newest reports that the viewer may read holds a word.
select exists (
    select 1
    from (  -- with an offset, so that they are read by their ids
        select words from report
        where id = any(array(select id from report where {own} order by submitted_at desc limit :newest)) offset 0
    ) as lately
    where words @@ cast(cast(:word as text) as tsquery)
) as met
