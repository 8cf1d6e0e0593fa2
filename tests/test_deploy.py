"""The files of docs/deploy.md: the shipped nginx configuration with a real dashboard, and valid systemd units."""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn

from tests.browser.conftest import dashboard
from tests.nginx import Nginx, nginx

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
BASE = "/reports"
TOKEN = "zzQx7Kp9vSecretToken"
UNITS = sorted(file.name for file in DEPLOY.glob("reports-*.*") if file.is_file())


@pytest.fixture(scope="module")
def front(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("nginx")
    with (
        dashboard(demo, folder / "dashboard.out", "--", "--open", base=BASE) as address,
        nginx(address, folder) as running,
    ):
        yield running


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Nginx]:
    """An nginx without a dashboard behind it."""
    with nginx("http://127.0.0.1:9", tmp_path) as running:
        yield running


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=trusting())
    with closing(connection):
        connection.request(method, path, headers={"Host": "reports.example", **headers})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextmanager
def spoken(port: int, words: bytes) -> Iterator[ssl.SSLSocket]:
    """Open a TLS connection and send raw bytes."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        trusting().wrap_socket(plain, server_hostname="reports.example") as connection,
    ):
        connection.sendall(words)
        yield connection


def heard(connection: ssl.SSLSocket) -> bytes:
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except (ConnectionResetError, ssl.SSLError):
        pass
    return answer


def test_the_document_names_every_file_and_no_other() -> None:
    words = (ROOT / "docs" / "deploy.md").read_text()
    named = set(re.findall(r"\(deploy/([^)]+)\)", words)) - {""}
    assert named == {str(file.relative_to(DEPLOY)) for file in DEPLOY.rglob("*") if file.is_file()}


def test_plain_http_leads_to_tls(front: Nginx) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", front.plain, timeout=20)) as connection:
        connection.request("GET", f"{BASE}/overdue?lang=en", headers={"Host": "reports.example"})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("location")) == (301, f"https://reports.example{BASE}/overdue?lang=en")


def test_nginx_lets_go_of_idle_connections_before_the_dashboard_closes_them() -> None:
    """A request on a connection that the dashboard is just closing would be answered with 502."""
    kept = re.search(r"keepalive_timeout (\d+)s;", (DEPLOY / "nginx.conf").read_text().partition("}")[0])
    assert kept
    assert int(kept[1]) < uvicorn.Config("dashboard:app").timeout_keep_alive


def test_only_current_tls_versions_are_accepted(front: Nginx) -> None:
    with socket.create_connection(("127.0.0.1", front.tls)) as plain, trusting().wrap_socket(plain) as connection:
        assert connection.version() == "TLSv1.3"
    old = trusting()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", front.tls)) as plain, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(plain)


def test_pages_routes_and_headers_come_through(front: Nginx) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/overdue", "text/html"),
        ("/health", "application/json"),
        ("/cases.csv?figure=open", "text/csv"),
        ("/map/shapes/district.json", "application/json"),
        ("/fonts/BeVietnamPro-Regular.ttf", "font/ttf"),
    ):
        status, headers, _body = get(front.tls, f"{BASE}{path}")
        assert (status, headers["content-type"].partition(";")[0]) == (200, kind), path
        assert headers["strict-transport-security"].startswith("max-age="), "the dashboard knows it is TLS"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["server"] == "nginx"
    cookie = get(front.tls, f"{BASE}/_stcore/health")[1]["set-cookie"]
    assert "; Path=/reports;" in cookie
    assert "; Secure" in cookie


def test_a_redirection_through_nginx_stays_below_the_path(front: Nginx) -> None:
    assert get(front.tls, f"{BASE}?lang=en")[1]["location"] == f"{BASE}/?lang=en"
    assert get(front.tls, f"{BASE}/overdue/")[1]["location"] == f"{BASE}/overdue"


def test_what_is_not_there_is_404_through_nginx(front: Nginx) -> None:
    for path in ("/", "/health", "/cases.xlsx", f"{BASE}/nothing.xlsx", f"{BASE}/a/b"):
        status, headers, _body = get(front.tls, path)
        assert (status, headers["content-type"].partition(";")[0]) == (404, "text/plain"), path


def test_metrics_are_not_for_the_network(front: Nginx) -> None:
    assert get(front.tls, f"{BASE}/metrics")[0] == 403


def test_visitors_cannot_name_themselves(front: Nginx) -> None:
    words = (DEPLOY / "nginx.conf").read_text()
    cleared = set(re.findall(r'proxy_set_header (\S+) "";', words))
    assert {"X-Remote-User", "X-Forwarded-User", "X-Auth-Request-Email", "Forwarded", "X-Real-IP"} <= cleared
    status, _headers, body = get(front.tls, f"{BASE}/health", **{"X-Forwarded-For": "127.0.0.1"})
    assert status == 200
    assert b"late_channels" not in body, "details are for this machine only"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", b"400"),
        (b"Content-Length: 2000\r\n\r\n" + b"x" * 2000, b"413"),
        (b"Content-Length: 5\r\n\r\nhello", b"400"),
        (b"X: " + b"x" * 9000 + b"\r\n\r\n", b"400"),
        (b"".join(b"X-%d: %s\r\n" % (n, b"x" * 4000) for n in range(12)) + b"\r\n", b"400"),
    ],
    ids=["two ends", "two lengths", "a large body", "a small body", "a long header", "many headers"],
)
def test_malformed_requests_are_refused(front: Nginx, lines: bytes, status: bytes) -> None:
    request = b"GET /reports/health HTTP/1.1\r\nHost: reports.example\r\n"
    with spoken(front.tls, request + lines) as connection:
        connection.settimeout(5)
        try:
            answer = connection.recv(65536)
        except TimeoutError:
            answer = b""
    assert re.match(rb"HTTP/1\.1 (\d+)", answer)[1] == status  # type: ignore[index]


def test_slow_headers_and_bodies_time_out(front: Nginx) -> None:
    begun = time.monotonic()
    headers = b"GET /reports/health HTTP/1.1\r\nHost: reports.example\r\n"
    with spoken(front.tls, headers) as slow, spoken(front.tls, headers + b"Content-Length: 900\r\n\r\nx") as body:
        for _ in range(4):
            time.sleep(1)
            slow.sendall(b"X: x\r\n")
        heard(slow)
        heard(body)
    assert time.monotonic() - begun < 18


def test_no_token_is_in_a_log(front: Nginx, alone: Nginx) -> None:
    for one, path in ((front, BASE), (alone, "")):
        tried = [
            get(one.tls, f"{path}/wall?screen=hall&token={TOKEN}")[0],
            get(one.tls, f"{path}/health?token={TOKEN}", Referer=f"https://reports.example{path}/wall?token={TOKEN}")[
                0
            ],
            get(one.tls, f"{path}/oauth2callback?code={TOKEN}&state={TOKEN}")[0],
            get(one.tls, f"{path}/cases.csv?token={TOKEN}", Cookie=f"wall={TOKEN}", Authorization=TOKEN)[0],
            get(one.tls, f"{path}/health", "POST", **{"Content-Length": "5000", "Referer": TOKEN})[0],
        ]
        assert (502 in tried) == (one is alone)
        assert 413 in tried
        with closing(http.client.HTTPConnection("127.0.0.1", one.plain, timeout=20)) as plain:
            plain.request("GET", f"{path}/wall?token={TOKEN}", headers={"Host": "reports.example"})
            plain.getresponse().read()
        with spoken(one.tls, f"GET /wall?token={TOKEN} HTTP/1.1\r\nHost: a\r\nHost: {TOKEN}\r\n\r\n".encode()) as bad:
            heard(bad)
        with spoken(one.tls, b"GET /wall?token=" + TOKEN.encode() + b"x" * 9000 + b" HTTP/1.1\r\n\r\n") as bad:
            heard(bad)
    for one, path in ((front, BASE), (alone, "")):
        said = one.logged()
        assert f"GET {path}/wall HTTP/1.1" in said, "the requested content is there"
        assert TOKEN not in said


def test_heartbeats_that_are_answered_fill_no_log(front: Nginx) -> None:
    assert get(front.tls, f"{BASE}/beat/nobody/1")[0] == 404
    assert f"{BASE}/beat/nobody/1" in front.logged(), "a missing answer shows a message"
    rule = re.search(r'"\~\^200 (\S+)" 0;', (DEPLOY / "nginx.conf").read_text())
    assert rule
    assert re.search(rule[1], f"{BASE}/beat/0123/1")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A machine's files with the units and their programs in place."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    units, programs = tmp_path / "etc/systemd/system", tmp_path / "opt/reports/.venv/bin"
    programs.mkdir(parents=True)
    for program in ("python", "streamlit"):
        (programs / program).write_text("#!/bin/sh\n")
        (programs / program).chmod(0o755)
    shutil.copytree(DEPLOY, units)
    known = Path("/lib/systemd/system")
    if known.is_dir():
        shutil.copytree(known, tmp_path / "lib/systemd/system", symlinks=True)
    return tmp_path


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_reads_each_unit_without_a_warning(installed: Path, unit: str) -> None:
    command = ["systemd-analyze", "verify", "--man=no", f"--root={installed}", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "reports-" in line or "common.conf" in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("unit", [name for name in UNITS if name.endswith(".service")])
def test_each_unit_has_only_the_rights_it_needs(installed: Path, unit: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", f"--root={installed}", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_units_run_existing_commands() -> None:
    """The units' commands exist in our command line; systemd itself cannot check that."""
    for unit in (name for name in UNITS if name.endswith(".service")):
        command = re.search(r"^ExecStart=/opt/reports/\.venv/bin/(.*)$", (DEPLOY / unit).read_text(), re.MULTILINE)
        assert command, unit
        program, *words = command[1].split()
        if program == "python":
            done = subprocess.run(
                [ROOT / ".venv/bin/python", *words[:3], "--help"], cwd=ROOT, capture_output=True, check=False
            )
            assert done.returncode == 0, unit
        else:
            assert (program, words[:2]) == ("streamlit", ["run", "dashboard.py"])
