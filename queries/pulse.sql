-- What is newest in the database: when a report last changed.
select max(updated_at) as updated_at from report
