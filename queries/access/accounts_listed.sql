-- Every account there is or was, and the unit it answers for.
select subject, name, role, unit_id, created_at, disabled_at from app_user order by disabled_at is not null, role, subject
