-- The public codes of those of these reports that the viewer may read.
select id, public_code from report where id = any(cast(:ids as bigint[]))
