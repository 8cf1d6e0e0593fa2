-- The database's version, the newest step of its schema, how many changes wait to be brought into the summary (:most stands
-- for so many or more), and whether the table of reports marks each transaction that changes it (a city's own view in its
-- place does not).
select
    current_setting('server_version') as server_version,
    (select max(name) from schema_migration) as schema,
    exists (
        select 1 from pg_trigger where tgfoid = to_regproc('mark_changed_reports') and tgenabled in ('O', 'A')) as marks,
    (select count(*) from (select 1 from report_change limit :most) as change) as changes_waiting,
    (select open_to from summary_state) as summarised_to,
    (select count(*) > 0 from summary_state) as summarised
