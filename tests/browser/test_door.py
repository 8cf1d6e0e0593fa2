"""The one-time address in a real browser: only its user has access; the demo city needs none."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from bench import entrance
from tests.browser.conftest import Visit, dashboard
from tests.reports import report, small_city
from tests.test_hardening import answers, started
from ui.access.door import TOKEN_VARIABLE

pytestmark = pytest.mark.browser

LOCKED = "Bảng điều hành này đang khóa"


@contextmanager
def another_site(link: str) -> Iterator[str]:
    """A site of another name with one page that links to `link`."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<a href="{link}">to the dashboard</a>'.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_only_the_browser_that_opened_the_address_sees_real_reports(
    visit: Callable[..., Visit], connection: psycopg.Connection, database: str, tmp_path: Path
) -> None:
    small_city(connection)
    report(connection, 1)
    token = entrance.new_token()
    with started(tmp_path / "log", database, **token) as (_server, at):
        answers(at)
        address = at.replace("127.0.0.1", "localhost")
        ours, theirs = visit(address, drawn=False).page, visit(address, drawn=False).page
        theirs.goto(address)
        expect(theirs.locator("body")).to_contain_text(LOCKED)
        with another_site(f"{address}/overdue") as link:
            # The cookie is not sent with another site's link: the page reloads itself once, and not for ever.
            asked: list[str] = []
            theirs.on("request", lambda request: asked.append(request.url) if "overdue" in request.url else None)
            theirs.goto(link)
            theirs.locator("a").click()
            theirs.wait_for_timeout(1500)
            expect(theirs.locator("body")).to_contain_text(LOCKED)
            assert len(asked) == 2
            ours.goto(f"{address}/definitions?lang=en&token={token[TOKEN_VARIABLE]}")
            ours.wait_for_selector(".header nav", timeout=30_000)
            assert ours.url == f"{address}/definitions?lang=en"
            expect(ours.locator(".header nav")).to_contain_text("Access")
            ours.goto(link)
            ours.locator("a").click()
            ours.wait_for_selector(".header nav", timeout=30_000)
        theirs.goto(f"{address}/?token={token[TOKEN_VARIABLE]}")
        expect(theirs.locator("body")).to_contain_text(LOCKED)


def test_the_demonstration_city_needs_no_sign_in_and_has_no_administrator(
    visit: Callable[..., Visit], demo: str, tmp_path: Path
) -> None:
    with dashboard(demo, tmp_path / "log") as at:
        address = at.replace("127.0.0.1", "localhost")  # by this name the browser has no cookie
        visited = visit(address, maps=False)
        page = visited.open("?lang=en")
        navigation = page.locator(".header nav")
        expect(navigation).to_contain_text("Cases")
        expect(navigation).not_to_contain_text("Access")
        page.goto(f"{address}/wall")
        page.wait_for_selector(".wall-seen", timeout=30_000)
        mapped = visit(address)
        mapped.open("map?lang=en").wait_for_selector("canvas", timeout=30_000)
        for each in (visited, mapped):
            assert not [url for url in each.outside if not re.match(r"(data|blob):", url)]
            assert each.errors == []
