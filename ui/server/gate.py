"""The gate in front of everything: who may reach this server, by which paths, how often, and with how many open pages.

ui/access/accounts.py and the database decide what an account may see. Plain ASGI: a wrapper around whole responses
would hold up streams and WebSockets.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from ui.access import accounts, door, proxy_proof
from ui.access.origin import is_from_here, looks_passed_on, names_this_machine, peer
from ui.access.sign_in import SignIn, open_in_words, sign_in, subject_of_request
from ui.base.base_path import without_base
from ui.base.i18n import LANGUAGES, _, speaking
from ui.base.rate_limit import RateLimiter
from ui.live import watch
from ui.live.limits import Sockets, Whose, of_account, of_address
from ui.server import entry
from ui.server.request_form import is_ill_formed
from ui.server.security_headers import with_security

BELIEVED_VARIABLE = "FORWARDED_ALLOW_IPS"
"""Whose X-Forwarded-For the web server (uvicorn) trusts; if unset, this machine's. Empty: nobody's."""

_FOR_MACHINES: Final = ("/health", "/metrics", "/_stcore/health")  # each checks its readers itself
_CORE: Final = ("health", "host-config", "stream")  # the parts of Streamlit's _stcore that viewers need
_STREAM: Final = "/_stcore/stream"
_METHODS: Final = ("GET", "HEAD", "OPTIONS")  # all data are sent over the WebSocket
_STRANGE: Final = re.compile(r"[\x00-\x1f\x7f\\%]|//|(^|/)\.{1,2}(/|$)")


@dataclass(frozen=True)
class Limit:
    """A rate limit for paths with these prefixes, for each account, or each address without one."""

    paths: tuple[str, ...]
    at_once: int
    per_second: float


MAP_DATA = Limit(("/map/",), at_once=60, per_second=20)
EXPORTS = Limit(("/cases.",), at_once=6, per_second=6 / 60)
SIGNING_IN = Limit(("/auth/", "/oauth2callback"), at_once=30, per_second=10 / 60)
"""Two requests a sign-in; a whole office may share one address in the morning."""


@dataclass(frozen=True)
class Refusal:
    """A request that goes no further: HTTP's status, what to do in the viewer's words, and what the log calls it."""

    status: int
    words: Callable[[], str]
    noted: str = ""
    retry_after: int | None = None


def _stranger() -> str:
    return _(
        "This dashboard answers only to the machine it runs on. To open it to others, set up sign-in in "
        ".streamlit/secrets.toml, or start it with --open: then whoever reaches it sees everything."
    )


def _other_name() -> str:
    return _("Open this dashboard as localhost: by any other name it does not answer until sign-in is set up.")


def _locked() -> str:
    return _(
        "This dashboard is locked, because nobody has to sign in. Open the one-time address that it printed when it "
        "started, with its token. Once that was used, start it again for a new one, or set up sign-in in "
        ".streamlit/secrets.toml."
    )


def _by_a_proxy() -> str:
    return _(
        "The demonstration city answers only to a browser on its own machine, not through a proxy. Open the one-time "
        "address that the dashboard printed when it started, or set up sign-in in .streamlit/secrets.toml."
    )


def _not_proven() -> str:
    return _("Who you are is not proven, or no longer. Sign in again at the city's gateway.")


def _not_the_proxy() -> str:
    return _("This dashboard is reached through the city's own gateway only, not at this address.")


def _unclear_proxy() -> str:
    return _("It is not clear who passed this request on. Start the dashboard with FORWARDED_ALLOW_IPS set to nothing.")


def _foreign_page() -> str:
    return _("A page of another site may not open this dashboard.")


def _nothing_here() -> str:
    return _("There is nothing here.")


def _not_understood() -> str:
    return _("This address is not understood.")


def _too_often() -> str:
    return _("Too many requests in a short time. Please wait a little and try again.")


def _too_many_open() -> str:
    return _("Too many pages are open from your account or your address. Close some of them.")


class Gate:
    """ASGI middleware that refuses requests and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app
        self._limits = [
            (limit.paths, RateLimiter(at_once=limit.at_once, per_second=limit.per_second))
            for limit in (MAP_DATA, EXPORTS, SIGNING_IN)
        ]
        self._sockets = Sockets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on or refuse it; a WebSocket is closed before it is accepted."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, _in_plain_words(send))
            return
        asked, settings = HTTPConnection(scope), sign_in()
        unproven = settings.proof and proxy_proof.prove(settings.proof, scope, trusted=settings.trusts(peer(asked)))
        asked = HTTPConnection(scope)
        path = plain_path(scope)
        refusal = _kept_out(settings, asked, path or "")
        entered = None
        if not (refusal or is_ill_formed(asked)):
            entered = entry.without_token(asked, path or "", locked=settings.way == "nobody")
        refusal = refusal or self._refusal(settings, asked, path, unproven or "")
        if scope["type"] == "websocket":
            if refusal:
                await _close(asked, refusal, send)
                return
            who = _who(asked)
            with self._sockets.held(who):
                await self._app(scope, self._sockets.paced(who, receive), send)
            return
        https, began = _by_https(asked), False

        async def send_safely(message: Message) -> None:
            """Send a message; the first one gets the security headers."""
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                message = {**message, "headers": with_security(message.get("headers", ()), https=https)}
            await send(message)

        if entered:
            await entered(scope, receive, send_safely)
            return
        if refusal:
            await _answer(asked, refusal)(scope, receive, send_safely)
            return
        try:
            await self._app(scope, receive, send_safely)
        except Exception:
            if not began:  # the server's own error response would lack the headers
                await PlainTextResponse("Internal Server Error", 500)(scope, receive, send_safely)
            raise

    def _refusal(self, settings: SignIn, asked: HTTPConnection, path: str | None, unproven: str) -> Refusal | None:
        if path not in _FOR_MACHINES and (refusal := _unknown(settings, asked, path or "", unproven)):
            return refusal
        if path is None or is_ill_formed(asked):
            return Refusal(400, _not_understood)
        if asked.scope["type"] == "websocket" and not _same_site(asked):
            return Refusal(403, _foreign_page, "a page of another site")
        # A browser whose WebSocket is refused requests the same path over HTTP to learn why (ui/server/first.js).
        if path == _STREAM and self._sockets.full(_who(asked)):
            return Refusal(429, _too_many_open, "too many open pages")
        return None if asked.scope["type"] == "websocket" else self._by_path(asked, path)

    def _by_path(self, asked: HTTPConnection, path: str) -> Refusal | None:
        if _closed(path) or asked.scope["method"] not in _METHODS:
            return Refusal(404, _nothing_here)
        for paths, allowance in self._limits:
            if path.startswith(paths) and (seconds := allowance.wait(_who(asked))):
                return Refusal(429, _too_often, "too many requests", ceil(seconds))
        return None


