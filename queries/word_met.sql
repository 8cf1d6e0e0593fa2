-- Whether one of the :newest reports that the viewer may read holds a word.
select exists (
    select from (select words from report order by submitted_at desc limit :newest) as lately
    where words @@ cast(cast(:word as text) as tsquery)
) as met
