"""Every fault of the database: what the screen says meanwhile, and that it recovers by itself.

Each drill draws the real frame with the real overview. docs/decisions/0029-outages.md has the times the faults take.
"""

import fcntl
import gzip
import json
import os
import re
import signal
import time
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import UnknownElement

from queries.access.accounts import Account
from queries.engine.connections import Patience
from queries.engine.errors import Kind
from queries.engine.scope import cases_of
from reportdb.database.connection import connect
from reportdb.database.embedded_server import embedded_server
from reportdb.database.migrations import migrate
from tests.open_folder import open_folder
from tests.reports import report, small_city
from tests.servers import postmaster
from tests.wire import wire
from ui.access import accounts
from ui.live import watch
from ui.live.pulse import Pulse

FRAME = Path(__file__).parents[1] / "ui" / "frame" / "page_frame.py"
PATIENCE = 60
IN_A_HURRY = Patience(answer=2, poll=1, connect=2)

watching_in_a_hurry = partial(watch.watching, patience=IN_A_HURRY, every=0.3, seconds_to_stay=1)
"""Watches as the dashboard does, but waits less: for looks, for answers, before trying again."""

pytestmark = pytest.mark.usefixtures("administrator")


class Board:
    """A viewer's overview, drawn on request."""

    def __init__(self) -> None:
        self._app = AppTest.from_file(str(FRAME), default_timeout=PATIENCE)
        self._app.query_params["lang"] = "en"

    def poll(self) -> str:
        """Draw the page and return the header's freshness note; nothing on the page may look broken."""
        self._app.run()
        assert not self._app.exception
        drawn = [element for element in self._app.main if isinstance(element, UnknownElement)]
        told = [json.loads(element.proto.json) for element in drawn if element.type == "bidi_component"]
        panels = [html for data in told if (html := html_of(data))]
        self.panels = len(panels)
        now = re.sub(r'<span class="change.*?</span>', "", "".join(panels), flags=re.DOTALL)
        self.counts = re.findall(r'data-figure="(\w+)" data-count="(\d+)"', now)
        (self.clock,) = (data for data in told if "amber" in data)
        self.errors = [error.value.replace("\\", "") for error in self._app.error]
        told_freshness = r'class="freshness ([\w-]+)[^"]*"[^>]*>(?:<i></i>)?([^<]+)<'
        ((self.tone, words),) = (found for html in panels for found in re.findall(told_freshness, html))
        self.drawn_at: datetime = self._app.session_state["viewer"].pulse.at
        if live_now := re.match(r"Live · (\d\d/\d\d/\d{4} \d\d:\d\d)", words):
            self.live_at = live_now[1]
        return unescape(words)

    def asks(self, **query: str) -> None:
        """Set the address's query."""
        for word, value in query.items():
            self._app.query_params[word] = value

    def until(self, words: str) -> str:
        """Draw the page until its header says these words."""
        began = time.monotonic()
        while words not in (said := self.poll()):
            assert time.monotonic() - began < PATIENCE, f"the header still says {said}"
            time.sleep(0.3)
        return said


def html_of(data: dict[str, str]) -> str:
    """Return the HTML in a component's data; empty if it draws something else."""
    return gzip.decompress(b64decode(data["packed"])).decode() if "packed" in data else data.get("html", "")


@contextmanager
def board(
    url: str,
    why_away: Callable[[], Kind | None] = lambda: None,
    scope_key: Callable[[], str | None] | None = None,
    patience: Patience = IN_A_HURRY,
) -> Iterator[Board]:
    with watching_in_a_hurry(url, why_away=why_away, scope_key=scope_key, patience=patience):
        drawn = Board()
        yield drawn


def fill(connection: psycopg.Connection) -> None:
    small_city(connection)
    arrives(connection, 1)


def arrives(connection: psycopg.Connection, number: int) -> None:
    """Insert a report received now."""
    now = datetime.now(UTC)
    report(connection, number, submitted_at=now - timedelta(seconds=5), updated_at=now)


@pytest.fixture
def city(connection: psycopg.Connection, database: str) -> str:
    fill(connection)
    return database


@pytest.fixture
def official(connection: psycopg.Connection, city: str) -> Iterator[tuple[str, str]]:
    """A login that may only act as the reader, and its URL."""
    name = f"official_{uuid.uuid4().hex[:8]}"
    connection.execute(sql.SQL("create role {} login noinherit in role report_dashboard").format(sql.Identifier(name)))
    yield name, make_url(city).set(username=name).render_as_string(hide_password=False)
    connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [name])
    connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def key_of(connection: psycopg.Connection) -> Callable[[], str]:
    """Return a function that reads the scope key as its owner."""
    key = connection.execute("select encode(key, 'hex') from scope_key").fetchone()
    assert key
    return lambda: str(key[0])