def _in_plain_words(send: Send) -> Send:
    """Report why the application did not start by its last message alone, without a traceback."""

    async def tell(message: Message) -> None:
        """Send a message; of a failed start keep only the last line."""
        if message["type"] == "lifespan.startup.failed":
            words = message.get("message", "").rpartition("\nSystemExit: ")[2]
            message = {**message, "message": words.strip()}
        await send(message)

    return tell


def plain_path(scope: Scope) -> str | None:
    """Return a request's path for comparison: without root path and base path, in lower case, no dot or slash at its
    end; None if it is ambiguous.
    """
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    if _STRANGE.search(path):
        return None
    return "/" + without_base(path).strip("/").rstrip("/. ").lower()


def _kept_out(settings: SignIn, asked: HTTPConnection, path: str) -> Refusal | None:
    """Refuse the network while nobody signs in, and requests that bypass the proxy."""
    if settings.way == "nobody" and not open_in_words():
        if not is_from_here(asked):
            return Refusal(403, _stranger, "not from this machine")
        if not names_this_machine(asked.headers.get("host", "")):  # DNS rebinding: a foreign name for this machine
            return Refusal(403, _other_name, "by a foreign name")
    if settings.way == "proxy" and path not in _FOR_MACHINES:
        if "x-forwarded-for" in asked.headers and os.environ.get(BELIEVED_VARIABLE) != "":
            return Refusal(403, _unclear_proxy, "a proxy nobody can be sure of")
        if not settings.trusts(peer(asked)):
            return Refusal(403, _not_the_proxy, "not by the proxy")
    return None


