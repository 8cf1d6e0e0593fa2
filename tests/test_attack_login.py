"""What a stolen dashboard login can do: count, and nothing else.

Each attempt is raw SQL by a login in report_dashboard, without the key that signs scopes. None may succeed: forbidden
statements are refused, and no answer, including errors and their details, contains a mark of any case.
"""

import hmac
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from queries.engine.scope import ADMINISTRATION, ALL_CASES, GATE, Scope, cases_of
from queries.engine.signature import Session, Signer
from reportdb.database.connection import connect
from reportdb.database.migrations import migrate
from tests.access import (
    BELOW,
    CASES,
    OURS,
    PEOPLE,
    THEIRS,
    code,
    dashboard_login,
    leaks,
    marks,
    number,
    planted,
    word,
)
from tests.conftest import NewDatabase, database_name
from tests.login_attempts import ATTEMPTS, MYSELF, OWN_DATABASE, OWNER, ROLES, THEIR_CASE, THEIR_CODE, Attempt

OF_CASES = {
    "report": "public_code",
    "report_source": "published_status",
    "report_text": "title",
    "report_step": "note",
    "unit_head": "name",
    "app_user": "name",
    "access_log": "subject",
}
"""Data on single cases and people: a column of each table and view that a counting role may not read."""
HEADS_NAME = "Zeta head of unit"
SECRETS = (marks([OURS, THEIRS, BELOW]) - {str(number(unit, n)) for unit in (OURS, THEIRS, BELOW) for n in CASES}) | {
    HEADS_NAME.lower(),
    *(f"name of {subject}" for subject in PEOPLE),
}
"""What a counting role may not learn; reports' ids are used for counting and are no secret."""


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    url = planted(new_database, schema_template)
    with connect(url) as owner:
        owner.execute("insert into unit_head values (1, %s, 'Chủ tịch', 'Chair', null, null)", [HEADS_NAME])
        owner.execute("analyze")
    return url


@pytest.fixture(scope="module")
def thief(city: str) -> Iterator[str]:
    """The URL of a login that belongs to report_dashboard only."""
    with dashboard_login(city) as url:
        yield url


