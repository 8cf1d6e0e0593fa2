"""Debian's nginx with the very file that docs/deploy.md names, in front of a dashboard that a test has started."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "docs" / "deploy" / "nginx.conf"
_UNPACKED = ROOT / ".cache" / "nginx" / "usr" / "sbin" / "nginx"  # .ci/nginx


@dataclass(frozen=True)
class Nginx:
    """A running nginx: its ports and its log folder."""

    plain: int
    tls: int
    logs: Path

    def logged(self) -> str:
        """Return everything it has logged."""
        return "\n".join(file.read_text(errors="replace") for file in sorted(self.logs.glob("*.log")))


def program() -> str:
    """Return nginx's program; skip the test without one."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or (_UNPACKED.exists() and str(_UNPACKED))
    if not found:
        pytest.skip("no nginx here: .ci/nginx unpacks Debian's")
    return found


@contextmanager
def nginx(dashboard: str, folder: Path) -> Iterator[Nginx]:
    """Run nginx on the shipped file, with this test's ports, certificate, log folder and dashboard."""
    ports = [_free_port() for _ in range(2)]
    make_certificate(folder)
    main = folder / "main.conf"
    main.write_text(_main(folder, shipped(urlsplit(dashboard).netloc, ports[0], ports[1], folder)))
    with (folder / "main.log").open("wb") as output:
        server = subprocess.Popen([program(), "-p", folder, "-c", main], stdout=output, stderr=output)
    try:
        _wait(ports[1], server, folder / "main.log")
        yield Nginx(ports[0], ports[1], folder)
    finally:
        server.terminate()
        server.wait(20)


def shipped(dashboard: str, plain: int, tls: int, folder: Path) -> str:
    """Return the shipped file with this test's own ports, targets and log paths."""
    text = CONFIGURATION.read_text()
    for theirs, ours, times in (
        ("server 127.0.0.1:8501;", f"server {dashboard};", 1),
        ("listen 80;", f"listen 127.0.0.1:{plain};", 1),
        ("listen 443 ", f"listen 127.0.0.1:{tls} ", 1),
        ("/etc/ssl/reports/", f"{folder}/", 2),
        ("/var/log/nginx/", f"{folder}/", 4),
    ):
        assert text.count(theirs) == times, theirs
        text = text.replace(theirs, ours)
    return text


def _main(folder: Path, site: str) -> str:
    (folder / "site.conf").write_text(site)
    user = "user root root;" if os.geteuid() == 0 else ""
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/start.log warn;\n"
        f"events {{}}\nhttp {{\n{temporary}\ninclude {folder}/site.conf;\n}}\n"
    )


def make_certificate(folder: Path) -> None:
    """Write a self-signed certificate for reports.example and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reports.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("reports.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"nginx did not start:\n{log.read_text()[-2000:]}")
