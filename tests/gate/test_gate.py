"""The gate alone: who has access, and by which paths."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.gate.conftest import HERE, NOBODY, PROVIDER, PROXY, THERE, Asker, told
from ui.access import door, sign_in
from ui.access.sign_in import SignIn
from ui.server import gate


@pytest.fixture(params=[NOBODY, PROVIDER, PROXY], ids=lambda way: way.way)
def any_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SignIn:
    told(monkeypatch, request.param)
    settings: SignIn = request.param
    return settings


ORIGIN = "http://localhost:8501"
KINDS = pytest.mark.parametrize("kind", ["http", "websocket"])


@KINDS
@pytest.mark.parametrize("peer", [HERE, "127.8.9.1", "::1", None])
def test_without_sign_in_this_machine_comes_in(ask: Asker, kind: str, peer: str | None) -> None:
    assert ask("/_stcore/stream", kind=kind, peer=peer, origin=ORIGIN).asked


@KINDS
@pytest.mark.parametrize("peer", [THERE, "192.168.1.7", "2001:db8::1", "unknown", "0.0.0.0"])
def test_without_sign_in_the_network_does_not(ask: Asker, kind: str, peer: str, noted: list[str]) -> None:
    heard = ask("/_stcore/stream", kind=kind, peer=peer, origin=ORIGIN)
    assert (heard.status, heard.asked) == (403, False)
    assert len(noted) == 1
    assert "not from this machine" in noted[0]


@KINDS
@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip"])
def test_without_sign_in_a_forwarded_request_does_not(ask: Asker, kind: str, header: str) -> None:
    heard = ask("/_stcore/stream", kind=kind, origin=ORIGIN, **{header: HERE})
    assert (heard.status, heard.asked) == (403, False)


@KINDS
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "localhost.evil.example", "10.0.0.9", "", "[::"])
def test_without_sign_in_a_foreign_name_does_not(ask: Asker, kind: str, host: str) -> None:
    heard = ask(kind=kind, host=host)
    assert (heard.status, heard.asked) == (403, False)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "app.localhost", "127.0.0.1:8501", "[::1]:8501"])
def test_without_sign_in_this_machines_own_names_do(ask: Asker, host: str) -> None:
    assert ask(host=host).asked


def test_a_refusal_says_in_both_languages_what_to_do(ask: Asker) -> None:
    heard = ask(peer=THERE)
    assert "secrets.toml" in heard.body
    assert "--open" in heard.body
    assert len(heard.body.strip().split("\n\n")) == 2
    assert heard.header("content-type") == "text/plain; charset=utf-8"


@KINDS
def test_opened_by_setting_it_is_open(ask: Asker, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sign_in.OPEN_VARIABLE, "yes")
    origin = "https://reports.hanoi.example"
    assert ask(kind=kind, peer=THERE, host="reports.hanoi.example", origin=origin, x_forwarded_for="1.2.3.4").asked


@KINDS
def test_with_a_provider_the_network_may_sign_in(ask: Asker, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, PROVIDER)
    assert ask(kind=kind, peer=THERE, host="reports.hanoi.example", origin="https://reports.hanoi.example").asked


@KINDS
@pytest.mark.parametrize("peer", [HERE, "::1", THERE, None])
def test_nobody_bypasses_the_proxy(
    ask: Asker, kind: str, peer: str | None, monkeypatch: pytest.MonkeyPatch, noted: list[str]
) -> None:
    told(monkeypatch, PROXY)
    assert ask(kind=kind, peer="10.0.0.5", origin=ORIGIN).asked
    heard = ask(kind=kind, peer=peer, x_remote_user="leader@hanoi.example")
    assert (heard.status, heard.asked) == (403, False)
    assert len(noted) == 1


@KINDS
def test_a_proxy_is_trusted_only_if_the_server_trusts_no_header(
    ask: Asker, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The web server replaces the peer by X-Forwarded-For for requests from this machine."""
    told(monkeypatch, PROXY)
    assert ask(kind=kind, peer="10.0.0.5", x_forwarded_for="10.0.0.5").status == 403
    monkeypatch.setenv(gate.BELIEVED_VARIABLE, "")
    assert ask(kind=kind, peer="10.0.0.5", x_forwarded_for="1.2.3.4", origin=ORIGIN).asked