@pytest.fixture
def session(thief: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(thief, autocommit=True) as connection:
        yield connection


def told(connection: psycopg.Connection, statements: tuple[str, ...]) -> tuple[str, psycopg.Error | None]:
    """Run statements in a transaction; return all answers as text, and the error of the last statement, if any.

    An error before the last statement is the test's own mistake.
    """
    words: list[str] = []
    connection.add_notice_handler(lambda notice: words.append(str(notice.message_primary)))
    try:
        with connection.transaction(force_rollback=True):
            for statement in statements[:-1]:
                words += rows(connection, statement)
            try:
                with connection.transaction():
                    words += rows(connection, statements[-1])
            except psycopg.Error as refusal:
                parts = ("message_primary", "message_detail", "message_hint", "context")
                return "\n".join([*words, *(str(getattr(refusal.diag, part)) for part in parts)]), refusal
    finally:
        connection._notice_handlers.clear()
    return "\n".join(words), None


def rows(connection: psycopg.Connection, statement: str) -> list[str]:
    cursor = connection.execute(statement.encode())
    return [str(row) for row in cursor.fetchall()] if cursor.description else []


def named(statement: str, city: str, thief: str) -> str:
    with connect(city) as owner:
        (owns, database) = owner.execute("select current_user::text, current_database()::text").fetchone() or ("", "")
    login = make_url(thief).username or ""
    return statement.replace(OWNER, owns).replace(OWN_DATABASE, database).replace(MYSELF, login)


def is_superuser(url: str) -> bool:
    with connect(url) as owner:
        return owner.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (True,)


def test_there_are_forty_attempts_and_more() -> None:
    assert len({each.statements for each in ATTEMPTS}) == len({each.name for each in ATTEMPTS}) == len(ATTEMPTS) >= 40


@pytest.mark.parametrize("tried", ATTEMPTS, ids=lambda tried: tried.name)
def test_no_attempt_of_a_stolen_login_succeeds(
    city: str, thief: str, session: psycopg.Connection, tried: Attempt
) -> None:
    if tried.by_superuser and not is_superuser(city):
        pytest.skip("only a superuser may take this away from every login; check names it")
    statements = tuple(named(statement, city, thief) for statement in tried.statements)
    words, refusal = told(session, statements)
    assert leaks(words, SECRETS, " ".join(statements)) == set()
    assert isinstance(refusal, tried.refused), f"not refused: {words}"


QUIET = (
    "select * from pg_stats where schemaname = 'public'",
    "select * from pg_stats_ext",
    "select attname, most_common_vals from pg_stats where tablename in ('report', 'app_user', 'report_contact')",
    "select * from pg_settings",
    "select * from pg_prepared_xacts",
    "select * from pg_largeobject_metadata",
    "select prosrc from pg_proc where pronamespace = 'public'::regnamespace",
    "select * from pg_locks",
    "set role report_reader; table report_change",
    "set role report_reader; select id, unit_id, cell, status from report_at(now())",
    f"set role report_official; select found_by_words(cast('{word(THEIRS, 1, 'title')}' as tsquery))",
    "set role report_reader; select told_status, told_district, told_ward from report_source",
    "set role report_reader; explain select from report where unit_id = 1",
    "set role report_reader; explain (analyze, verbose) select id from report where masked(cast(cell as text)) = 'x'",
)
"""Statements that are answered but reveal nothing of a case."""


@pytest.mark.parametrize("statement", QUIET)
def test_answered_statements_reveal_no_case(session: psycopg.Connection, statement: str) -> None:
    words, refusal = told(session, tuple(statement.split("; ")))
    assert refusal is None
    assert leaks(words, SECRETS) == set()


def test_counts_stay_open_to_the_login(session: psycopg.Connection) -> None:
    words, refusal = told(session, ("set role report_reader", "select count(*) from report"))
    assert refusal is None
    assert words == f"({3 * len(CASES)},)"


class Forger:
    """Writes scopes for a session, with the true key and with others: values of report.scope."""

    def __init__(self, city: str, session: psycopg.Connection) -> None:
        """Read the key as the owner, and the session's name as its holder."""
        with connect(city) as owner:
            (self._key, clock, self._owners) = owner.execute(
                "select encode(key, 'hex'), date_part('epoch', clock_timestamp()), scope_session() from scope_key"
            ).fetchone() or ("", 0.0, "")
        (name,) = session.execute("select scope_session()").fetchone() or ("",)
        self.here = Session(name, clock, time.monotonic())

    def signed(self, scope: Scope, reader: str = "", *, ago: float = 0, session: str = "", key: str = "") -> str:
        """Return a signature for a session (default: this one), made so many seconds ago, with a key (default: the true
        one).
        """
        here = Session(session or self.here.name, self.here.clock - ago, self.here.learned_at)
        true_key: str = self._key
        return Signer(lambda: key or true_key).signed(scope, reader, here)

    @property
    def owners(self) -> str:
        """The name of another session."""
        return str(self._owners)


def later(scope: str) -> str:
    """Return a signed scope whose expiry was changed to a later one."""
    parts = scope.split(";")
    return ";".join([*parts[:2], str(int(parts[2]) + 3_600_000), *parts[3:]])


def all_the_bits(scope: str) -> str:
    return ";".join(["all", *scope.split(";")[1:]])


HEAD = cases_of((OURS,))
FORGED: dict[str, tuple[str, Callable[[Forger], str]]] = {
    "everything, unsigned": ("report_leader", lambda _: "all"),
    "a unit, unsigned": ("report_official", lambda _: f"{{{THEIRS}}}"),
    "a unit handed up, unsigned": ("report_escalator", lambda _: f"{{{THEIRS}}}"),
    "nothing at all": ("report_leader", lambda _: ""),
    "no signature": ("report_leader", lambda by: by.signed(ALL_CASES).rpartition(";")[0]),
    "an empty signature": ("report_leader", lambda by: by.signed(ALL_CASES).rpartition(";")[0] + ";"),
    "a truncated signature": ("report_leader", lambda by: by.signed(ALL_CASES)[:-1]),
    "a longer signature": ("report_leader", lambda by: by.signed(ALL_CASES) + "0"),
    "a signature of noughts": ("report_leader", lambda by: by.signed(ALL_CASES)[:-64] + "0" * 64),
    "a key of noughts": ("report_leader", lambda by: by.signed(ALL_CASES, key="00" * 32)),
    "a guessed key": ("report_leader", lambda by: by.signed(ALL_CASES, key="ab" * 32)),
    "too old": ("report_leader", lambda by: by.signed(ALL_CASES, ago=31)),
    "of yesterday": ("report_official", lambda by: by.signed(HEAD, ago=86_400)),
    "old, with a later expiry": ("report_leader", lambda by: later(by.signed(ALL_CASES, ago=31))),
    "another session's": ("report_leader", lambda by: by.signed(ALL_CASES, session=by.owners)),
    "an official's as a leader": ("report_leader", lambda by: by.signed(HEAD)),
    "an official's, written for a leader": (
        "report_leader",
        lambda by: by.signed(HEAD).replace("report_official", "report_leader"),
    ),
    "an official's as who handed up": ("report_escalator", lambda by: by.signed(HEAD)),
    "an official's with another unit": ("report_official", lambda by: by.signed(HEAD).replace("{1}", f"{{{THEIRS}}}")),
    "an official's with one unit more": ("report_official", lambda by: by.signed(HEAD).replace("{1}", "{1,2,3}")),
    "an official's with everything": ("report_official", lambda by: all_the_bits(by.signed(HEAD))),
    "a leader's as an administrator": ("report_admin", lambda by: by.signed(ALL_CASES)),
    "the gate's as a leader": ("report_leader", lambda by: by.signed(GATE)),
    "a list that is SQL": ("report_official", lambda by: by.signed(HEAD).replace("{1}", "{1}'; reset role; --")),
    "a nested list": ("report_official", lambda by: by.signed(HEAD).replace("{1}", "{{1},{2}}")),
    "a broken name": ("report_leader", lambda by: by.signed(ALL_CASES).replace(";;", ";ff;")),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_scope_sees_no_case(city: str, session: psycopg.Connection, forged: str) -> None:
    role, write = FORGED[forged]
    scope = write(Forger(city, session))
    for place, column in OF_CASES.items():
        words, refusal = told(
            session, (f"set role {role}", f"set report.scope = $scope${scope}$scope$", f"select {column} from {place}")
        )
        assert isinstance(refusal, psycopg.errors.InsufficientPrivilege), (place, words)
        assert leaks(words, SECRETS) == set()


def enter(scope: Scope, signed: str) -> tuple[str, ...]:
    return f"set role {scope.role}", f"set report.scope = '{signed}'"


@pytest.mark.parametrize(
    ("scope", "units"),
    [(ALL_CASES, (OURS, THEIRS, BELOW)), (HEAD, (OURS,)), (ADMINISTRATION, (OURS, THEIRS, BELOW))],
    ids=["leader", "head", "administrator"],
)
def test_a_valid_signature_sees_its_scope(
    city: str, session: psycopg.Connection, scope: Scope, units: tuple[int, ...]
) -> None:
    signed = Forger(city, session).signed(scope)
    words, refusal = told(session, (*enter(scope, signed), "select public_code from report"))
    assert refusal is None
    assert leaks(words, SECRETS) == {code(unit, n).lower() for unit in units for n in CASES}


LEAKY = (
    "select title from report_text where cast(title as integer) = 1",
    "select id from report where cast(officer as integer) = 1",
    "select 1 / (length(public_code) - 6) from report",
    "select cast(public_code as numeric) from report where id = any (array(select report_id from report_event))",
    "select note from report_step where cast(note as date) = now()",
    "select query_to_xml('select words from report', true, false, '')",
    f"select ts_headline(title, 'zetab') from report_text where id = {THEIR_CASE}",
    f"select found_by_words(cast('{word(THEIRS, 1, 'title')}' as tsquery))",
    "select ts_stat.word from ts_stat('select words from report') as ts_stat",
    f"explain (analyze, verbose) select public_code from report where public_code = '{THEIR_CODE}'",
)
"""Statements that make PostgreSQL print values in errors and plans."""


@pytest.mark.parametrize("statement", LEAKY)
def test_errors_reveal_nothing_of_other_units_to_a_head(city: str, session: psycopg.Connection, statement: str) -> None:
    signed = Forger(city, session).signed(HEAD)
    words, _ = told(session, (*enter(HEAD, signed), statement))
    assert leaks(words, marks([THEIRS, BELOW]), statement) == set()


@pytest.mark.parametrize(
    ("scope", "line"),
    [
        (GATE, "select note_access('other', 'page', null, '')"),
        (GATE, "select note_access(null, 'page', null, '')"),
        (HEAD, f"select contact_of({number(OURS, 1)}, 'other', 'why')"),
        (ADMINISTRATION, f"select contact_of({THEIR_CASE}, 'other', 'why')"),
    ],
)
@pytest.mark.parametrize("reader", ["me", ""])
def test_nobody_writes_the_log_in_anothers_name(
    city: str, session: psycopg.Connection, scope: Scope, line: str, reader: str
) -> None:
    signed = Forger(city, session).signed(scope, reader)
    words, refusal = told(session, (*enter(scope, signed), line))
    assert isinstance(refusal, psycopg.Error), words
    assert leaks(words, SECRETS) == set()
    own = line.replace("'other'", "'me'").replace("null, 'page'", "'me', 'page'")
    assert (told(session, (*enter(scope, signed), own))[1] is None) is (reader == "me")


def test_a_signature_expires_while_its_session_continues(city: str, session: psycopg.Connection) -> None:
    by = Forger(city, session)
    for scope, asked in ((HEAD, "select count(*) from report"), (ALL_CASES, "select count(title) from report_text")):
        with session.transaction(force_rollback=True):
            for statement in enter(scope, by.signed(scope, ago=28)):
                session.execute(statement.encode())
            session.execute(f"prepare kept_{scope.role} as {asked}".encode())
            assert session.execute(f"execute kept_{scope.role}".encode()).fetchone()
            session.execute("select pg_sleep(2.1)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="too long ago"):
                session.execute(f"execute kept_{scope.role}".encode())


def test_no_definer_function_reveals_anything_for_hostile_arguments(city: str, session: psycopg.Connection) -> None:
    values = {
        "text": f"'''; select set_config(''role'', ''report_owner'', true); --{THEIR_CODE}'",
        "bigint": str(THEIR_CASE),
        "integer": str(THEIRS),
        "tsquery": f"cast('{word(THEIRS, 1, 'title')}' as tsquery)",
        "timestamp with time zone": "now()",
        "date": "current_date",
        "boolean": "true",
    }
    with connect(city) as owner:
        definers = owner.execute(
            """select proname, oidvectortypes(proargtypes) from pg_proc
               where prosecdef and pronamespace = 'public'::regnamespace order by 1"""
        ).fetchall()
        before = owner.execute("select count(*), max(id) from access_log").fetchone()
    assert len(definers) > 15
    for name, types in definers:
        given = ", ".join(values.get(kind, "null") for kind in types.split(", ") if kind)
        for role in ("none", "report_reader", *ROLES):
            words, _ = told(session, (f"set role {role}", f"select {name}({given})"))
            assert leaks(words, SECRETS, given) == set(), (name, role)
    with connect(city) as owner:
        assert owner.execute("select count(*), max(id) from access_log").fetchone() == before


def test_what_the_roles_read_beyond_counting_is_behind_a_signed_scope(city: str, session: psycopg.Connection) -> None:
    with connect(city) as owner:
        beyond = owner.execute(
            """select role, relname, attname from unnest(%s::text[]) as role, pg_class
               join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
               where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p')
                   and has_column_privilege(role, pg_class.oid, attnum, 'select')
                   and not has_column_privilege('report_reader', pg_class.oid, attnum, 'select')""",
            [list(ROLES)],
        ).fetchall()
    assert {table for _, table, _ in beyond} >= {"report", "report_text", "report_step", "app_user", "access_log"}
    for role, table, column in beyond:
        words, refusal = told(session, (f"set role {role}", f"select {column} from {table}"))
        assert isinstance(refusal, psycopg.errors.InsufficientPrivilege), (role, table, column, words)


def test_every_definer_function_pins_its_search_path(city: str) -> None:
    with connect(city) as owner:
        loose = owner.execute(
            """select cast(oid as regprocedure) from pg_proc
               where pronamespace = 'public'::regnamespace
                   and (prosecdef or proname in ('scope_holds', 'sees_all', 'scope_units', 'scope_reader'))
                   and proconfig is distinct from array['search_path=pg_catalog, public, pg_temp']"""
        ).fetchall()
    assert loose == []


def test_the_databases_hmac_is_that_of_rfc_2104(city: str) -> None:
    with connect(city) as owner:
        key, signature = owner.execute("select key, scope_signature('Đống Đa') from scope_key").fetchone() or (b"", "")
        owner.execute("select change_scope_key()")
        changed = owner.execute("select key from scope_key").fetchone()
    assert hmac.digest(key, "Đống Đa".encode(), "sha256").hex() == signature
    assert changed != (key,)


def test_a_copied_database_is_secured_at_the_next_start(city: str, thief: str) -> None:
    with connect(city) as owner:
        owner.execute("grant create on schema public to public")
        owner.execute(f"grant temporary on database {database_name(city)} to public".encode())
        assert migrate(owner) == []
    with psycopg.connect(thief, autocommit=True) as connection:
        row = connection.execute(
            "select has_database_privilege(current_database(), 'temporary'), has_schema_privilege('public', 'create')"
        ).fetchone()
    assert row == (False, False)