def shows_the_last_good_numbers(drawn: Board, trouble: str) -> None:
    """The same panels and numbers as before the fault, with their moment and the trouble."""
    before = drawn.panels, drawn.counts
    assert drawn.counts
    said = drawn.until(f"· {trouble}")
    assert said.startswith(f"Numbers of {drawn.live_at} · ")
    assert drawn.errors == []
    assert (drawn.panels, drawn.counts) == before


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_server_that_stops_and_restarts(ending: signal.Signals) -> None:
    with open_folder("outage-test-") as place:
        folder = place / "db"
        with embedded_server(folder) as url:
            with connect(url) as connection:
                migrate(connection)
                fill(connection)
            with board(url) as drawn:
                drawn.until("Live")
                killed = postmaster(folder)
                assert killed
                with (folder / "gate.lock").open() as gate:  # nobody restarts it meanwhile
                    fcntl.flock(gate, fcntl.LOCK_EX)
                    os.kill(killed, ending)
                    shows_the_last_good_numbers(drawn, "the database")
                drawn.until("Live")


def test_a_network_that_is_cut(city: str) -> None:
    with wire(city) as laid, board(laid.url) as drawn:
        drawn.until("Live")
        laid.cut()
        shows_the_last_good_numbers(drawn, "the database does not answer")
        laid.mend()
        drawn.until("Live")


def test_a_network_that_loses_everything(city: str) -> None:
    with wire(city) as laid, board(laid.url) as drawn:
        drawn.until("Live")
        laid.freeze()
        shows_the_last_good_numbers(drawn, "the database does not answer")
        laid.cut()
        laid.mend()
        drawn.until("Live")


def test_a_server_replaced_by_another(city: str) -> None:
    with wire(city) as first, wire(city) as second:
        both = re.sub(r":(\d+)/", rf":\1,127.0.0.1:{second.port}/", first.url) + "?target_session_attrs=primary"
        with board(both) as drawn:
            drawn.until("Live")
            first.cut()
            time.sleep(1)
            drawn.until("Live")
            assert watch.watcher().pulse.trouble is None
            arrived(city, drawn.poll)


def arrived(city: str, look: Callable[[], str]) -> None:
    """A report received now is shown to a viewer who looks then."""
    with connect(city) as connection:
        arrives(connection, 77)
    changed_at = watch.watcher().pulse.changed_at
    began = time.monotonic()
    while watch.watcher().pulse.changed_at == changed_at:
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.1)
    assert look().startswith("Live")


def test_a_read_only_database(city: str, connection: psycopg.Connection) -> None:
    with board(city) as drawn:
        drawn.until("Live")
        name = sql.Identifier(str(make_url(city).database))
        connection.execute(sql.SQL("alter database {} set default_transaction_read_only = on").format(name))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'dashboard' and datname = current_database()"
        )
        time.sleep(1)
        drawn.until("Live")
        assert drawn.errors == []


def test_questions_that_take_too_long(city: str, connection: psycopg.Connection) -> None:
    with board(city) as drawn, connect(city) as other:
        drawn.until("Live")
        time.sleep(1.1)  # a change in the same second would be no new moment
        with other.transaction():
            other.execute("lock table report_past in access exclusive mode")
            connection.execute("update unit set name_en = 'Another'")  # inserting a report reads report_past
            shows_the_last_good_numbers(drawn, "the database is slow")
            assert watch.watcher().pulse.trouble is None, "the small question is answered"
        drawn.until("Live")


def test_even_the_small_question_takes_too_long(city: str) -> None:
    with board(city) as drawn, connect(city) as other:
        drawn.until("Live")
        with other.transaction():
            other.execute("lock table report in access exclusive mode")
            shows_the_last_good_numbers(drawn, "the database is slow")
        drawn.until("Live")


def test_no_connection_left(official: tuple[str, str], connection: psycopg.Connection) -> None:
    name, url = official
    with board(url, scope_key=key_of(connection)) as drawn:
        drawn.until("Live")
        connection.execute(sql.SQL("alter role {} connection limit 0").format(sql.Identifier(name)))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [name])
        shows_the_last_good_numbers(drawn, "the database takes no more connections")
        connection.execute(sql.SQL("alter role {} connection limit -1").format(sql.Identifier(name)))
        drawn.until("Live")


def test_no_room_on_the_disk(city: str, connection: psycopg.Connection) -> None:
    """Simulated: the server's own error code, from a view that replaces a table."""
    with board(city) as drawn:
        drawn.until("Live")
        connection.execute(
            """
            alter table feed rename to kept;
            create function no_room() returns boolean language plpgsql as
                $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$;
            create view feed as select * from kept where no_room();
            grant select on feed to report_reader;
            insert into kept values (1, now(), '1 hour')
            """
        )
        shows_the_last_good_numbers(drawn, "the database's disk is full")
        connection.execute("drop view feed; alter table kept rename to feed")
        drawn.until("Live")


