"""The live map with a hundred thousand open reports: bytes transferred, and the speed of a browser without a GPU.

`python -m bench.map` fills a temporary database and prints a table.
"""

import gzip
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated

import psycopg
import typer
from playwright.sync_api import Page, WebSocket, sync_playwright

from bench import entrance
from bench.streamlit_messages import HEALTH, ForwardMsg
from reportdb.database.connection import connect, report_database
from reportdb.demo import build_demo
from tests.open_folder import open_folder

PORT = 8799
_FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_GROUND_REPORTS = 3_000
_PATIENCE = 90

_COUNT_STANDSTILLS = """() => {
    window.standstills = []
    new PerformanceObserver((list) => list.getEntries().forEach((task) => window.standstills.push(task.duration)))
        .observe({ entryTypes: ["longtask"] })
}"""

_NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

Result = tuple[str, str]


def main(points: Annotated[int, typer.Option(min=1, help="How many open reports with coordinates.")] = 100_000) -> None:
    """Measure and print."""
    with open_folder("bench-map-") as place:
        folder = place / "map"
        with report_database(data=folder) as url, connect(url) as connection:
            _fill(connection, points - 1)  # and one that arrives during the measurement
            with _dashboard(url) as address:
                print(f"| {points:,} open reports on the map | |\n|---|---:|")
                for name, value in chain(_route(address), _browser(address, connection)):
                    print(f"| {name} | {value} |", flush=True)


def chromium() -> str:
    """Return the path of Chromium. Raises SystemExit."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        raise SystemExit("no Chromium here: apt-get install chromium")
    return program


def _fill(connection: psycopg.Connection, points: int) -> None:
    """Make the demo city, and open reports scattered around the places of its own."""
    build_demo(connection, reports=_GROUND_REPORTS, seed=1, now=datetime.now(UTC))
    connection.execute("delete from report where ended_at is null")
    connection.execute(
        """
        insert into report (id, public_code, channel_id, category_id, severity, district_id, ward_id, lon, lat, title,
            submitted_at, unit_id, due_at, status, updated_at)
        select 5000000 + n, 'M-' || n, channel_id, category_id, severity, district_id, ward_id,
            lon + (random() - 0.5) / 20, lat + (random() - 0.5) / 20, title, now() - random() * interval '20 days',
            unit_id, now() + (random() - 0.2) * interval '20 days', 'waiting', now() - interval '1 minute'
        from generate_series(1, %s) as n
        join (select *, row_number() over () as place from report where lon is not null) as report
            on place = 1 + n %% (select count(*) from report where lon is not null)
        """,
        [points],
    )
    connection.execute("vacuum analyze report")


@contextmanager
def _dashboard(url: str) -> Iterator[str]:
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={PORT}"]
    token = entrance.new_token()
    server = subprocess.Popen(
        command, env=os.environ | {"REPORT_DB_URL": url} | token, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{PORT}"
    try:
        while server.poll() is None:
            try:
                urllib.request.urlopen(f"{address}{HEALTH}", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        else:
            raise SystemExit(f"The dashboard did not start; is port {PORT} taken?")
        entrance.enter(address, token)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _route(address: str) -> Iterator[Result]:
    at = urllib.parse.quote(datetime.now(UTC).isoformat())
    request = urllib.request.Request(
        f"{address}/map/points.json?at={at}", headers={"Accept-Encoding": "gzip"} | entrance.cookie_header(address)
    )
    times = []
    for _ in range(2):
        began = time.perf_counter()
        with urllib.request.urlopen(request) as answer:
            packed, tag = answer.read(), answer.headers["ETag"]
        times.append(time.perf_counter() - began)
    yield "Data, as the browser reads them", _size(len(gzip.decompress(packed)))
    yield "Data, packed, on the way", _size(len(packed))
    yield "Data, the first viewer's wait", f"{times[0]:.2f} s"
    yield "Data, every other viewer's wait", f"{times[1]:.3f} s"
    request.add_header("If-None-Match", tag)
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as unchanged:
        yield "The same data again", f"status {unchanged.code}, {len(unchanged.read())} bytes"


def _browser(address: str, connection: psycopg.Connection) -> Iterator[Result]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=_FLAGS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        enter_browser(page, address)
        decks: list[int] = []
        fetched: list[str] = []
        page.on(
            "requestfinished", lambda request: fetched.append(request.url) if "points.json" in request.url else None
        )
        page.on("websocket", lambda socket: _listen(socket, decks))
        began = time.perf_counter()
        page.goto(f"{address}/map?lang=en")
        while not fetched:
            page.wait_for_timeout(50)
        yield "Data loaded, from the navigation on", f"{time.perf_counter() - began:.1f} s"
        page.wait_for_timeout(300)
        page.evaluate(_NEXT_FRAME)
        yield "Drawn, from the navigation on", f"{time.perf_counter() - began:.1f} s"
        _until_answering(page)
        yield "Tooltip works, from the navigation on", f"{time.perf_counter() - began:.1f} s"
        yield "Map, over the WebSocket", _size(max(decks))
        page.wait_for_timeout(3000)
        page.evaluate(_COUNT_STANDSTILLS)
        yield "Another tooltip", f"{_look(page):.0f} ms"
        page.evaluate("window.standstills.length = 0")
        fetched[:] = fetched[:1]
        connection.execute(
            """insert into report (id, public_code, channel_id, category_id, severity, lon, lat, title,
                   submitted_at, status, updated_at)
               select 9999999, 'M-NEW', channel_id, category_id, severity, lon, lat, title, now(), 'waiting', now()
               from report where id = 5000001"""
        )
        began = time.perf_counter()
        while len(fetched) < 2 and time.perf_counter() - began < _PATIENCE:
            page.wait_for_timeout(50)
        yield "A new report, until its data are there", f"{time.perf_counter() - began:.1f} s"
        page.wait_for_timeout(4000)
        longest = max(page.evaluate("window.standstills"), default=0)
        yield "Refresh, the longest the page is blocked", f"{longest:.0f} ms"
        browser.close()


def enter_browser(page: Page, address: str) -> None:
    """Give a browser the cookies of a dashboard that was entered."""
    for name, value in entrance.cookies(address).items():
        page.context.add_cookies([{"name": name, "value": value, "url": address}])


def _listen(socket: WebSocket, decks: list[int]) -> None:
    def received(payload: str | bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(payload if isinstance(payload, bytes) else payload.encode())
        if message.delta.new_element.WhichOneof("type") == "deck_gl_json_chart":
            decks.append(len(payload))

    socket.on("framereceived", received)


def _until_answering(page: Page) -> None:
    """Move over the map until it shows a tooltip: the points are drawn and can be clicked."""
    chart = page.locator("[data-testid=stDeckGlJsonChart] canvas").first
    chart.wait_for(timeout=60_000)
    box = chart.bounding_box()
    assert box
    for step in range(2_000):
        page.mouse.move(box["x"] + box["width"] * 0.55 + step % 40, box["y"] + box["height"] * 0.45 + step % 7)
        said = page.locator(".deck-tooltip")
        if said.count() and " · " in said.first.inner_text():
            return
        page.wait_for_timeout(50)
    raise SystemExit("The map never answered.")


def _look(page: Page) -> float:
    """Return the median time from a pointer movement to the next frame, in milliseconds."""
    times = []
    for step in range(5):
        began = time.perf_counter()
        page.mouse.move(700 + 9 * step, 500)
        page.evaluate(_NEXT_FRAME)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _size(count: int) -> str:
    return f"{count / 1000:,.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.2f} MB"


if __name__ == "__main__":
    typer.run(main)
