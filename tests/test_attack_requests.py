"""Attacks on request parsing: its end, its speed and its size, sent byte by byte."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import dashboard

SMUGGLED = b"GET /cases.csv HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = b"0\r\n\r\n"
FRAMINGS: dict[str, tuple[bytes, bytes]] = {
    "Content-Length and Transfer-Encoding": (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKED),
    "Transfer-Encoding and Content-Length": (b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", CHUNKED),
    "the same, with a length that hides a request": (
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (len(CHUNKED) + len(SMUGGLED)),
        CHUNKED,
    ),
    "Transfer-Encoding alone": (b"Transfer-Encoding: chunked\r\n", CHUNKED),
    "Transfer-Encoding in capitals": (b"TRANSFER-ENCODING: CHUNKED\r\n", CHUNKED),
    "Transfer-Encoding twice": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKED),
    "an encoding nobody knows": (b"Transfer-Encoding: xchunked\r\n", CHUNKED),
    "a space before the colon": (b"Transfer-Encoding : chunked\r\n", CHUNKED),
    "a line that goes on": (b"Transfer-Encoding:\r\n chunked\r\n", CHUNKED),
    "two lengths": (b"Content-Length: 0\r\nContent-Length: 5\r\n", b""),
    "the same length twice": (b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    "a list of lengths": (b"Content-Length: 5, 5\r\n", b"hello"),
    "a length below nothing": (b"Content-Length: -1\r\n", b""),
    "a length in words": (b"Content-Length: five\r\n", b""),
    "a body": (b"Content-Length: 5\r\n", b"hello"),
    "a body that does not come": (b"Content-Length: 1000000000\r\n", b""),
}


@pytest.fixture(scope="module")
def address(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(demo, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


def answers(address: str, request: bytes, *, seconds: float = 4) -> tuple[bytes, bool]:
    """Send bytes; return everything received within some seconds, and whether the server closed the connection."""
    place = urlsplit(address)
    heard = b""
    with closing(socket.create_connection((str(place.hostname), place.port or 80), timeout=seconds)) as connection:
        connection.sendall(request)
        try:
            while part := connection.recv(65536):
                heard += part
        except TimeoutError:
            return heard, False
        except ConnectionResetError:
            pass
    return heard, True


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", ["/health", "/cases.csv"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_ambiguous_request_is_refused_and_its_connection_closed(
    address: str, framing: str, path: str, method: str
) -> None:
    headers, body = FRAMINGS[framing]
    request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode() + headers + b"\r\n" + body + SMUGGLED
    heard, closed = answers(address, request)
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", heard)
    assert statuses in ([b"400"], [b"501"]), heard[:500]
    assert closed, "what follows is read as nobody's request"


@pytest.mark.parametrize("framing", ["Content-Length and Transfer-Encoding", "a body"])
def test_an_ambiguous_request_opens_no_websocket(address: str, framing: str) -> None:
    headers, body = FRAMINGS[framing]
    upgrade = (
        b"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    heard, _closed = answers(address, upgrade + headers + b"\r\n" + body)
    assert not heard.startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize(
    "lines",
    [
        b"Host: 127.0.0.1\r\nHost: evil.example\r\n",
        b"Host: 127.0.0.1\r\nX: " + b"x" * 100_000 + b"\r\n",
        b"Host: 127.0.0.1\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(20_000)),
        b"Host: 127.0.0.1\r\nBad\x00Name: x\r\n",
        b"Host: 127.0.0.1\r\nNo colon\r\n",
    ],
    ids=["two hosts", "a long header", "many headers", "no name", "no colon"],
)
def test_headers_the_server_itself_refuses(address: str, lines: bytes) -> None:
    heard, closed = answers(address, b"GET /health HTTP/1.1\r\n" + lines + b"\r\n")
    assert heard.startswith(b"HTTP/1.1 400") or heard == b""
    assert closed


def test_an_idle_connection_is_closed_after_five_seconds(address: str) -> None:
    """uvicorn's own limit. It has none for slow headers: nginx sets that one (docs/deploy.md)."""
    heard, closed = answers(address, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", seconds=9)
    assert heard.startswith(b"HTTP/1.1 200")
    assert closed


def test_the_servers_missing_limits_are_those_nginx_sets(address: str) -> None:
    """Endless headers keep their connection: this test fails once uvicorn closes it; docs/deploy.md may then say so."""
    _heard, closed = answers(address, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n", seconds=8)
    assert not closed


def test_the_documents_say_which_program_sets_which_limit() -> None:
    words = (Path(__file__).parents[1] / "docs" / "deploy.md").read_text()
    assert "client_header_timeout" in words
    assert "client_body_timeout" in words
