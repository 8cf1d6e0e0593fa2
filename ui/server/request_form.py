"""Checks the form of requests and answers: no body, an unambiguous end, and HTML for pages alone."""

from collections.abc import Iterable
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.base.base_path import without_base

_MOST_HEADERS: Final = 32 * 1024
"""Total bytes of headers; uvicorn's own limit (64 kB) does not apply to headers that arrive at once."""
_HTML: Final = (b"text/html", b"multipart/byteranges")  # multipart/byteranges: parts of one file, which may be the page


def is_ill_formed(asked: HTTPConnection) -> bool:
    """Whether a request announces a body, gives two different ends, or has headers larger than any browser's.

    Browsers send data over the WebSocket only. A request with both Content-Length and Transfer-Encoding, or several of
    either, may end elsewhere for the proxy in front (request smuggling), and a slow body would hold its connection.
    """
    lengths = asked.headers.getlist("content-length")
    size = sum(len(name) + len(value) for name, value in asked.headers.raw)
    return "transfer-encoding" in asked.headers or lengths not in ([], ["0"]) or size > _MOST_HEADERS


def is_page(path: str) -> bool:
    """Whether a path can be a page's: the root, or one word without a dot."""
    word = without_base(path).strip("/")
    return "/" not in word and "." not in word


class OnlyPagesAreHtml:
    """ASGI middleware that answers 404 where Streamlit would answer an unknown path with its page.

    Streamlit serves its page for any unknown path, because the browser routes pages itself. A missing file would look
    present, and a proxy that cuts off part of the path would look like a healthy server.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an answer on, unless it is HTML at a path that is no page's."""
        if scope["type"] != "http" or is_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        replaced = False

        async def send_no_page(message: Message) -> None:
            """Pass the answer on, or a 404 in place of an HTML page."""
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_html(message.get("headers", ())):
                replaced = True
                await PlainTextResponse("Not Found", 404, {"Cache-Control": "no-store"})(scope, receive, send)
            elif not replaced:
                await send(message)

        await self._app(scope, receive, send_no_page)


def _is_html(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and value.lower().startswith(_HTML) for name, value in headers)
