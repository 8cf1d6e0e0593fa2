"""Case queries are signed with a key: with the key, without it, with a wrong or changed one, and from each source."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from bench.official import Official
from queries.access.accounts import accounts, note
from queries.cases.cases import case_count
from queries.engine import signature
from queries.engine.database import NotAReportDatabase, ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES, cases_of
from queries.engine.signature import KEY_VARIABLE
from reportdb.__main__ import app
from reportdb.check.login import login_damage
from reportdb.database.cluster import OWNER
from reportdb.database.connection import connect
from reportdb.database.scope_key import LOGIN, change_scope_key, dashboard_url, embedded_scope_key, read_scope_key
from tests.access import CASES, NOW, OURS, dashboard_login, logged, number, planted
from tests.browser.conftest import dashboard
from tests.clocks import Clock
from tests.conftest import NewDatabase
from tests.test_figures import HANOI
from ui.base.settings import SettingsError
from ui.server import startup_check


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    return planted(new_database, schema_template)


@pytest.fixture(scope="module")
def login(city: str) -> Iterator[str]:
    """The URL of a login as the README makes one, for a dashboard on another PostgreSQL."""
    with dashboard_login(city) as url:
        yield url


@pytest.fixture
def key(city: str) -> str:
    with connect(city) as owner:
        return read_scope_key(owner)


def codes(reports: ReportDatabase, scope: object = ALL_CASES) -> int:
    ids = tuple(number(OURS, n) for n in CASES)
    return len(reports.ask_now("codes", scope=scope, ids=ids))  # type: ignore[arg-type]


def test_with_the_key_the_login_reads_cases(login: str, key: str) -> None:
    with closing(ReportDatabase(login, scope_key=lambda: key)) as reports:
        assert codes(reports) == codes(reports, cases_of((OURS,))) == len(CASES)
        assert "leader" in accounts(reports)


@pytest.mark.parametrize(("given", "said"), [(None, "REPORT_SCOPE_KEY is not set"), ("ab" * 32, "another key")])
def test_without_the_key_the_login_counts_and_reads_no_case(login: str, given: str | None, said: str) -> None:
    with closing(ReportDatabase(login, scope_key=None if given is None else lambda: given)) as reports:
        counted = case_count(reports, Filters.of(at=NOW, zone=HANOI), figure="submitted")
        assert counted == 3 * len(CASES)
        for refused in (lambda: codes(reports), lambda: accounts(reports), lambda: note(reports, "me", "page")):
            with pytest.raises(NotAReportDatabase, match=said) as told:
                refused()
            assert told.value.kind == "unsigned"


def test_a_changed_key_is_read_again_by_a_login_that_may(city: str) -> None:
    clock = Clock()
    with closing(ReportDatabase(city, clock=clock)) as reports:
        assert codes(reports) == len(CASES)
        with connect(city) as owner:
            change_scope_key(owner)
        clock.pass_by(11)  # the key is read again after ten seconds, not sooner
        assert codes(reports) == len(CASES)


def test_a_signature_uses_the_databases_clock_and_a_stale_one_is_renewed(login: str, key: str) -> None:
    with closing(ReportDatabase(login, scope_key=lambda: key)) as reports:
        assert codes(reports) == len(CASES)
        with reports._engine.connect() as connection:
            kept = connection.info["session"]
            connection.info["session"] = signature.Session(kept.name, kept.clock - 3600, kept.learned_at)
        assert codes(reports) == len(CASES), "refused once as too old, then signed by the clock as it is"


def test_a_log_line_has_the_signed_name(city: str, login: str, key: str) -> None:
    with closing(ReportDatabase(login, scope_key=lambda: key)) as reports:
        for who in ("Nguyễn Văn O'Brien; --", "x" * 300, "address 10.0.0.7"):
            note(reports, who, "page refused")
            assert (who[:200], "page refused") in logged(city)


def test_the_embedded_servers_dashboard_owns_nothing(server: str) -> None:
    if "TEST_DB_URL" in os.environ:
        pytest.skip("of the embedded server")
    url = dashboard_url(server)
    assert dashboard_url(server) == url, "made once"
    with psycopg.connect(url) as connection:
        assert connection.execute("select session_user::text").fetchone() == (LOGIN,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"set role {OWNER}")
    with connect(server) as owner:
        assert [found for found in login_damage(owner) if found.table == f"login {LOGIN}"] == []


def test_the_command_prints_the_key_and_makes_a_new_one(database: str) -> None:
    with connect(database) as owner:
        first = read_scope_key(owner)
    assert embedded_scope_key(database) == first
    run = CliRunner().invoke
    assert run(app, ["scope-key", "--database", database]).stdout.strip() == first
    changed = run(app, ["scope-key", "--new", "--database", database])
    assert signature.is_key(changed.stdout.strip())
    assert changed.stdout.strip() != first
    with connect(database) as owner:
        assert read_scope_key(owner) == changed.stdout.strip()
        owner.execute("delete from scope_key")
        assert signature.is_key(read_scope_key(owner)), "made where it is missing"


def test_an_invalid_key_is_reported_at_the_start_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert startup_check.scope_key() is None
    monkeypatch.setenv(KEY_VARIABLE, "ab" * 32)
    assert startup_check.scope_key() == "ab" * 32
    monkeypatch.setenv(KEY_VARIABLE, "secret word")
    with pytest.raises(SettingsError, match="64 hexadecimal digits") as said:
        startup_check.scope_key()
    assert "secret word" not in str(said.value)


def test_pages_without_the_key_say_so(login: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    log = tmp_path / "dashboard.log"
    with dashboard(login, log) as address, Official(address) as official:
        for page in ("cases", "report"):
            told = official.open(page, "lang=en&period=all&figure=submitted&code=ZA-401").replace("\\", "")
            assert "REPORT_SCOPE_KEY" in told
            assert "ZA-40" not in told.replace("code=ZA-401", "")
        assert "does not accept" not in official.open("definitions", "lang=en")
    assert "Traceback" not in log.read_text()
