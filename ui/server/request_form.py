"""What a request and its answer may look like: no body, one reading of where it ends, and HTML for pages alone."""

from collections.abc import Iterable
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.base.base_path import without_base

_MOST_HEADERS: Final = 32 * 1024
"""Bytes of all headers; uvicorn's own limit (64 kB) does not hold for headers that arrive at once."""
_HTML: Final = (b"text/html", b"multipart/byteranges")  # the second is several parts of one file, the page's among them


def is_ill_formed(asked: HTTPConnection) -> bool:
    """Whether a request announces a body, says twice where it ends, or has headers larger than any browser's.

    Nothing is ever sent to the dashboard but over its WebSocket. A request with Content-Length and Transfer-Encoding,
    or with several of either, may end at another place for the proxy in front (request smuggling), and a body that
    comes slowly would hold its connection.
    """
    lengths = asked.headers.getlist("content-length")
    size = sum(len(name) + len(value) for name, value in asked.headers.raw)
    return "transfer-encoding" in asked.headers or lengths not in ([], ["0"]) or size > _MOST_HEADERS


def is_page(path: str) -> bool:
    """Whether a path can be that of a page: the root, or one word without a dot."""
    word = without_base(path).strip("/")
    return "/" not in word and "." not in word


class OnlyPagesAreHtml:
    """ASGI middleware that says 404 where Streamlit would answer an unknown path with its page.

    Streamlit serves its page for any path it does not know, because the browser turns pages by itself. A missing file
    would look like one that is there, and a proxy that lost a part of the path like a healthy server.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an answer on, unless it is HTML at an address that is no page's."""
        if scope["type"] != "http" or is_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        replaced = False

        async def send_no_page(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_html(message.get("headers", ())):
                replaced = True
                await PlainTextResponse("Not Found", 404, {"Cache-Control": "no-store"})(scope, receive, send)
            elif not replaced:
                await send(message)

        await self._app(scope, receive, send_no_page)


def _is_html(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and value.lower().startswith(_HTML) for name, value in headers)
