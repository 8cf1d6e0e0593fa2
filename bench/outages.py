"""Every fault of tests/test_outages.py on a running dashboard: what the screen says, and how long until it recovers.

One viewer watches the overview (bench/crowd.py). The times are those of the words in its header.
"""

import asyncio
import fcntl
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TextIO

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from bench.crowd import Guest
from bench.live import arrive
from bench.pages import dashboard
from reportdb.database.connection import connect
from reportdb.database.embedded_server import embedded_server
from reportdb.database.migrations import migrate
from reportdb.demo import build_demo
from tests.open_folder import open_folder
from tests.servers import postmaster
from tests.wire import Wire, wire

_REPORTS = 12_000
_PATIENCE = 120
_FAULT_FOR = 15

Act = Callable[[], object]


def measure(console: Console, killed_for: float, only: str | None) -> None:
    """Cause one fault after the other, or those whose name contains a word, and print the table."""
    table = Table("fault", "the screen says", "after, s", "live again, s after its end", show_edge=False)
    with open_folder("bench-outages-") as folder:
        place = folder / "db"
        with embedded_server(place) as url, connect(url) as owner:
            migrate(owner)
            build_demo(owner, reports=_REPORTS, seed=1000, now=datetime.now(UTC))
            # Whether the channels deliver is measured elsewhere.
            owner.execute("update feed set last_delivery_at = now(), expected_every = '1 day'")
            for name, begin, end, seconds in _faults(owner, url):
                if only and only not in name:
                    continue
                with _official(owner, url) as login, wire(login) as first, wire(login) as second:
                    both = first.url.replace("/report", f",127.0.0.1:{second.port}/report", 1)
                    with dashboard(both if name.startswith("failed over") else first.url) as (address, _server):
                        said = asyncio.run(
                            _drill(address, partial(begin, first, login), partial(end, first, login), seconds)
                        )
                table.add_row(name, *said)
            name = f"PostgreSQL killed for {killed_for:g} s"
            if only is None or only in name:
                with (
                    wire(url) as first,
                    dashboard(first.url) as (address, _server),
                    (place / "gate.lock").open() as gate,
                ):
                    begin, end = partial(_kill, place, gate), partial(fcntl.flock, gate, fcntl.LOCK_UN)
                    said = asyncio.run(_drill(address, begin, end, killed_for))
                    table.add_row(name, *said)
    console.print(table)


def _kill(place: Path, gate: TextIO) -> None:
    """Kill the server of a folder, and hold the gate that its users need to restart it."""
    fcntl.flock(gate, fcntl.LOCK_EX)
    killed = postmaster(place)
    if killed is None:
        raise RuntimeError(f"no server runs in {place}")
    os.kill(killed, signal.SIGKILL)


Fault = tuple[str, Callable[[Wire, str], object], Callable[[Wire, str], object], float]


def _faults(owner: psycopg.Connection, url: str) -> Iterator[Fault]:
    """Yield each fault: its name, how to begin and end it, and how long it lasts in seconds."""

    def on_role(statement: str) -> Callable[[Wire, str], object]:
        def act(_: Wire, login: str) -> None:
            name = str(make_url(login).username)
            owner.execute(sql.SQL(statement).format(sql.Identifier(name)))
            owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [name])

        return act

    def on_all(statement: str) -> Callable[[Wire, str], object]:
        return lambda _wire, _login: owner.execute(statement)

    locks: list[psycopg.Connection] = []

    def lock(table: str) -> Callable[[Wire, str], object]:
        def act(_: Wire, __: str) -> None:
            locks.append(connect(url))
            locks[-1].execute("begin")
            locks[-1].execute(sql.SQL("lock table {} in access exclusive mode").format(sql.Identifier(table)))
            if table != "report":  # a change that the page cannot query
                arrive(owner, 9_000_000, "bench")

        return act

    def unlock(_: Wire, __: str) -> None:
        locks.pop().close()

    def again(line: Wire, _: str) -> None:
        line.cut()
        line.mend()

    yield "network cut", lambda line, _: line.cut(), lambda line, _: line.mend(), _FAULT_FOR
    yield "network loses everything", lambda line, _: line.freeze(), again, 30
    yield "failed over to a second host", lambda line, _: line.cut(), lambda _line, _: None, 0
    yield "slow: pages' questions", lock("report_past"), unlock, 30
    yield "slow: every question", lock("report"), unlock, _FAULT_FOR
    yield (
        "no connection left",
        on_role("alter role {} connection limit 0"),
        on_role("alter role {} connection limit -1"),
        _FAULT_FOR,
    )
    yield (
        "disk full (its error code)",
        on_all(
            """
            alter table feed rename to kept;
            create function no_room() returns boolean language plpgsql as
                $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$;
            create view feed as select * from kept where no_room();
            grant select on feed to report_reader
            """
        ),
        on_all("drop view feed; drop function no_room; alter table kept rename to feed"),
        _FAULT_FOR,
    )
    yield (
        "role without rights",
        on_all("revoke select on channel from report_reader"),
        on_all("grant select on channel to report_reader"),
        _FAULT_FOR,
    )
    yield (
        "read-only database",
        on_role("alter role {} set default_transaction_read_only = on"),
        on_role("alter role {} reset default_transaction_read_only"),
        _FAULT_FOR,
    )


@contextmanager
def _official(owner: psycopg.Connection, url: str) -> Iterator[str]:
    """Create a login that may only read reports while the block runs, and yield its URL."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    owner.execute(sql.SQL("create role {} login noinherit in role report_dashboard").format(sql.Identifier(name)))
    try:
        yield make_url(url).set(username=name).render_as_string(hide_password=False)
    finally:
        owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [name])
        owner.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


async def _drill(address: str, begin: Act, end: Act, seconds: float) -> tuple[str, str, str]:
    """Return what the screen said during a fault, after how long, and how long after its end it was live again."""
    guest = Guest(address, query="lang=en")
    visiting = asyncio.create_task(guest.stay())
    try:
        await _until(guest, "Live")
        await asyncio.sleep(3)
        began = time.monotonic()
        await asyncio.to_thread(begin)
        noticed = await _until(guest, "Numbers of", patience=seconds + 5)
        said = guest.fresh[1] if noticed else "Live"
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        await asyncio.to_thread(end)
        ended = time.monotonic()
        healed = await _until(guest, "Live")
        errors = f" ERRORS {guest.errors[:1]}" if guest.errors else ""
        if noticed is None:
            return said + errors, "never", "no outage seen"
        return said + errors, f"{noticed - began:.1f}", f"{healed - ended:.1f}" if healed else "never"
    finally:
        visiting.cancel()
        await asyncio.gather(visiting, return_exceptions=True)


async def _until(guest: Guest, words: str, patience: float = _PATIENCE) -> float | None:
    """Return when the viewer's header showed these words; None if it never did."""
    began = time.monotonic()
    while time.monotonic() - began < patience:
        if words in guest.fresh[1]:
            return time.monotonic()
        await asyncio.sleep(0.05)
    return None
