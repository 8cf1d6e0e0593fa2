"""What a rerun of each page and a heartbeat cost the server, with warm answers, in milliseconds of processor time."""

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

from bench.viewer import Viewer

PAGES = ("", "map", "backlog", "overdue", "unit", "cases")
GOAL_RERUN_MS, GOAL_HEARTBEAT_MS = 40, 5
_RERUNS, _HEARTBEATS, _WARMING = 30, 100, 5


@contextmanager
def dashboard(url: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run the dashboard on the database at `url`; yield its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}"]
    server = subprocess.Popen(command, env=os.environ | {"REPORT_DB_URL": url}, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(20)


def measure(url: str, query: str, console: Console) -> None:
    """Print a table: the first run's message, and the processor time of a rerun and of a heartbeat, for each page."""
    table = Table("page", "first message, kB", "rerun, ms", "heartbeat, ms", show_edge=False)
    with dashboard(url) as (address, server), Viewer(address) as viewer:

        def spent() -> float:
            times = server.cpu_times()
            return float(times.user + times.system) * 1000

        for page in PAGES:
            before = viewer.bytes_received
            viewer.open(page, query)
            first = viewer.bytes_received - before
            for _ in range(_WARMING):
                viewer.rerun(query)
            began = spent()
            for _ in range(_RERUNS):
                viewer.rerun(query)
            rerun = (spent() - began) / _RERUNS
            began = spent()
            for _ in range(_HEARTBEATS):
                viewer.beat(viewer.fragments[-1], query)
            heartbeat = (spent() - began) / _HEARTBEATS
            table.add_row(page or "overview", f"{first / 1000:,.0f}", f"{rerun:.1f}", f"{heartbeat:.1f}")
    console.print(table)
    console.print(f"Goals: a rerun at or under {GOAL_RERUN_MS} ms, a heartbeat at or under {GOAL_HEARTBEAT_MS} ms.")
