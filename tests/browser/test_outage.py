"""A real browser left alone while the database goes away and returns, and the dashboard is killed and restarted."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ROOT, Visit
from tests.reports import report, small_city
from tests.wire import wire

pytestmark = pytest.mark.browser

HEADER = ".freshness"


def started(url: str, port: int, log: Path) -> subprocess.Popen[bytes]:
    """Start the dashboard at a port and wait until it is there."""
    with log.open("ab") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}"],
            cwd=ROOT, env=os.environ | {"REPORT_DB_URL": url}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return server
    pytest.fail(f"the dashboard did not start:\n{log.read_text()[-2000:]}")


def overlap(page: Page, one: str, other: str) -> bool:
    """Return whether two elements of a page overlap."""
    first, second = (page.locator(each).bounding_box() for each in (one, other))
    assert first
    assert second
    beside = first["x"] + first["width"] <= second["x"] or second["x"] + second["width"] <= first["x"]
    below = first["y"] + first["height"] <= second["y"] or second["y"] + second["height"] <= first["y"]
    return not beside and not below


def test_an_unattended_screen_survives_every_outage(
    visit: Callable[..., Visit], connection: psycopg.Connection, database: str, tmp_path: Path
) -> None:
    small_city(connection)
    connection.execute("update city set demo = true")  # so that a browser needs no new address after a restart
    now = datetime.now(UTC)
    report(
        connection,
        1,
        public_code="HN-2611-000001",
        submitted_at=now - timedelta(hours=1),
        updated_at=now,
        title="Rác ở đầu ngõ",
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with wire(database) as laid:
        server = started(laid.url, port, tmp_path / "log")
        try:
            visited = visit(f"http://127.0.0.1:{port}", drawn=False)
            page = visited.open("?lang=en")
            header = page.locator(HEADER)
            header.filter(has_text="Live").wait_for(timeout=30_000)

            wall = visit(f"http://127.0.0.1:{port}", 1280, 720).page
            wall.goto(f"http://127.0.0.1:{port}/wall")
            wall.wait_for_selector('.wall[data-tone="green"] .wall-scene-figures .wall-value', timeout=30_000)
            numbers = wall.locator(".wall-scene-figures").text_content()

            laid.cut()
            header.filter(has_text="Numbers of").wait_for(timeout=30_000)
            header.filter(has_text="the database does not answer").wait_for()
            page.get_by_text("Rác ở đầu ngõ").wait_for()  # the last good answer is kept
            wall.wait_for_selector('.wall[data-tone="amber"]', timeout=30_000)
            assert wall.locator(".wall-scene-figures").text_content() == numbers
            assert not overlap(page, ".age", HEADER)
            laid.mend()
            header.filter(has_text="Live").wait_for(timeout=30_000)
            wall.wait_for_selector('.wall[data-tone="green"]', timeout=30_000)

            phone, folded = visit(f"http://127.0.0.1:{port}", 390, 844, drawn=False), ".st-key-filters_fold"
            phone.open("?lang=en").locator(folded).wait_for()
            phone.settled()
            visited.settled()  # a page that is being drawn asks again by itself; a finished one must too
            server.kill()
            server.wait(20)
            streamlits_words = page.locator(".stDialog")
            streamlits_words.wait_for(state="attached", timeout=30_000)
            assert not streamlits_words.is_visible()
            page.get_by_text("Rác ở đầu ngõ").wait_for()  # nor does it need the dashboard
            assert wall.locator(".wall-scene-figures").text_content() == numbers
            report(
                connection,
                2,
                public_code="HN-2611-000002",
                submitted_at=now,
                updated_at=datetime.now(UTC),
                title="Đèn hỏng cả phố",
            )
            server = started(laid.url, port, tmp_path / "log")
            page.get_by_text("Đèn hỏng cả phố").wait_for(timeout=60_000)
            streamlits_words.wait_for(state="detached")
            phone.page.get_by_text("Đèn hỏng cả phố").wait_for(timeout=60_000)
            assert phone.settled().locator(folded).count() == 1  # the new dashboard knows this window's size too
            wall.wait_for_selector('.wall[data-tone="green"]', timeout=60_000)
            assert wall.locator(".wall-scene-figures").text_content() != numbers
        finally:
            server.terminate()
            server.wait(20)
    assert "Traceback" not in (tmp_path / "log").read_text()
