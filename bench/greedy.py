"""What twenty busy tabs of one viewer cost another viewer: the time of their page with and without.

Each has an account, on a temporary demonstration city; the ratio is of one run.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from bench.pages import dashboard
from bench.streamlit_messages import PROTOCOL, BackMsg, ForwardMsg, stream
from reportdb.database.connection import connect as connect_to_database
from reportdb.database.connection import report_database
from reportdb.demo import build_demo
from tests.open_folder import open_folder
from ui.base import page_paths

GOAL = 2.0
"""The largest allowed ratio of another viewer's page time with and without the greedy tabs."""
TABS = 20
_REPORTS = 20_000
_HEADER = "X-Remote-User"
_WARMING, _RERUNS, _SETTLING = 5, 30, 3.0
_PAGES = (page_paths.OVERVIEW, page_paths.BACKLOG, page_paths.CASES)
_PEOPLE = ("greedy", "other")


class Tab:
    """One open page of a viewer, which can be requested and drawn."""

    def __init__(self, socket: ClientConnection) -> None:
        """Use an open WebSocket."""
        self._socket = socket
        self._page_hash = ""
        self.drawn = 0

    async def open(self, page: str, query: str) -> float:
        """Open a page, wait until it is drawn, and return the seconds."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        return await self._run(message)

    async def again(self, query: str) -> float:
        """Have the page drawn again and return the seconds."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_script_hash = self._page_hash
        return await self._run(message)

    async def _run(self, message: BackMsg) -> float:
        began = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        while True:
            raw = await self._socket.recv()
            assert isinstance(raw, bytes)
            answer = ForwardMsg()
            answer.ParseFromString(raw)
            match answer.WhichOneof("type"):
                case "navigation":
                    self._page_hash = answer.navigation.page_script_hash
                case "script_finished":
                    self.drawn += 1
                    return time.perf_counter() - began
                case _:
                    pass


@asynccontextmanager
async def _tab(address: str, who: str) -> AsyncIterator[Tab]:
    async with connect(
        stream(address),
        subprotocols=[PROTOCOL],
        origin=Origin(address),
        additional_headers={_HEADER: who},
        max_size=None,
        ping_interval=None,
    ) as socket:
        yield Tab(socket)


def measure(console: Console, *, tabs: int = TABS, reruns: int = _RERUNS) -> None:
    """Measure and print one table."""
    with open_folder("bench-greedy-") as place:
        secrets = place / "secrets.toml"
        secrets.write_text(f'[access]\nproxies = ["127.0.0.1"]\nheader = "{_HEADER}"\n')
        with report_database(data=place / "db") as url:
            with connect_to_database(url) as connection:
                build_demo(connection, reports=_REPORTS, seed=1000, now=datetime.now(UTC))
                for who in _PEOPLE:
                    connection.execute(
                        "insert into app_user (subject, name, role, created_at) values (%s, %s, 'leader', now())",
                        [who, who],
                    )
            console.print(asyncio.run(_measured(url, secrets, tabs, reruns)))


async def _measured(url: str, secrets: Path, tabs: int, reruns: int) -> Table:
    columns = ("page", "alone, ms", f"beside {tabs} tabs, ms", "ratio", "server, % of a core", f"goal: under {GOAL:g}")
    table = Table(*columns, show_edge=False)
    with dashboard(url, f"--secrets.files={secrets}") as (address, server):

        def spent() -> float:
            times = server.cpu_times()
            return float(times.user + times.system)

        async def timed(tab: Tab) -> tuple[list[float], float]:
            began, worked = time.perf_counter(), spent()
            times = await _times(tab, reruns)
            return times, 100 * (spent() - worked) / (time.perf_counter() - began)

        for page in _PAGES:
            async with _tab(address, "other") as other:
                await other.open(page, "period=30d")
                alone, idle = await timed(other)
                async with _greedy(address, page, tabs) as drawn:
                    beside, busy = await timed(other)
                    count = drawn()
                ratio = float(np.median(beside) / np.median(alone))
                table.add_row(
                    page or "overview",
                    _in_words(alone),
                    _in_words(beside),
                    f"{ratio:.2f}",
                    f"{idle:.0f}, {busy:.0f}",
                    f"{'met' if ratio < GOAL else 'missed'}; the tabs were answered {count} times",
                )
    return table


async def _times(tab: Tab, reruns: int) -> list[float]:
    for _ in range(_WARMING):
        await tab.again("period=30d")
    times = []
    for _ in range(reruns):
        times.append(await tab.again("period=30d"))
        await asyncio.sleep(0.6)  # no faster than a person clicks, so that it is not refused
    return times


@asynccontextmanager
async def _greedy(address: str, page: str, tabs: int) -> AsyncIterator[Callable[[], int]]:
    """Have a page drawn again in many tabs, each as soon as it is drawn, while the block runs."""
    open_tabs: list[Tab] = []

    async def run() -> None:
        try:
            async with _tab(address, "greedy") as tab:
                open_tabs.append(tab)
                await tab.open(page, "period=30d")
                while True:
                    await tab.again("period=30d")
        except ConnectionClosed:
            pass

    tasks = [asyncio.create_task(run()) for _ in range(tabs)]
    await asyncio.sleep(_SETTLING)
    before = sum(tab.drawn for tab in open_tabs)
    try:
        yield lambda: sum(tab.drawn for tab in open_tabs) - before
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _in_words(seconds: Sequence[float]) -> str:
    median, p95 = np.percentile(seconds, (50, 95)) * 1000
    return f"{median:.0f} (p95 {p95:.0f})"
