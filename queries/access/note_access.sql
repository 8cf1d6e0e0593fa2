-- Write a line into the access log.
select note_access(cast(:who as text), cast(:what as text), cast(:id as bigint), cast(:why as text))
