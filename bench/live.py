"""How live the screens are: from commit to screen, the cost of many heartbeats, and memory over hours.

On a temporary demonstration city of its own; the viewers are bench/crowd.py's, on the same machine.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle, groupby, islice

import numpy as np
import psutil
import psycopg
from playwright.async_api import async_playwright
from rich.console import Console
from rich.table import Table
from scipy.stats import linregress

from bench import entrance
from bench.crowd import SECONDS_BETWEEN_BEATS, Guest
from bench.map import chromium
from bench.pages import dashboard
from reportdb.database.connection import connect, report_database
from reportdb.demo import build_demo
from tests.open_folder import open_folder
from ui.base import page_paths

PARTS = ("freshness", "heartbeats", "soak")
GOAL_FRESH_SECONDS, GOAL_BEAT_SECONDS, GOAL_SLOPE_MB = 5.0, 0.3, 1.0
_REPORTS = 60_000
_WATCHERS_OF_CHANGES, _CHANGES = 20, 40
_SETTLING, _STEP_SECONDS, _TOO_SLOW = 15, 60, 1.0
_BETWEEN_CORRECTIONS = 10  # seconds: the interval at which all pages are drawn again while heartbeats are measured
_WALLS, _DESKS = 4, 40
_DESK_PAGES = (page_paths.OVERVIEW, page_paths.LIVE_MAP, page_paths.BACKLOG, page_paths.OVERDUE, page_paths.CASES)
_WEIGHED_EVERY = 15  # seconds
_WARM_UPS = (20, 40)  # minutes in which caches and the allocator's heaps are first filled
_MISSED_AFTER = 15  # seconds: a screen older than that has missed a change


def measure(
    console: Console, *, minutes: float, per_hour: float, faster: float, viewers: int, only: str | None
) -> None:
    """Measure and print one table."""
    table = Table("what", "measured", "goal", show_edge=False)
    with open_folder("bench-live-") as place:
        folder = place / "db"
        with report_database(data=folder) as url:
            with connect(url) as connection:
                build_demo(connection, reports=_REPORTS, seed=1000, now=datetime.now(UTC))
            for part in PARTS if only is None else (only,):
                with dashboard(url) as (address, server):  # a fresh process for each part
                    match part:
                        case "freshness":
                            asyncio.run(_freshness(table, address, url))
                        case "heartbeats":
                            asyncio.run(_heartbeats(table, address, url, viewers))
                        case _:
                            asyncio.run(_soak(table, address, url, server, minutes, per_hour, faster))
            console.print(table)


@asynccontextmanager
async def _visiting(guests: Sequence[Guest]) -> AsyncIterator[None]:
    """Let the viewers enter one after the other, and wait until each has its page."""
    tasks = []
    try:
        for guest in guests:
            tasks.append(asyncio.create_task(guest.stay()))
            await asyncio.sleep(0.05)
        began = time.monotonic()
        while not all(guest.refreshed for guest in guests):
            if time.monotonic() - began > 120:
                raise SystemExit(f"{sum(not guest.refreshed for guest in guests)} viewers saw no page in two minutes")
            await asyncio.sleep(0.2)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _freshness(table: Table, address: str, url: str) -> None:
    """Commit reports at irregular times; measure until each viewer's list of the newest shows them."""
    guests = [Guest(address) for _ in range(_WATCHERS_OF_CHANGES)]
    delays: list[float] = []
    odd = random.Random(1)
    lost = 0
    async with _visiting(guests):
        with connect(url) as connection:
            await asyncio.sleep(_SETTLING)
            for number in range(_CHANGES):
                mark = f"bench-{number:04d}-"
                for guest in guests:
                    guest.looks_for = mark
                began = time.monotonic()
                arrive(connection, 9_000_000 + number, mark)
                while time.monotonic() - began < 20 and not all(mark in guest.found for guest in guests):
                    await asyncio.sleep(0.05)
                delays += [guest.found[mark] - began for guest in guests if mark in guest.found]
                lost += sum(mark not in guest.found for guest in guests)
                await asyncio.sleep(odd.uniform(0, 4))
    _row(table, f"from commit to {len(guests)} screens, {_CHANGES} changes, s", delays, GOAL_FRESH_SECONDS)
    table.add_row("changes a screen never showed", str(lost), "0")
    _errors(table, guests)


