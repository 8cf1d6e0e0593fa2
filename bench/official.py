"""A user without a browser: pages over a real WebSocket, routes over HTTP, and all text that is returned."""

import gzip
import http.client
import io
import re
import zipfile
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from bench import entrance
from bench.streamlit_messages import BackMsg, ForwardMsg, stream

_PACKED = re.compile(rb'"packed":\s*"([A-Za-z0-9+/=]+)"')
_ENDS = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)
_PATIENCE = 60  # seconds


class Answer(NamedTuple):
    """A route's answer: the HTTP status and all text, as `readable` returns it."""

    status: int
    words: str


def readable(raw: bytes) -> str:
    """Return all text in bytes; compressed panels, answers and workbooks are unpacked."""
    parts = [raw]
    if raw[:2] == b"\x1f\x8b":
        parts.append(gzip.decompress(raw))
    if raw[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            parts += [file.read(name) for name in file.namelist()]
    parts += [gzip.decompress(b64decode(packed)) for packed in _PACKED.findall(raw)]
    return b"\n".join(parts).decode(errors="replace")


class Official:
    """One user of a running dashboard at `address` (http://host:port).

    `headers` identify the user, as a proxy would; without a Cookie among them, the one who entered (bench/entrance.py).
    """

    def __init__(
        self, address: str, headers: Mapping[str, str] | None = None, *, protocols: Sequence[str] = ("streamlit",)
    ) -> None:
        """Prepare; `protocols` are WebSocket subprotocols a browser sends: the protocol, an XSRF token, an earlier
        session.
        """
        self._address, self._headers = address, entrance.cookie_header(address) | dict(headers or {})
        self._protocols = [Subprotocol(word) for word in protocols]
        self._open = ExitStack()
        self._socket: ClientConnection | None = None
        self._page_hash = ""
        self.session = ""
        self.sent: list[bytes] = []
        self.widgets: dict[str, str] = {}
        """The controls of the last page: ids and kinds."""
        self.labels: dict[str, str] = {}
        """The labels of those controls, by id, if they have one."""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Request a path, sent literally."""
        place = http.client.HTTPConnection(urlsplit(self._address).netloc, timeout=_PATIENCE)
        try:
            place.request("GET", path, headers=self._headers | dict(headers or {}))
            answer = place.getresponse()
            headers_text = "\n".join(f"{name}: {value}" for name, value in answer.getheaders())
            return Answer(answer.status, f"{headers_text}\n{readable(answer.read())}")
        finally:
            place.close()

    def __enter__(self) -> Self:
        """Connect."""
        connection = connect(
            stream(self._address),
            subprotocols=self._protocols,
            origin=Origin(self._address),
            additional_headers=self._headers,
            max_size=None,
            open_timeout=_PATIENCE,
        )
        self._socket = self._open.enter_context(connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        self._open.close()

    def open(self, page: str, query: str = "") -> str:
        """Open a page and return all text received until it was drawn."""
        self.widgets, self.labels = {}, {}
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        return self.tell(message.SerializeToString())

    def turn(self, query: str = "", values: Mapping[str, Mapping[str, Any]] | None = None) -> str:
        """Run the page again with the given states of its controls: by id, fields of WidgetState."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_script_hash = self._page_hash
        for widget, fields in (values or {}).items():
            state = message.rerun_script.widget_states.widgets.add(id=widget)
            for name, value in fields.items():
                if isinstance(value, list):
                    getattr(state, name).data.extend(value)
                else:
                    setattr(state, name, value)
        return self.tell(message.SerializeToString())

    def tell(self, raw: bytes, patience: float = _PATIENCE) -> str:
        """Send a message and return all text until a page was drawn, or nothing came for `patience` seconds."""
        assert self._socket, "enter first"
        self.sent.append(raw)
        self._socket.send(raw)
        words: list[str] = []
        while True:
            try:
                message = self._socket.recv(timeout=patience)
            except TimeoutError:
                return "\n".join(words)
            assert isinstance(message, bytes)
            words.append(readable(message))
            answer = ForwardMsg()
            answer.ParseFromString(message)
            if self._take(answer):
                return "\n".join(words)

    def _take(self, answer: ForwardMsg) -> bool:
        """Record the page's elements; return whether it is drawn."""
        match answer.WhichOneof("type"):
            case "new_session":
                self.session = answer.new_session.initialize.session_id
            case "navigation":
                self._page_hash = answer.navigation.page_script_hash
            case "delta":
                kind: str | None = answer.delta.new_element.WhichOneof("type")
                element: Any = getattr(answer.delta.new_element, kind) if kind else None
                if kind and (widget := getattr(element, "id", "")):
                    self.widgets[widget] = kind
                    self.labels[widget] = str(getattr(element, "label", ""))
            case "script_finished":
                return answer.script_finished in _ENDS or bool(
                    answer.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
                )
            case _:
                pass
        return False
