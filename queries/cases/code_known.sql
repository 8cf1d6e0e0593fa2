-- Whether the viewer may read any report whose public code begins like this, in any case of its letters.
select exists (
    select 1 from report
    where public_code >= cast(:code as text) collate "C" and public_code < cast(:code_end as text) collate "C") as known
