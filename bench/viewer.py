"""A viewer without a browser: Streamlit's own protocol over a real WebSocket."""

import http.client
import json
import re
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from bench import entrance
from bench.streamlit_messages import PROTOCOL, BackMsg, ForwardMsg, stream

_HEART = re.compile(r'"viewer":\s*"([0-9a-f]{32})",\s*"run":\s*(\d+)')


def beats_at(message: str) -> str:
    """Return the heartbeat path in a page's message to its heartbeat component (ui/live/heartbeat.py)."""
    found = _HEART.search(message)
    return f"/beat/{found[1]}/{found[2]}" if found else ""


class Viewer:
    """One session on a running dashboard."""

    def __init__(self, address: str) -> None:
        """Prepare to visit the dashboard at `address` (http://host:port)."""
        self._address = stream(address)
        self._origin = address
        self._socket: ClientConnection | None = None
        self._page_hash = ""
        self.bytes_received = 0
        self._heart = ""
        self._beats = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)

    def __enter__(self) -> Self:
        """Connect."""
        self._socket = connect(
            self._address,
            subprotocols=[PROTOCOL],
            origin=Origin(self._origin),
            additional_headers=entrance.cookie_header(self._origin),
            max_size=None,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        self._beats.close()
        if self._socket:
            self._socket.close()

    def open(self, page: str, query: str = "") -> None:
        """Open a page and wait until it is drawn."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        self._run(message)

    def rerun(self, query: str = "") -> None:
        """Run the page again."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_script_hash = self._page_hash
        self._run(message)

    def beat(self) -> bool:
        """Send a heartbeat, as a browser does every two seconds; return whether to have the page drawn again."""
        try:
            answer = self._ask_heart()
        except http.client.RemoteDisconnected:  # the server closes a connection that was idle for five seconds
            self._beats.close()
            answer = self._ask_heart()
        _now, _true_at, _away, again = json.load(answer)
        return bool(again)

    def _ask_heart(self) -> http.client.HTTPResponse:
        self._beats.request("GET", self._heart, headers=entrance.cookie_header(self._origin))
        return self._beats.getresponse()

    def _run(self, message: BackMsg) -> None:
        assert self._socket, "enter the viewer first"
        self._socket.send(message.SerializeToString())
        while True:
            raw = self._socket.recv(timeout=60)
            assert isinstance(raw, bytes)
            self.bytes_received += len(raw)
            answer = ForwardMsg()
            answer.ParseFromString(raw)
            match answer.WhichOneof("type"):
                case "navigation":
                    self._page_hash = answer.navigation.page_script_hash
                case "delta":
                    self._heart = beats_at(answer.delta.new_element.bidi_component.json) or self._heart
                case "script_finished":
                    return
                case _:
                    pass
