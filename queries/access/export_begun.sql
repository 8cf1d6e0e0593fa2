-- Write the line of a file of cases into the access log before it is made; returns the file's number.
select export_begun(
    cast(:who as text), cast(:kind as text), cast(:query as text), cast(:listed as bigint), cast(:why as text)) as number
