"""A real server with default settings: whom it answers, its security headers, and what it keeps private."""

import http.client
import os
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from bench import entrance
from bench.streamlit_messages import BackMsg, ForwardMsg
from tests.browser.conftest import dashboard

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
NOWHERE = "postgresql://reader:{}@127.0.0.1:9/report"


@dataclass
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def get(address: str, path: str = "/", method: str = "GET", **headers: str) -> Answer:
    """Request a path literally; most clients would normalise it first."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    heard = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return heard


@pytest.fixture(scope="module")
def out_of_the_box(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(demo, tmp_path_factory.mktemp("server") / "log") as address:
        yield address


def script_of(address: str) -> str:
    page = get(address).body.decode()
    return "/static/js/" + page.partition("static/js/")[2].partition('"')[0]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/overdue",
        "/wall",
        "/map/shapes/district.json",
        "/map/nothing",
        "/cases.csv",
        "/health",
        "/metrics",
        "/fonts/BeVietnamPro-Regular.ttf",
        "/_stcore/health",
        "/_stcore/host-config",
        "/_stcore/upload_file/a/b",
        "a script",
    ],
)
def test_every_answer_has_the_security_headers(out_of_the_box: str, path: str) -> None:
    headers = get(out_of_the_box, script_of(out_of_the_box) if path == "a script" else path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "object-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert "access-control-allow-origin" not in headers


def test_it_listens_to_this_machine_alone(out_of_the_box: str) -> None:
    port = urlsplit(out_of_the_box).port
    listening = [tuple(one.laddr) for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    assert {place[0] for place in listening if place[1:] == (port,)} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "127.0.0.1"},
        {"X_Forwarded_For": "10.0.0.9"},
        {"Forwarded": "for=10.0.0.9"},
        {"X_Real_IP": "10.0.0.9"},
        {"Host": "evil.example"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/map/points.json", "/cases.csv"])
def test_requests_from_elsewhere_are_refused(out_of_the_box: str, headers: dict[str, str], path: str) -> None:
    answer = get(out_of_the_box, path, **headers)
    assert answer.status == 403
    assert b"sign-in" in answer.body


def test_a_page_of_another_site_opens_no_websocket(out_of_the_box: str) -> None:
    stream = out_of_the_box.replace("http:", "ws:") + "/_stcore/stream"
    ours = [Subprotocol("streamlit")]
    with connect(stream, origin=Origin(out_of_the_box), subprotocols=ours) as opened:
        assert opened.subprotocol == "streamlit"
    for origin in ("https://evil.example", "http://localhost", "http://127.0.0.1:1", "null"):
        with pytest.raises(InvalidStatus) as refused, connect(stream, origin=Origin(origin), subprotocols=ours):
            pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE", "OPTIONS"])
def test_nothing_can_be_uploaded(out_of_the_box: str, method: str) -> None:
    assert get(out_of_the_box, "/_stcore/upload_file/session/file", method).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/.streamlit/secrets.toml",
        "/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static/..%5c..%5cetc%5cpasswd",
        "/static/%252e%252e/%252e%252e/etc/passwd",
        "/fonts/..%2f..%2fpyproject.toml",
        "/fonts/%2e%2e/pyproject.toml",
        "/media/../../etc/passwd",
        "/app/static/secrets.toml",
        "/component/x/../../../../etc/passwd",
        "//etc/passwd",
        "/map//points.json",
        "/.streamlit/secrets.toml",
        "/_stcore/metrics",
        "/_stcore/agent/openapi.json",
        "/_stcore/script-health-check",
    ],
)
def test_no_path_leads_out_of_what_is_served(out_of_the_box: str, path: str) -> None:
    answer = get(out_of_the_box, path)
    assert answer.status in {400, 404} or b'<div id="root">' in answer.body  # the application's own empty page
    assert b"root:" not in answer.body
    assert b"[project]" not in answer.body


def test_the_cookie_against_forged_requests_is_kept_to_our_own_site(out_of_the_box: str) -> None:
    assert "SameSite=Lax" in get(out_of_the_box, "/_stcore/health").headers["set-cookie"]


def test_settings_that_keep_the_server_shut() -> None:
    server, client = CONFIG["server"], CONFIG["client"]
    assert server["address"] == "127.0.0.1"
    assert server["enableXsrfProtection"] is True
    assert server["enableStaticServing"] is False
    assert client["showErrorDetails"] == "none"


def test_too_many_files_are_refused_until_later(out_of_the_box: str) -> None:
    for _ in range(10):
        answer = get(out_of_the_box, "/cases.csv?figure=nothing_like_it")
        if answer.status == 429:
            break
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0


@contextmanager
def started(log: Path, url: str, *arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start the dashboard as a command with its own settings; yield the process and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}", *arguments]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment | {"REPORT_DB_URL": url}, stdout=output, stderr=output
        )
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait(20)


def drawn(address: str, page: str) -> bytes:
    """Return every byte sent to a viewer of a page."""
    asked = BackMsg()
    asked.rerun_script.page_name = page
    sent = b""
    stream = address.replace("http:", "ws:") + "/_stcore/stream"
    with connect(
        stream,
        origin=Origin(address),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=entrance.cookie_header(address),
        max_size=None,
    ) as viewer:
        viewer.send(asked.SerializeToString())
        while True:
            message = viewer.recv(timeout=60)
            assert isinstance(message, bytes)
            sent += message
            told = ForwardMsg()
            told.ParseFromString(message)
            if told.WhichOneof("type") == "script_finished":
                return sent


def answers(address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the dashboard did not start")


def test_it_does_not_start_for_the_network_by_default(demo: str, tmp_path: Path) -> None:
    with started(tmp_path / "log", demo, "--server.address=0.0.0.0") as (server, _address):
        assert server.wait(60) != 0
    said = (tmp_path / "log").read_text()
    assert "The dashboard cannot start. It would listen to the network without sign-in." in said
    assert "Traceback" not in said


def test_a_primary_whose_url_is_misread_is_named_without_its_password(demo: str, tmp_path: Path) -> None:
    misread = {"REPORT_DB_WRITE_URL": "postgresql://reader:zz@Qx7Kp9v@host/report"}
    with started(tmp_path / "log", demo, **misread) as (server, _address):
        assert server.wait(60) != 0
    said = (tmp_path / "log").read_text()
    assert "The dashboard cannot start. REPORT_DB_WRITE_URL: The database's URL is not understood." in said
    assert "Qx7Kp9v" not in said


@pytest.mark.parametrize("way", ["argument", "variable"])
def test_opened_by_setting_it_answers_others(demo: str, tmp_path: Path, way: str) -> None:
    arguments, environment = (["--", "--open"], {}) if way == "argument" else ([], {"REPORT_OPEN": "yes"})
    with started(tmp_path / "log", demo, *arguments, **environment) as (_server, address):
        answers(address)
        assert get(address, "/health", X_Forwarded_For="10.0.0.9").status == 200
        assert get(address, "/metrics", X_Forwarded_For="10.0.0.9").status == 403
        assert b"late_channels" not in get(address, "/health", X_Forwarded_For="10.0.0.9").body
        assert b"late_channels" not in get(address, "/health").body
    assert "WARNING: sign-in is off." in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    "url",
    [
        NOWHERE,
        "postgresql:/reader:{}@127.0.0.1:9/report",
        "postgresql://reader:{}@127.0.0.1:nine/report",
        "postgresql://reader:%{}@127.0.0.1:9/report",
        "host=127.0.0.1 port=9 password={} nonsense",
        "reader:{}@127.0.0.1:9/report",
    ],
)
def test_no_log_and_no_page_holds_the_databases_password(url: str, tmp_path: Path) -> None:
    password, token = "zzQx7Kp9v", entrance.new_token()
    with started(tmp_path / "log", url.format(password), "--logger.level=debug", **token) as (server, address):
        until = time.monotonic() + 30
        while server.poll() is None and time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
            except OSError:
                time.sleep(0.2)
                continue
            entrance.enter(address, token)
            for page in ("", "status"):
                assert password.encode() not in drawn(address, page)
            break
        else:
            assert server.poll() is not None, "it neither started nor gave up"
    assert password not in (tmp_path / "log").read_text()
