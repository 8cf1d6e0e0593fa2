"""A gate without a server or a network, for requests in tests."""

import asyncio
import ipaddress
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
import streamlit
from starlette.types import Message, Receive, Scope, Send

from ui.access import accounts, sign_in
from ui.access.proxy_proof import Secret
from ui.access.sign_in import SignIn
from ui.live import watch
from ui.server import gate, startup_check

NOBODY = SignIn()
PROVIDER = SignIn("provider")
SECRET = "known to the proxy and to us, and to nobody else"
PROXY = SignIn("proxy", proxies=(ipaddress.ip_network("10.0.0.5/32"),), proof=Secret("x-remote-user", SECRET))
HERE, THERE = "127.0.0.1", "10.0.0.9"


@dataclass
class Heard:
    """The answer, and whether the application behind the gate was called."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""
    asked: bool = False

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name), None)


class Behind:
    """An application that answers every request, with a Streamlit cookie."""

    def __init__(self) -> None:
        self.asked = False

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        self.asked = True
        if scope["path"] == "/fails":
            raise ValueError("secret words")
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        headers = [(b"content-type", b"text/plain"), (b"set-cookie", b"_streamlit_user=x; HttpOnly")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"in"})


class Asker:
    """Sends requests to one gate."""

    def __init__(self) -> None:
        self._behind = Behind()
        self._gate = gate.Gate(self._behind)
        self.heard = Heard()
        self.scope: MutableMapping[str, Any] = {}

    def __call__(
        self,
        path: str = "/",
        *,
        peer: str | None = HERE,
        host: str = "localhost:8501",
        method: str = "GET",
        kind: str = "http",
        scheme: str = "http",
        http: str = "1.1",
        **headers: str,
    ) -> Heard:
        """Request a path literally; underscores in header names become hyphens."""
        named = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope: MutableMapping[str, Any] = {
            "type": kind,
            "method": method,
            "http_version": http,
            "path": unquote(path.partition("?")[0]),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": path.partition("?")[2].encode(),
            "scheme": scheme,
            "server": (HERE, 8501),
            "client": (peer, 40000) if peer else None,
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
        self.heard, self.scope = (heard := Heard()), scope
        self._behind.asked = False

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            match message["type"]:
                case "http.response.start":
                    heard.status = message["status"]
                    heard.headers = [(name.decode(), value.decode()) for name, value in message["headers"]]
                case "http.response.body":
                    heard.body += message.get("body", b"").decode()
                case "websocket.accept":
                    heard.status = 101
                case "websocket.close":
                    heard.status = 403

        asyncio.run(self._gate(scope, receive, send))
        heard.asked = self._behind.asked
        return heard


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines of the access log."""
    lines: list[str] = []
    monkeypatch.setattr(accounts, "refused", lambda who, what, why: lines.append(f"{who}: {what}, {why}"))
    return lines


@pytest.fixture
def ask(noted: list[str]) -> Asker:  # noqa: ARG001  # no test writes to a database
    return Asker()


@pytest.fixture(autouse=True)
def nobody_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, NOBODY)
    monkeypatch.setattr(watch, "is_invented", lambda: True)
    monkeypatch.delenv(gate.BELIEVED_VARIABLE, raising=False)
    monkeypatch.delenv(sign_in.OPEN_VARIABLE, raising=False)


def told(monkeypatch: pytest.MonkeyPatch, way: SignIn, redirect: str = "http://localhost:8501/oauth2callback") -> None:
    monkeypatch.setattr(gate, "sign_in", lambda: way)
    monkeypatch.setattr(startup_check, "sign_in", lambda: way)
    monkeypatch.setattr(sign_in, "sign_in", lambda: way)
    monkeypatch.setattr(streamlit, "secrets", {"auth": {"redirect_uri": redirect}} if way.way == "provider" else {})