def test_machines_ask_for_health_beside_the_proxy(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, PROXY)
    assert all(ask(path).asked for path in ("/health", "/metrics", "/_stcore/health"))


STRANGE = [
    "//map/points.json",
    "/map//points.json",
    "/map/../cases.csv",
    "/map/%2e%2e/cases.csv",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/.%2e/x",
    "/map/./points.json",
    "/%252e%252e/etc/passwd",
    "/static/..%5c..%5cx",
    "/fonts/%00.ttf",
    "/a%0d%0aSet-Cookie:%20x=1",
    "/..",
]


@pytest.mark.parametrize("path", STRANGE)
def test_a_path_that_could_mean_two_things_is_refused(ask: Asker, path: str, any_way: SignIn) -> None:
    heard = ask(path, peer="10.0.0.5" if any_way is PROXY else HERE)
    assert (heard.status, heard.asked) == (400, False)


CLOSED = [
    "/_stcore/upload_file/session/file",
    "/_stcore/upload_file",
    "/_STCORE/Upload_File/a/b",
    "/_stcore/upload_file/",
    "/_stcore/upload_file.",
    "/page/_stcore/upload_file/a/b",
    "/_stcore/metrics",
    "/_stcore/metrics/",
    "/_stcore/script-health-check",
    "/_stcore/agent/mcp",
    "/_stcore/agent/interact",
    "/_stcore/agent/openapi.json",
    "/_stcore/bidi-components/panel/x.js",
    "/_stcore/health/x",
    "/_stcore",
    "/component/streamlit.x/index.html",
    "/Component/x",
    "/app/static/secrets.toml",
]


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", CLOSED)
def test_what_no_viewer_needs_is_closed(ask: Asker, path: str, method: str) -> None:
    heard = ask(path, method=method)
    assert (heard.status, heard.asked) == (404, False)


@pytest.mark.parametrize("path", ["/", "/overdue", "/_stcore/health", "/_stcore/host-config", "/static/js/x.js"])
def test_what_viewers_need_is_open(ask: Asker, path: str) -> None:
    assert ask(path).asked
    assert ask(path, method="HEAD").asked
    assert not ask(path, method="POST").asked
    assert not ask(path, method="TRACE").asked


SITE = "reports.hanoi.example"


@pytest.mark.parametrize(
    ("origin", "comes_in"),
    [
        (f"https://{SITE}", True),
        (None, False),
        ("https://evil.example", False),
        (f"https://{SITE}.evil.example", False),
        (f"https://{SITE}:444", False),
        ("http://localhost", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_our_own_pages_open_a_websocket(
    ask: Asker, origin: str | None, comes_in: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, PROVIDER)
    headers = {} if origin is None else {"origin": origin}
    heard = ask("/_stcore/stream", kind="websocket", peer=THERE, host=SITE, **headers)
    assert heard.asked == comes_in


def test_a_failed_start_reports_its_own_message() -> None:
    said: list[Message] = []
    trace = "Traceback (most recent call last):\n  File x\nSystemExit: The dashboard cannot start. Because.\n"

    async def fails(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.failed", "message": trace})

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        said.append(message)

    asyncio.run(gate.Gate(fails)({"type": "lifespan"}, receive, send))
    assert said[0]["message"] == "The dashboard cannot start. Because."


@pytest.mark.parametrize("path", ["/", "/wall", "/overdue"])
def test_a_token_is_removed_before_the_request_is_logged(
    ask: Asker, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web server logs the query that is in the request when it is answered."""
    monkeypatch.setattr(door, "_doors", [door.Door("the one-time token")])
    assert ask(f"{path}?lang=en&token=the+one-time+token&q=%C4%91").status == 303
    assert ask.scope["query_string"] == b"lang=en&q=%C4%91"
    assert "token" not in (ask.heard.header("location") or "")
    assert ask("/wall?screen=hall&token=another").status == 303
    assert ask.scope["query_string"] == b"screen=hall"
