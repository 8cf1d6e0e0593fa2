"""Every route answers with its own kind of content, at the root of a host and below a path, and nothing else does.

Streamlit answers unknown paths with its HTML page and 200. So a missing file looked present, and a broken dashboard
below a path looked healthy.
"""

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from bench import entrance
from tests.browser.conftest import dashboard
from ui.base import base_path
from ui.base.page_paths import PATHS, WALL

ROOT = Path(__file__).parents[1]
HTML, TEXT, JSON = "text/html", "text/plain", "application/json"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OURS: dict[str, list[tuple[str, int, str]]] = {
    "/fonts/{name}": [("/fonts/BeVietnamPro-Regular.ttf", 200, "font/ttf"), ("/fonts/none.ttf", 404, TEXT)],
    "/map/shapes/{level}.json": [("/map/shapes/district.json", 200, JSON), ("/map/shapes/none.json", 404, TEXT)],
    "/map/areas/{level}.geojson": [("/map/areas/district.geojson", 200, JSON)],
    "/map/labels/{level}.json": [("/map/labels/district.json", 200, JSON)],
    "/map/points.json": [("/map/points.json", 200, JSON)],
    "/map/arrivals.json": [("/map/arrivals.json", 200, JSON)],
    "/map/squares.json": [("/map/squares.json", 200, JSON)],
    "/cases.{kind}": [("/cases.csv", 200, "text/csv"), ("/cases.xlsx", 200, SHEET), ("/cases.pdf", 404, TEXT)],
    "/beat/{viewer}/{run:int}": [("/beat/nobody/1", 404, JSON)],
    "/health": [("/health", 200, JSON)],
    "/metrics": [("/metrics", 200, TEXT)],
    "/first.js": [("/first.js", 200, "text/javascript")],
    **{f"/{path}": [(f"/{path}", 200, HTML)] for path in (*PATHS, WALL)},
}
STREAMLITS = [
    ("/_stcore/health", 200, TEXT),
    ("/_stcore/host-config", 200, JSON),
    ("/favicon.png", 200, "image/png"),
    ("/overdue/_stcore/health", 404, TEXT),
    ("/_stcore/upload_file/a/b", 404, TEXT),
    ("/component/a/b.html", 404, TEXT),
    ("/media/none.png", 404, TEXT),
]
NOTHING = [
    "/nothing.xlsx",
    "/nothing.html",
    "/index.html",
    "/robots.txt",
    "/.env",
    "/overdue/cases.csv",
    "/reports/health",
    "/elsewhere/cases.xlsx",
    "/overdue/overdue",
    "/static/js/nothing.js",
    "/static/nothing",
    "/beat/nobody/first",
    "/map/none/district.json",
    "/.well-known/nothing",
]


