"""What a stolen dashboard login may try in raw SQL: one attempt a row, for tests/test_attack_login.py."""

from dataclasses import dataclass
from typing import Any

import psycopg

from tests.access import OURS, THEIRS, code, number

ROLES = ("report_official", "report_leader", "report_admin", "report_gate", "report_escalator")
OWN_DATABASE, OWNER, MYSELF = "the_database", "the_owner", "the_login"
"""Placeholders in an attempt for the names of this run."""
THEIR_CASE = number(THEIRS, 1)
THEIR_CODE = code(THEIRS, 1)


@dataclass(frozen=True)
class Attempt:
    """One attempt: statements of which the last must be refused, and how; `by_superuser`: only if the owner is one."""

    name: str
    statements: tuple[str, ...]
    refused: type[psycopg.Error] = psycopg.errors.InsufficientPrivilege
    by_superuser: bool = False


def attempt(name: str, *statements: str, **how: Any) -> Attempt:
    return Attempt(name, statements, **how)


BECOMING = (
    *(attempt(f"become {role} and read", f"set role {role}", "select id from report") for role in ROLES),
    attempt("become an administrator and read the log", "set role report_admin", "select subject from access_log"),
    attempt("become the gate and read the accounts", "set role report_gate", "select subject from app_user"),
    attempt("become a leader and read names of heads", "set role report_leader", "select name from unit_head"),
    attempt("become the owner", f"set role {OWNER}"),
    attempt("become the owner by set_config", f"select set_config('role', '{OWNER}', false)"),
    attempt("become the owner's session", f"set session authorization {OWNER}"),
    attempt("read all data", "set role pg_read_all_data"),
    attempt("run programs", "set role pg_execute_server_program"),
    attempt("read files", "set role pg_read_server_files"),
    attempt("read all statistics", "set role pg_read_all_stats"),
    attempt("grant oneself the owner", f"grant {OWNER} to {MYSELF}"),
    attempt("grant oneself all data", f"grant pg_read_all_data to {MYSELF}"),
    attempt("let the reader be an administrator", "grant report_admin to report_reader"),
    attempt("make oneself superuser", f"alter role {MYSELF} superuser"),
    attempt("pass by row-level security", "alter role report_reader bypassrls"),
    attempt("inherit all roles", f"alter role {MYSELF} inherit"),
    attempt("make another login", "create role another login in role report_admin"),
    attempt("give the role a setting", "alter role report_leader set report.scope = 'all'"),
    attempt("give the database a setting", f"alter database {OWN_DATABASE} set search_path = pg_temp, public"),
    attempt("give the server a setting", "set log_statement = 'all'"),
    attempt("switch triggers off", "set session_replication_role = replica"),
    attempt("load a library", "load 'auto_explain'"),
    attempt("become a leader in a block", "do $$ begin set local role report_leader; perform id from report; end $$"),
    attempt(
        "prepare as who counts, execute as a leader",
        "set role report_reader",
        "prepare counted as select id from report",
        "execute counted",
        "set role report_leader",
        "execute counted",
    ),
    attempt("a leader's cursor", "set role report_leader", "declare held cursor for select id from report"),
    attempt("switch row-level security off", "set row_security = off", "set role report_leader", "table report_source"),
)
MAKING = (
    attempt("a temporary table in the place of one", "create temp table report_contact (name text)"),
    attempt("a temporary view", "create temp view scope_key as select 1"),
    attempt(
        "a temporary function of the scope's name",
        "create function pg_temp.verified_scope() returns text[] language sql return array['all', 'me']",
    ),
    attempt(
        "a temporary operator that tells what it compares",
        "create function pg_temp.tell(a text, b text) returns boolean language sql as 'select a = b'",
    ),
    attempt("a temporary type", "create type pg_temp.unit as (id integer)"),
    attempt("a function", "create function public.masked(text, text) returns text language sql return $1"),
    attempt("a table", "create table public.mine (words text)"),
    attempt("a table of what one may read", "create table public.mine as select id from report"),
    attempt("a schema", "create schema mine"),
    attempt("an operator", "create operator public.= (leftarg = text, rightarg = text, function = texteq)"),
    attempt("a cast", "create cast (text as integer) with inout as implicit"),
    attempt("a leakproof function", "alter function plain(text) leakproof"),
    attempt("an extension", "create extension dblink"),
    attempt("a language", "create language mine handler plpgsql_call_handler"),
    attempt("an event trigger", "create event trigger watch on ddl_command_end execute function mark_change()"),
    attempt("a trigger", "create trigger watch after insert on report execute function mark_change()"),
    attempt("a rule", "create rule watch as on insert to report do also notify mine"),
    attempt("a policy", "create policy mine on report using (true)"),
    attempt("no policy any more", "drop policy every_case on report"),
    attempt("no row-level security any more", "alter table report disable row level security"),
    attempt("a function of one's own rights", "alter function verified_scope() security invoker"),
    attempt("another search path", "alter function contact_of(bigint, text, text) reset search_path"),
    attempt("an index that calls a function", "create index mine on report ((masked(title)))"),
    attempt("a publication", "create publication mine for table report_contact"),
    attempt("a foreign server", "create server mine foreign data wrapper postgres_fdw", refused=psycopg.Error),
    attempt(
        "a subscription", "create subscription mine connection 'host=nowhere' publication mine with (connect = false)"
    ),
    attempt("the owner's things", f"reassign owned by {OWNER} to {MYSELF}"),
    attempt("no owner's things any more", f"drop owned by {OWNER}"),
    attempt("rights to what comes", f"alter default privileges for role {OWNER} grant select on tables to public"),
    attempt("rights to contacts", "grant select on report_contact to public"),
)
READING = (
    attempt("the key", "select key from scope_key"),
    attempt("the key, copied", "copy scope_key to stdout"),
    attempt("a signature", "select scope_signature('all;report_leader')"),
    attempt("a signed scope", "select signed_scope('all', 'report_leader')"),
    attempt("another key", "select change_scope_key()"),
    attempt("contacts", "select * from report_contact"),
    attempt("the whole row", "set role report_reader", "select report from report"),
    attempt("the row as JSON", "set role report_reader", "select to_jsonb(report) from report"),
    attempt("the row's place", "set role report_reader", "select ctid, xmin from report"),
    attempt("words, counted", "set role report_reader", "select count(words) from report"),
    attempt("words, told apart", "set role report_reader", "select from ts_stat('select words from report')"),
    attempt("words, as a leader", "set role report_leader", "select ts_stat('select words from report')"),
    attempt(
        "a table as XML",
        "set role report_leader",
        "select table_to_xml('report', true, false, '')",
        refused=psycopg.Error,
    ),
    attempt(
        "the database as XML",
        "set role report_reader",
        "select schema_to_xml('public', true, false, '')",
        refused=psycopg.Error,
    ),
    attempt("what the planner expects", "set role report_leader", "explain select from report where officer = 'x'"),
    attempt(
        "what the planner expects of a unit's",
        "set role report_official",
        f"explain (verbose) select from report where public_code = '{THEIR_CODE}'",
    ),
    attempt("a cast's error", "set role report_leader", "select from report_text where cast(title as integer) = 1"),
    attempt("a cast's error of an official", "set role report_official", "select cast(officer as integer) from report"),
    attempt("a division by a word", "set role report_leader", "select 1 / (length(public_code) - 6) from report"),
    attempt("the view of words", "set role report_leader", "select title from report_text"),
    attempt("the view of steps", "set role report_official", "select note from report_step"),
    attempt("a contact", "set role report_admin", f"select contact_of({THEIR_CASE}, 'admin', 'why')"),
    attempt("a unit's contact", "set role report_official", f"select contact_of({THEIR_CASE}, 'other', 'why')"),
    attempt("passwords", "select rolpassword from pg_authid"),
    attempt("statistics of all columns", "select stavalues1 from pg_statistic"),
    attempt("what others ask", "select query from pg_stat_activity", by_superuser=True),
    attempt("who may connect", "select * from pg_hba_file_rules"),
    attempt("the server's settings files", "select * from pg_file_settings"),
    attempt("passwords of foreign servers", "select umoptions from pg_user_mapping"),
)
WRITING = (
    attempt("a line in another's name", "set role report_gate", "select note_access('leader', 'page', null, '')"),
    attempt("a line", "insert into access_log (at, subject, action) values (now(), 'leader', 'nothing')"),
    attempt("no lines any more", "delete from access_log"),
    attempt("no log any more", "truncate access_log"),
    attempt("another holder", f"update report set unit_id = {OURS}"),
    attempt("an account", "insert into app_user values ('me', 'me', 'admin', null, now(), null)"),
    attempt("a writing transaction", "set transaction read write", "update app_user set role = 'admin'"),
    attempt("the sequence of lines", "select setval(pg_get_serial_sequence('access_log', 'id'), 1)"),
    attempt("rows by copy", "copy app_user from stdin"),
)
REACHING = (
    attempt("a file", "select pg_read_file('/etc/passwd')"),
    attempt("a file's bytes", "select pg_read_binary_file('postgresql.conf')"),
    attempt("a folder", "select pg_ls_dir('.')"),
    attempt("a file by copy", "copy (select 1) to '/tmp/mine'"),
    attempt("from a file by copy", "copy app_user from '/etc/passwd'"),
    attempt("a program", "copy (select 1) to program 'cat'"),
    attempt("a file as a large object", "select lo_import('/etc/passwd')"),
    attempt("a large object as a file", "select lo_export(1, '/tmp/mine')"),
    attempt("a large object", "select lo_from_bytea(0, 'mine')", by_superuser=True),
    attempt("an empty large object", "select lo_create(0)", by_superuser=True),
    attempt("a large object of others", "select lo_open(1, 262144)", by_superuser=True),
    attempt("others' locks", "select pg_advisory_lock(n) from generate_series(1, 9) as n", by_superuser=True),
    attempt("the lock of migrations", "select pg_try_advisory_lock(4107311)", by_superuser=True),
    attempt("a lock on reports", "lock table report in access exclusive mode"),
    attempt("a lock on the log", "lock table access_log in share mode"),
    attempt("an end to others", "select pg_terminate_backend(pid) from pg_locks", by_superuser=True),
    attempt("an end to others' statements", "select pg_cancel_backend(pid) from pg_locks", by_superuser=True),
    attempt("a word to listeners", "select pg_notify('mine', 'words')", by_superuser=True),
    attempt("a message in the log of writes", "select pg_logical_emit_message(false, 'a', 'b')", by_superuser=True),
    attempt("a slot", "select pg_create_physical_replication_slot('mine')"),
    attempt("a reload", "select pg_reload_conf()"),
    attempt("another log of writes", "select pg_switch_wal()"),
    attempt("a backup", "select pg_backup_start('mine')"),
    attempt("another database", "select dblink('dbname=postgres', 'select 1')", refused=psycopg.Error),
    attempt("an end to the database", f"drop database {OWN_DATABASE}", refused=psycopg.Error),
)
ATTEMPTS = (*BECOMING, *MAKING, *READING, *WRITING, *REACHING)
