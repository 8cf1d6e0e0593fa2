"""What a rerun of each page and a heartbeat cost the server with warm answers, in milliseconds of processor time."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from rich.console import Console
from rich.table import Table

from bench import entrance
from bench.streamlit_messages import HEALTH
from bench.viewer import Viewer
from reportdb.database.connection import connect
from ui.base import page_paths

GOAL_RERUN_MS, GOAL_HEARTBEAT_MS = 40, 5
_RERUNS, _HEARTBEATS, _WARMING = 30, 100, 5


@contextmanager
def dashboard(url: str, *options: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run the dashboard on the database at `url` with these options; yield its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}", *options]
    token = entrance.new_token()
    environment = os.environ | {"REPORT_DB_URL": url, "MALLOC_ARENA_MAX": "1"} | token  # as `make run` starts it
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{address}{HEALTH}", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        entrance.enter(address, token)
        yield address, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(20)


def _about(url: str) -> dict[str, str]:
    """Return the queries of the pages about one case and one unit: the newest case, and the unit that holds it."""
    with connect(url) as connection:
        found = connection.execute(
            "select public_code, code from report join unit on unit.id = unit_id order by submitted_at desc limit 1"
        ).fetchone()
    assert found, "a database without reports has no page to measure"
    return {page_paths.REPORT: f"&code={found[0]}", page_paths.UNIT: f"&unit={found[1]}"}


def measure(url: str, query: str, console: Console) -> None:
    """Print for each page the size of the first run's message, and the processor time of a rerun and a heartbeat."""
    table = Table("page", "first message, kB", "rerun, ms", "heartbeat, ms", show_edge=False)
    with dashboard(url) as (address, server), Viewer(address) as viewer:

        def spent() -> float:
            times = server.cpu_times()
            return float(times.user + times.system) * 1000

        about = _about(url)
        for page in (*page_paths.PATHS, page_paths.WALL):
            asked = query + about.get(page, "")
            before = viewer.bytes_received
            viewer.open(page, asked)
            first = viewer.bytes_received - before
            for _ in range(_WARMING):
                viewer.rerun(asked)
            began = spent()
            for _ in range(_RERUNS):
                viewer.rerun(asked)
            rerun = (spent() - began) / _RERUNS
            began = spent()
            for _ in range(_HEARTBEATS):
                viewer.beat()
            heartbeat = (spent() - began) / _HEARTBEATS
            table.add_row(page or "overview", f"{first / 1000:,.0f}", f"{rerun:.1f}", f"{heartbeat:.1f}")
    console.print(table)
    console.print(f"Goals: a rerun at or under {GOAL_RERUN_MS} ms, a heartbeat at or under {GOAL_HEARTBEAT_MS} ms.")
