-- What closes the schema, after everything else is there. (A later migration does the same for the functions it makes.)

-- What runs with its owner's rights, or chooses rows, never looks for a name where the caller may put one.
do $$
declare ours regprocedure;
begin
    for ours in
        select oid from pg_proc
        where pronamespace = current_schema()::regnamespace
            and (prosecdef or proname in ('scope_holds', 'sees_all', 'scope_units', 'scope_reader'))
    loop
        execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', ours, current_schema());
    end loop;
end
$$;

-- What every login may do in a fresh PostgreSQL, and the dashboard's need not: write large objects and WAL, hold
-- advisory locks until there is no room for others', end the statements of its own kind, and read them. Only a superuser
-- may take these away; `python -m reportdb check` names what is left. The database's owner keeps what the commands need.
do $$
declare
    door regprocedure;
    owns regrole := (select datdba from pg_database where datname = current_database());
begin
    if not (select rolsuper from pg_roles where rolname = current_user) then
        return;
    end if;
    for door in
        select oid from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and has_function_privilege('public', oid, 'execute')
            and (proname ~ '^(lo_|pg_(try_)?advisory_)' or proname in ('loread', 'lowrite', 'pg_logical_emit_message',
                'pg_notify', 'pg_cancel_backend', 'pg_terminate_backend', 'pg_stat_get_activity',
                'pg_stat_get_backend_activity'))
    loop
        execute format('revoke execute on function %s from public', door);
        execute format('grant execute on function %s to %s', door, owns);
        if door::text like '%pg_stat_get%' then
            execute format('grant execute on function %s to pg_read_all_stats', door);
        end if;
    end loop;
end
$$;
