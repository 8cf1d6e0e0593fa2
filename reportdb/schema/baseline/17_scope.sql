-- The scope: whose cases a question may read. The setting report.scope is set for one transaction, and believed only where
-- the application signed it: whoever holds the dashboard's login alone sees counts.
--
-- It reads 'scope;role;expiry;reader;signature': the scope ('all', or units as '{3,14}'), the role it is for, milliseconds
-- since 1970 (UTC), the reader's name as hexadecimal UTF-8, and the hexadecimal HMAC-SHA256 of the first four and
-- scope_session(), joined by ';'. So a signature is no use in another session, for another role or in another reader's
-- name, nor after its time. The key is in scope_key, which the owner alone reads; `python -m reportdb scope-key` shows and
-- changes it.

-- The key and its two forms that HMAC needs (RFC 2104): xor 0x36 and xor 0x5c, filled up to 64 bytes.
create table scope_key (
    only_one boolean primary key default true check (only_one),
    key bytea not null check (length(key) = 32),
    inner_pad bytea not null check (length(inner_pad) = 64),
    outer_pad bytea not null check (length(outer_pad) = 64)
);
revoke all on scope_key from public, report_reader, report_official, report_leader, report_admin, report_gate,
    report_escalator;

-- Make a new key. Scopes signed with the old one are refused from then on.
create function change_scope_key() returns void
language plpgsql volatile
as $$
declare
    made bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    inner_form bytea := decode(repeat('36', 64), 'hex');
    outer_form bytea := decode(repeat('5c', 64), 'hex');
begin
    for place in 0..31 loop
        inner_form := set_byte(inner_form, place, get_byte(made, place) # 54);
        outer_form := set_byte(outer_form, place, get_byte(made, place) # 92);
    end loop;
    insert into scope_key (key, inner_pad, outer_pad) values (made, inner_form, outer_form)
    on conflict (only_one) do update
        set key = excluded.key, inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad;
    alter function verified_scope() cost 100;  -- changes nothing but makes every session read the key again
end
$$;
revoke execute on function change_scope_key from public;

-- What no other session shares: the server's start, the process, and the client's address and port where it has one. The
-- dashboard's own login may see what the dashboard sends (pg_stat_activity), but cannot use it.
create function scope_session() returns text
language plpgsql stable parallel restricted
as $$
begin
    return concat_ws('/', cast(date_part('epoch', pg_postmaster_start_time()) as bigint), pg_backend_pid(),
        host(inet_client_addr()), inet_client_port());
end
$$;

create function scope_signature(words text) returns text
language plpgsql stable parallel restricted security definer
as $$
begin
    return (
        select encode(sha256(outer_pad || sha256(inner_pad || convert_to(words, 'UTF8'))), 'hex') from scope_key);
end
$$;
revoke execute on function scope_signature from public;

-- What report.scope is to be for a role and a reader in this session, for so many seconds; for the owner alone.
create function signed_scope(scope text, role text, reader text default '', seconds numeric default 30) returns text
language plpgsql volatile
as $$
declare
    words text := concat_ws(';', scope, role,
        cast(round((extract(epoch from clock_timestamp()) + seconds) * 1000) as bigint),
        encode(convert_to(reader, 'UTF8'), 'hex'));
begin
    return words || ';' || scope_signature(words || ';' || scope_session());
end
$$;
revoke execute on function signed_scope from public;

-- The key's two forms as verified_scope takes them: declared immutable, so that a session reads the table once and not
-- for each question. change_scope_key has them read again; nothing else changes the table.
create function scope_inner_pad() returns bytea
language plpgsql immutable parallel safe
as $$ begin return (select inner_pad from scope_key); end $$;
create function scope_outer_pad() returns bytea
language plpgsql immutable parallel safe
as $$ begin return (select outer_pad from scope_key); end $$;
revoke execute on function scope_inner_pad, scope_outer_pad from public;

-- The scope and the reader (in hexadecimal) that are signed for the role that asks, or an error; null where no scope is
-- named. The clock tells whether the signature is too old, and nothing else. What scope_session and scope_signature do is
-- written out here once more, and nothing is read from a table: a question verifies its scope up to twenty times.
create function verified_scope() returns text[]
language plpgsql stable parallel restricted security definer
as $$
declare
    given text := current_setting('report.scope', true);
    told text[];
begin
    if coalesce(given, '') = '' then
        return null;
    end if;
    told := string_to_array(given, ';');
    if cardinality(told) <> 5 then
        raise insufficient_privilege using message = 'report.scope is not signed';
    end if;
    if told[2] <> coalesce(nullif(current_setting('role'), 'none'), session_user)
        or told[5] is distinct from
            encode(sha256(scope_outer_pad() || sha256(scope_inner_pad() || convert_to(concat_ws(
                ';', told[1], told[2], told[3], told[4],
                concat_ws('/', cast(date_part('epoch', pg_postmaster_start_time()) as bigint), pg_backend_pid(),
                    host(inet_client_addr()), inet_client_port())), 'UTF8'))), 'hex')
    then
        raise insufficient_privilege using message = 'report.scope is signed with another key, or for somebody else';
    end if;
    if cast(told[3] as float8) < date_part('epoch', clock_timestamp()) * 1000 then
        raise insufficient_privilege using message = 'report.scope was signed too long ago';
    end if;
    return array[told[1], told[4]];
end
$$;

-- Whether a question may be asked by a role that reads cases: true, or an error. Declared immutable for one reason: the
-- planner works it out while it plans, for each question, and leaves it out of the plan. So nobody is told even
-- what the planner expects to find; and the leaders' policy stays true, under which a search may use the index of words.
-- (Under any other condition on rows it may not, because @@ is not known to be leakproof.) What a role may read besides
-- is told by scope_units() and sees_all(), each time a plan is executed.
create function scope_holds() returns boolean
language plpgsql immutable parallel restricted
as $$
begin
    if verified_scope() is null then
        raise insufficient_privilege using message = 'report.scope is missing';
    end if;
    return true;
end
$$;

-- The scope as the policies read it. All are plpgsql, which the planner does not unfold: it did so for every table a
-- question names, and in small questions that took longer than the answer.
create function sees_all() returns boolean
language plpgsql stable parallel restricted
as $$
begin
    return coalesce((verified_scope())[1] = 'all', false);
end
$$;

create function scope_units() returns integer[]
language plpgsql stable parallel restricted
as $$
declare
    scope text := (verified_scope())[1];
begin
    return case when scope is null or scope = 'all' then '{}' else cast(scope as integer[]) end;
end
$$;

-- In whose name the access log is written.
create function scope_reader() returns text
language plpgsql stable parallel restricted
as $$
declare
    reader text := (verified_scope())[2];
begin
    if coalesce(reader, '') = '' then
        raise insufficient_privilege using message = 'the scope names no reader';
    end if;
    return convert_from(decode(reader, 'hex'), 'UTF8');
end
$$;

select change_scope_key();
