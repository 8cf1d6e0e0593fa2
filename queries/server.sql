-- The database's version, the newest step of its schema, and how many changes wait to be brought into the summary: :most,
-- where there are so many or more.
select
    current_setting('server_version') as server_version,
    (select max(name) from schema_migration) as schema,
    (select count(*) from (select from report_change limit :most) as change) as changes_waiting,
    (select open_to from summary_state) as summarised_to,
    (select count(*) > 0 from summary_state) as summarised
