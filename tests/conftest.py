"""Shared fixtures: one embedded server for the run, a fresh database per test that needs one, the cities' files."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from shutil import disk_usage

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from queries.engine.database import ReportDatabase
from reportdb.database.connection import connect
from reportdb.database.embedded_server import embedded_server
from reportdb.database.endings import ends_in_order
from reportdb.database.migrations import close_to_everybody, migrate
from reportdb.demo import build_demo
from reportdb.importer import import_reports
from tests.imported import FILES, Imported
from tests.open_folder import open_folder
from ui.access import accounts, door

SHARED = Path(__file__).parents[2] / "shared" / "data"

NewDatabase = Callable[[str], str]

_OF_CITIES = {
    "tests/test_cities.py",
    "tests/test_import_cities.py",
    "tests/browser/test_figure_walk.py",
    "tests/browser/test_overview.py",
}
"""The test files that read a real city: they share one process, so that it is imported once."""


_OF_SERVERS = {
    f"tests/test_{name}.py"
    for name in (
        *("attack_door", "attack_files", "attack_gateway", "attack_server", "attack_tokens", "attacks", "hardening"),
        *("attack_requests", "change", "check", "demo", "deploy", "import_others_round_trip", "masking_spellings"),
        *("open311", "outages", "recompute", "recovery", "scope_load", "server", "server_user", "simulation"),
    )
}
"""The test files that start servers and programs, build whole cities or simulate weeks: half of what the tests without
a browser cost.
"""


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist says no types
    """Give each process whole files, and all files with real cities to one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "cities" if file in _OF_CITIES else str(file)


def pytest_configure(config: pytest.Config) -> None:
    """End a run on SIGTERM like on Ctrl-C: a time limit leaves no server and no folder behind."""
    ending = ExitStack()
    ending.enter_context(ends_in_order())
    config.add_cleanup(ending.close)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark as slow the tests that start servers, and those of Boston and Kansas City, which take a minute to import."""
    for item in items:
        if item.nodeid.partition("::")[0] in _OF_SERVERS:
            item.add_marker("slow")
        if item.get_closest_marker("real_data"):
            given = item.callspec.params.values() if hasattr(item, "callspec") else ()
            if {"boston", "kansas_city"} & {*item.fixturenames, *map(str, given)}:
                item.add_marker("slow")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _ByFile:
    """Set how tests are shared between processes."""
    return _ByFile(config, log)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of our own server; with TEST_DB_URL, of another PostgreSQL whose owner may create databases."""
    if url := os.environ.get("TEST_DB_URL"):
        yield url
        return
    with open_folder("reportdb-test-", _in_memory()) as place, embedded_server(place / "db") as url:
        with connect(url) as connection:  # nothing here has to survive a power cut
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"alter system set {setting} = off")
            connection.execute("select pg_reload_conf()")
        yield url


def _in_memory() -> str | None:
    """Return a folder in memory with room for the tests' databases, if there is one: nothing waits for a disk."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and disk_usage(memory).free > 6 * 1024**3 else None


@pytest.fixture(scope="session")
def new_database(server: str) -> Iterator[NewDatabase]:
    """Copy a database and return the copy's URL; all are dropped at the end."""
    made: list[str] = []
    # Our own server writes nothing to a disk, so copying files is the quickest: 20 ms with the removal instead of 55.
    strategy = sql.SQL("" if "TEST_DB_URL" in os.environ else "strategy file_copy")

    def make(template: str) -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        with connect(server) as connection:
            connection.execute(
                sql.SQL("create database {} template {} {}").format(
                    sql.Identifier(name), sql.Identifier(template), strategy
                )
            )
        made.append(name)
        url = with_database(server, name)
        if template != "template1":
            with connect(url) as connection:  # a copy of a database does not inherit its privileges
                close_to_everybody(connection)
        return url

    yield make
    if "TEST_DB_URL" in os.environ:  # our own server is removed with its folder
        with connect(server) as connection:
            for name in made:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def schema_template(new_database: NewDatabase) -> str:
    """The name of an empty database with the current schema."""
    url = new_database("template1")
    with connect(url) as connection:
        migrate(connection)
    return database_name(url)


@pytest.fixture
def database(new_database: NewDatabase, schema_template: str, server: str) -> Iterator[str]:
    """The owner's URL of an empty report database for this test; dropped after it."""
    url = new_database(schema_template)
    yield url
    with connect(server) as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database_name(url)))
        )


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    """The owner's connection to this test's empty report database."""
    with connect(database) as opened:
        yield opened


@pytest.fixture
def reports(database: str) -> Iterator[ReportDatabase]:
    """This test's own report database as the dashboard sees it."""
    with closing(ReportDatabase(database)) as opened:
        yield opened


@pytest.fixture
def administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw pages and answer routes without a browser, as the user of the one-time address."""
    monkeypatch.setattr(accounts, "asker", lambda: lambda: accounts.HERE)
    monkeypatch.setattr(door, "holds", lambda _cookies: True)


DEMO_NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
"""The moment at which the tests' demo city ends."""


@pytest.fixture(scope="session")
def demo(new_database: NewDatabase, schema_template: str) -> str:
    """The owner's URL of a demo city of 12,000 reports; read only."""
    url = new_database(schema_template)
    with connect(url) as opened:
        build_demo(opened, reports=12_000, seed=1000, now=DEMO_NOW)
    return url


@pytest.fixture(scope="session")
def import_city(
    new_database: NewDatabase, schema_template: str, cities: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Imported]]:
    """Import a city's published file twice into its own database, once for all tests."""
    with ExitStack() as opened:

        @cache
        def imported(city: str) -> Imported:
            url = new_database(schema_template)
            connection = opened.enter_context(connect(url))
            rejects = tmp_path_factory.mktemp(city) / "rejects.csv"
            first, second = (
                import_reports(connection, cities / FILES[city], mapping=city, rejects=rejects, boundaries=cities)
                for _ in range(2)
            )
            return Imported(url, connection, first, second)

        yield imported


@pytest.fixture(scope="session")
def boston(import_city: Callable[[str], Imported]) -> Imported:
    """Boston, July to December 2011."""
    return import_city("boston")


@pytest.fixture(scope="session")
def washington(import_city: Callable[[str], Imported]) -> Imported:
    """Washington, thirty days of summer 2016."""
    return import_city("washington")


@pytest.fixture(scope="session")
def kansas_city(import_city: Callable[[str], Imported]) -> Imported:
    """Kansas City's inner neighbourhoods, 2007 to 2020."""
    return import_city("kansas_city")


@pytest.fixture(scope="session")
def cities() -> Path:
    """The folder of the real cities' published files."""
    folder = SHARED / "cities"
    if not folder.exists():
        pytest.skip("the cities' published files (../shared/data/cities) are not here")
    return folder


def with_database(url: str, name: str) -> str:
    """Return the URL with another database's name."""
    return str(make_url(url).set(database=name).render_as_string(hide_password=False))


def database_name(url: str) -> str:
    """Return the database name in a URL."""
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