@pytest.fixture(scope="module", params=["", "/reports", "/city/reports"], ids=["root", "below a path", "deep below"])
def site(
    request: pytest.FixtureRequest, demo: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """A server's host and base path."""
    base: str = request.param
    with dashboard(demo, tmp_path_factory.mktemp("server") / "log", base=base) as address:
        yield urlsplit(address).netloc, base


def get(host: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def kind(headers: dict[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0]


def test_no_route_is_left_out() -> None:
    asked = "import dashboard; print(*(route.path for below in dashboard.app._user_routes for route in below.own))"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == set(OURS), "each route is listed in OURS with an address and its answer"


def test_every_route_answers_with_its_own_content(site: tuple[str, str]) -> None:
    host, base = site
    expected = [*(one for ours in OURS.values() for one in ours), *STREAMLITS]
    found = []
    for path, _status, _kind in expected:
        status, headers, _body = get(host, f"{base}{path}", **entrance.cookie_header(f"http://{host}{base}"))
        found.append((path, status, kind(headers)))
    assert found == expected


def test_what_is_not_there_is_no_page(site: tuple[str, str]) -> None:
    host, base = site
    for path in NOTHING:
        for method in ("GET", "HEAD"):
            status, headers, body = get(host, f"{base}{path}", method)
            assert (status, kind(headers)) == (404, TEXT), path
            assert b"<" not in body, path
            assert "content-security-policy" in headers
    for ranges in ("bytes=0-99", "bytes=0-9,20-29"):
        status, headers, body = get(host, f"{base}/nothing.xlsx", Range=ranges)
        assert (status, kind(headers)) == (404, TEXT), ranges


def test_an_unknown_word_opens_a_page_that_says_so(site: tuple[str, str]) -> None:
    host, base = site
    assert get(host, f"{base}/nonsense")[0] == 200


def test_nothing_answers_outside_the_path(site: tuple[str, str]) -> None:
    host, base = site
    if not base:
        pytest.skip("at the root there is no outside")
    for path in ("/", "/health", "/cases.csv", "/map/points.json", "/_stcore/health", f"{base}x/health", "/city"):
        status, headers, _body = get(host, path)
        assert (status, kind(headers)) == (404, TEXT), path


def test_a_redirection_stays_below_the_path_and_names_no_host(site: tuple[str, str]) -> None:
    """Only the browser knows the host and scheme of the proxy in front."""
    host, base = site
    asked = [(f"{base}/overdue/?lang=en", f"{base}/overdue?lang=en"), (f"{base}/health/", f"{base}/health")]
    if base:
        asked.append((f"{base}?lang=en", f"{base}/?lang=en"))
    for path, led_to in asked:
        status, headers, _body = get(host, path)
        assert status in {301, 307}, path
        assert headers["location"] == led_to


def test_cookies_stay_below_the_path(site: tuple[str, str]) -> None:
    host, base = site
    cookie = get(host, f"{base}/_stcore/health")[1]["set-cookie"]
    assert re.search(r"; Path=([^;]*)", cookie)[1] == (base or "/")  # type: ignore[index]


def test_the_websocket_is_below_the_path(site: tuple[str, str]) -> None:
    host, base = site
    with connect(
        f"ws://{host}{base}/_stcore/stream", origin=Origin(f"http://{host}"), subprotocols=[Subprotocol("streamlit")]
    ) as opened:
        assert opened.subprotocol == "streamlit"


def test_blocked_paths_and_rate_limits_apply_below_the_path(site: tuple[str, str]) -> None:
    """The gate compares paths: below a base path it must not confuse them."""
    host, base = site
    for path in ("/component/x", "/app/static/x", "/_stcore/metrics", "/_stcore/upload_file/a/b"):
        assert get(host, f"{base}{path}")[0] == 404, path
    statuses = [get(host, f"{base}/cases.csv?figure=none", "HEAD")[0] for _ in range(10)]
    assert 429 in statuses


@pytest.mark.parametrize(
    ("base", "path", "within"),
    [
        ("", "/health", "/health"),
        ("/reports", "/reports/health", "/health"),
        ("/reports", "/REPORTS/Health", "/Health"),
        ("/reports", "/reports", "/"),
        ("/reports", "/reports/", "/"),
        ("/reports", "/reportsx/health", "/reportsx/health"),
        ("/reports", "/health", "/health"),
        ("/map", "/map/map/points.json", "/map/points.json"),
    ],
)
def test_a_path_without_its_base(monkeypatch: pytest.MonkeyPatch, base: str, path: str, within: str) -> None:
    monkeypatch.setattr(base_path, "base_path", lambda: base)
    assert base_path.without_base(path) == within


@pytest.mark.parametrize(
    ("cookie", "kept"),
    [
        (b"a=1; Path=/; HttpOnly", b"a=1; Path=/reports; HttpOnly"),
        (b"a=1; path=/", b"a=1; Path=/reports"),
        (b"a=1; Path=/reports; HttpOnly", b"a=1; Path=/reports; HttpOnly"),
        (b"a=1; Path=/other", b"a=1; Path=/other"),
        (b'a=""; Max-Age=0; Path=/', b'a=""; Max-Age=0; Path=/'),
    ],
)
def test_a_cookie_within_its_base(monkeypatch: pytest.MonkeyPatch, cookie: bytes, kept: bytes) -> None:
    monkeypatch.setattr(base_path, "base_path", lambda: "/reports")
    assert base_path.cookie_within(cookie) == kept
