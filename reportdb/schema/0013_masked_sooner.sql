-- 0008's rule for what is masked, word for word, behind a question that most words answer in a quarter of the time:
-- whatever is masked has an at sign or six digits.
do $$
begin
    execute (
        select format(
            'create or replace function masked(words text) returns text language plpgsql immutable strict parallel safe'
                || ' as %L',
            regexp_replace(prosrc, '^begin', 'begin if words !~ ''@|(\\d.*){6}'' then return words; end if;'))
        from pg_proc
        where oid = 'masked(text)'::regprocedure);
end
$$;
