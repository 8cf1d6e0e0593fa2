-- A citizen's name and telephone; the database writes who looked, and why, into the access log.
select name, phone from contact_of(:id, cast(:who as text), cast(:why as text))