def arrive(connection: psycopg.Connection, number: int, title: str) -> None:
    """Commit a report submitted just now, like the newest one."""
    connection.execute(
        """insert into report (id, public_code, channel_id, category_id, severity, district_id, ward_id, lon, lat,
               title, submitted_at, unit_id, due_at, status, updated_at)
           select %(id)s, %(title)s || id, channel_id, category_id, severity, district_id, ward_id, lon, lat, %(title)s,
               now() - interval '2 seconds', unit_id, now() + interval '3 days', 'waiting', now()
           from report order by submitted_at desc limit 1""",
        {"id": number, "title": title},
    )


async def _heartbeats(table: Table, address: str, url: str, viewers: int) -> None:
    """Measure heartbeats while pages are drawn again, with more and more viewers until one takes over a second."""
    p95 = 0.0
    while p95 <= _TOO_SLOW:
        guests = _desks(address, viewers)
        async with _visiting(guests):
            await asyncio.sleep(_SETTLING)
            for guest in guests:
                guest.beats.clear()
            with connect(url) as connection:
                for _ in range(_STEP_SECONDS // _BETWEEN_CORRECTIONS):
                    await asyncio.to_thread(_correct, connection)
                    await asyncio.sleep(_BETWEEN_CORRECTIONS)
        beats = [seconds for guest in guests for seconds in guest.beats]
        p95 = float(np.percentile(beats, 95)) if beats else float("inf")
        first = GOAL_BEAT_SECONDS if viewers <= 100 else None
        _row(table, f"heartbeat of {viewers} viewers, {len(beats)} beats, s", beats, first)
        _errors(table, guests)
        viewers = int(viewers * 1.5)


def _desks(address: str, number: int) -> list[Guest]:
    """Return so many viewers, spread over the pages."""
    return [Guest(address, page) for page in islice(cycle(_DESK_PAGES), number)]


async def _soak(
    table: Table, address: str, url: str, server: psutil.Process, minutes: float, per_hour: float, faster: float
) -> None:
    """Record the server's memory and every viewer's refreshes while the city is simulated.

    A report is corrected every second, so that a day's refreshes take an hour or two. New reports at that rate would
    make the backlog eight times as large in an hour, which needs memory anyway.
    """
    guests = [Guest(address, page_paths.WALL) for _ in range(_WALLS)] + _desks(address, _DESKS)
    for guest in guests:
        guest.between = SECONDS_BETWEEN_BEATS / faster
    command = [sys.executable, "-m", "reportdb", "simulate", f"--per-hour={per_hour}", f"--database={url}"]
    memory: list[tuple[float, float]] = []
    changes = 0
    heap: list[tuple[float, float]] = []
    connection = connect(url)
    simulation = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        async with _visiting(guests), _browser_at(f"{address}/{page_paths.WALL}", heap):
            began, shown, backlog = time.monotonic(), "", _backlog(connection)
            while (passed := time.monotonic() - began) < minutes * 60:
                await asyncio.to_thread(_correct, connection)
                if (now_shown := await asyncio.to_thread(_shown_at, address)) != shown:
                    changes, shown = changes + 1, now_shown
                taken = server.memory_info()  # private memory: the kernel may drop pages of files and read them again
                memory.append((passed / 3600, (taken.rss - taken.shared) / 1e6))
                await asyncio.sleep(1)
            await asyncio.sleep(_MISSED_AFTER)
            backlog_at_last = _backlog(connection)
    finally:
        connection.close()
        simulation.terminate()
        simulation.wait(20)
    kept = _after(4, heap, minutes)
    refreshes = [len(guest.refreshed) for guest in guests]
    ages = [age for guest in guests for age in guest.ages]
    missed = sum(age > _MISSED_AFTER for age in ages)
    tens = groupby(memory, lambda sample: int(sample[0] * 6))
    course = ", ".join(f"{np.median([held for _, held in samples]):.0f}" for _, samples in tens)
    table.add_row("open reports", f"{backlog} at first, {backlog_at_last} at last", "")
    table.add_row("memory, median of each ten minutes, MB", course, "")
    for warm_up in _WARM_UPS:
        growth = _growth(_after(warm_up, memory, minutes))
        table.add_row(f"growth after {warm_up} minutes, MB an hour", growth, f"under {GOAL_SLOPE_MB:g}")
    table.add_row("heap of a wall in a browser, MB", f"{kept[0][1]:.1f} at first, {kept[-1][1]:.1f} at last", "")
    table.add_row("its growth, MB an hour", _growth(kept), "flat")
    table.add_row("refreshes of a screen", f"{min(refreshes)} to {max(refreshes)}, {changes} moments", "")
    oldest = f"median {np.median(ages):.1f}, longest {max(ages):.1f}"
    table.add_row("how old a screen was at a beat, s", oldest, "")
    table.add_row("beats of a screen that had missed a refresh", f"{missed} of {len(ages)}", "0")
    _errors(table, guests)
    table.add_row("connections lost", str(sum(guest.reconnected for guest in guests)), "0")


def _after(warm_up: float, samples: Sequence[tuple[float, float]], minutes: float) -> list[tuple[float, float]]:
    """Return the samples (hours, MB) after so many minutes; of a short run the second half."""
    return [sample for sample in samples if sample[0] * 60 > min(warm_up, minutes / 2)]


def _growth(samples: Sequence[tuple[float, float]]) -> str:
    """Return the growth of samples (hours, MB) with its standard error, from medians of five minutes each.

    Single samples of one minute are correlated and would understate the error.
    """
    fives = [list(each) for _five, each in groupby(samples, lambda sample: int(sample[0] * 12))]
    if len(fives) < 3:
        return "too short to say"
    found = linregress([each[0][0] for each in fives], [np.median([held for _hours, held in each]) for each in fives])
    return f"{found.slope:+.1f} ± {found.stderr:.1f}"


def _correct(connection: psycopg.Connection) -> None:
    """Commit a correction of an open report that changes no figure."""
    connection.execute(
        "update report set updated_at = now() where id = (select max(id) from report where ended_at is null)"
    )


def _backlog(connection: psycopg.Connection) -> int:
    """Return how many reports are open."""
    found = connection.execute("select count(*) from report where ended_at is null").fetchone()
    return int(found[0]) if found else 0


@asynccontextmanager
async def _browser_at(page: str, heap: list[tuple[float, float]]) -> AsyncIterator[None]:
    """Keep a real browser at a page while the block runs, and record its heap after a collection: hours, MB."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--js-flags=--expose-gc", "--enable-precise-memory-info"]
        )
        wall = await browser.new_page(viewport={"width": 1280, "height": 720})
        for name, value in entrance.cookies(page.rpartition("/")[0]).items():
            await wall.context.add_cookies([{"name": name, "value": value, "url": page}])
        await wall.goto(page)
        await wall.wait_for_selector(".wall-seen", timeout=60_000)
        began = time.monotonic()

        async def weigh() -> None:
            while True:
                used = await wall.evaluate("(window.gc(), window.gc(), performance.memory.usedJSHeapSize)")
                heap.append(((time.monotonic() - began) / 3600, used / 1e6))
                await asyncio.sleep(_WEIGHED_EVERY)

        weighing = asyncio.create_task(weigh())
        try:
            yield
        finally:
            weighing.cancel()
            await browser.close()


def _shown_at(address: str) -> str:
    request = urllib.request.Request(f"{address}/health", headers=entrance.cookie_header(address))
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["shown_at"])


def _errors(table: Table, guests: Sequence[Guest]) -> None:
    errors = [error for guest in guests for error in guest.errors]
    table.add_row("errors on screens", f"{len(errors)} {errors[:1]}", "0")


def _row(table: Table, name: str, seconds: Sequence[float], goal: float | None) -> None:
    if not seconds:
        table.add_row(name, "none", "")
        return
    median, p95 = np.percentile(seconds, (50, 95))
    said = f"p95 at or under {goal:g}" if goal else ""
    table.add_row(name, f"median {median:.2f}, p95 {p95:.2f}, longest {max(seconds):.2f}", said)