def _unknown(settings: SignIn, asked: HTTPConnection, path: str, unproven: str) -> Refusal | None:
    """Refuse a request whose user is not proven."""
    if unproven:
        return Refusal(401, _not_proven, unproven)
    if settings.way != "nobody" or open_in_words() or door.holds(asked.cookies) or entry.is_of_a_screen(asked, path):
        return None
    if not watch.is_invented():
        return Refusal(403, _locked, "without the one-time address")
    return Refusal(403, _by_a_proxy, "passed on by a proxy") if looks_passed_on(asked) else None


def _closed(path: str) -> bool:
    """Whether Streamlit serves a path that no viewer needs: uploads, its own metrics, components."""
    parts = path.strip("/").split("/")
    if "_stcore" in parts:
        return parts[parts.index("_stcore") + 1 :] not in [[word] for word in _CORE]
    return parts[0] == "component" or parts[:2] == ["app", "static"]


def _same_site(asked: HTTPConnection) -> bool:
    """Whether a page of ours opened a WebSocket. Every browser sends Origin; a request without it is refused.

    Streamlit would allow any page of this machine, and would ask an external host for this machine's name.
    """
    origin = urlsplit(asked.headers.get("origin", ""))
    if not origin.netloc:
        return False
    named = config.is_manually_set("browser.serverAddress") and config.get_option("browser.serverAddress")
    return origin.netloc == asked.headers.get("host") or bool(named and origin.hostname == named)


def _who(asked: HTTPConnection) -> Whose:
    """Return who is counted together: an account, else an address, or an IPv6 network."""
    if subject := subject_of_request(asked.headers, asked.cookies):
        return of_account(subject)
    return of_address(peer(asked))


def _by_https(asked: HTTPConnection) -> bool:
    """Whether the viewer's browser uses https, possibly to a proxy in front of us."""
    if asked.url.scheme == "https":
        return True
    settings = sign_in()
    if settings.way == "proxy":
        return settings.trusts(peer(asked)) and asked.headers.get("x-forwarded-proto") == "https"
    return settings.way == "provider" and str(st.secrets["auth"]["redirect_uri"]).startswith("https:")


def _answer(asked: HTTPConnection, refusal: Refusal) -> PlainTextResponse:
    headers = {"Cache-Control": "no-store"}
    if is_ill_formed(asked):  # the rest of the connection is not trusted as a next request
        headers["Connection"] = "close"
    if refusal.retry_after:
        headers["Retry-After"] = str(refusal.retry_after)
    if asked.headers.get("sec-fetch-site") == "cross-site" and asked.headers.get("sec-fetch-mode") == "navigate":
        headers["Refresh"] = "0"  # another site's link omits the SameSite cookie; a reload from our own page sends it
    said = []
    for language in LANGUAGES:
        with speaking(language):
            said.append(refusal.words())
    return PlainTextResponse("\n\n".join(said) + "\n", refusal.status, headers, background=_note(asked, refusal))


async def _close(asked: HTTPConnection, refusal: Refusal, send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008, "reason": refusal.noted})
    if note := _note(asked, refusal):
        await note()


def _note(asked: HTTPConnection, refusal: Refusal) -> BackgroundTask | None:
    """Return the task that logs a refusal; the same one of an address once a minute."""
    if not refusal.noted:
        return None
    kind, who = _who(asked) if refusal.status == 429 else of_address(peer(asked))
    return BackgroundTask(
        run_in_threadpool, accounts.refused, f"{kind} {who}", "refused at the gate", why=refusal.noted
    )