def test_a_revoked_privilege(official: tuple[str, str], connection: psycopg.Connection) -> None:
    _, url = official
    with board(url, scope_key=key_of(connection)) as drawn:
        drawn.until("Live")
        connection.execute("revoke select on channel from report_reader")
        shows_the_last_good_numbers(drawn, "the database refuses the dashboard")
        connection.execute("grant select on channel to report_reader")
        drawn.until("Live")


@pytest.mark.parametrize("viewer", [accounts.HERE, accounts.ANYBODY], ids=lambda viewer: viewer.subject)
def test_a_rejected_login(
    official: tuple[str, str], connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, viewer: Account
) -> None:
    name, url = official
    monkeypatch.setattr(accounts, "asker", lambda: lambda: viewer)
    connection.execute(sql.SQL("revoke report_dashboard from {}").format(sql.Identifier(name)))
    with board(url, scope_key=key_of(connection)) as drawn:
        assert "refuses the dashboard" in drawn.poll()
        cured = any("report_dashboard" in error for error in drawn.errors)
        assert cured == (viewer is accounts.HERE), "only the operator sees the remedy"
        connection.execute(sql.SQL("grant report_dashboard to {}").format(sql.Identifier(name)))
        drawn.until("Live")


def test_no_database_from_the_start(city: str) -> None:
    with wire(city) as laid:
        laid.cut()
        with board(laid.url) as drawn:
            assert drawn.poll() == "The database does not answer"
            assert len(drawn.errors) == 1
            laid.mend()
            drawn.until("Live")
            assert drawn.errors == []


def test_pages_not_redrawn_before_the_outage_keep_their_content(city: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each head's own cases are queried separately: one head's cached answer is not used for the other."""
    heads = {name: Account(name, name, "unit_head", cases_of((unit,)), unit) for name, unit in (("A", 1), ("B", 2))}
    looks: list[Account] = []
    monkeypatch.setattr(accounts, "asker", lambda: lambda: looks[-1])
    with wire(city) as laid, board(laid.url) as first:
        second = Board()

        def look(board: Board, name: str) -> str:
            looks.append(heads[name])
            board.asks(period="30d")  # a head's first page without a query leads to the own unit
            return board.poll()

        assert look(first, "A").startswith("Live")
        assert look(second, "B").startswith("Live")
        counts, errors = second.counts, second.errors
        arrived(city, lambda: look(first, "A"))
        laid.cut()
        while not (said := look(second, "B")).startswith("Numbers of"):
            time.sleep(0.3)
        assert said.endswith("the database does not answer")
        assert (second.counts, second.errors) == (counts, errors)


def test_an_outage_longer_than_the_caches_lifetime(city: str) -> None:
    with wire(city) as laid, board(laid.url, patience=replace(IN_A_HURRY, remember=3)) as drawn:
        drawn.until("Live")
        laid.cut()
        shows_the_last_good_numbers(drawn, "the database does not answer")
        time.sleep(4)
        shows_the_last_good_numbers(drawn, "the database does not answer")


def test_a_page_that_draws_slowly_says_so_meanwhile(city: str) -> None:
    with watching_in_a_hurry(city) as watcher:
        viewer = watcher.viewers.enter(watcher.pulse)
        viewer.begin(watcher.pulse)
        viewer.drawn()
        verified_at = viewer.beat(1, watcher.pulse).verified_at
        later = watcher.pulse.at + timedelta(minutes=1)
        moved = Pulse(at=later, city=watcher.pulse.city, verified_at=later)
        viewer.waits()
        viewer.begin(moved)
        assert viewer.beat(1, moved)[1:] == (verified_at, False, False), "the screen does not show the new data yet"
        viewer.drawn()
        assert viewer.beat(2, moved).verified_at == later


def test_viewers_are_refreshed_one_after_the_other_after_an_outage(city: str) -> None:
    """Not all when the database is back: spread over three seconds."""
    back = datetime.now(UTC)
    with watching_in_a_hurry(city) as watcher:
        came = []
        for turn, seconds_ago in ((0.0, 0), (0.9, 1), (0.9, 3)):
            viewer = watcher.viewers.enter(Pulse(at=back - timedelta(minutes=1)))
            viewer.turn, viewer.drawn_at = turn, back - timedelta(minutes=1)
            pulse = Pulse(at=back, city=watcher.pulse.city, back_at=back - timedelta(seconds=seconds_ago))
            came.append(viewer.beat(0, pulse).again)
    assert came == [True, False, True]
