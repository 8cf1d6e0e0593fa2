"""Many viewers without browsers: each opens a page over a real WebSocket, sends heartbeats, and reads all messages.

One event loop does what a browser does with timers and messages, so that a hundred viewers cost little beside the
measured server.
"""

import asyncio
import gzip
import json
import re
import time
from base64 import b64decode
from dataclasses import dataclass, field
from html import unescape

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from bench import entrance
from bench.streamlit_messages import PROTOCOL, BackMsg, ForwardMsg, stream
from bench.viewer import beats_at

_FRESHNESS = re.compile(r'class="freshness ([\w-]+)"[^>]*>(?:<i></i>)?([^<]*)<')
SECONDS_BETWEEN_BEATS = 2.0  # as in ui/live/beat.js
_WHOLE = ForwardMsg.FINISHED_SUCCESSFULLY


@dataclass
class Guest:
    """One viewer of a page of the dashboard at `address` (http://host:port), and its results.

    `beats` are its heartbeats' durations in seconds, `ages` the page's age in seconds at each of them, `refreshed` when
    the page was drawn completely (time.monotonic), `fresh` the tone and words of the page's header, `errors` what no
    viewer should see. `found` maps texts to when they first appeared. It sends a heartbeat every `between` seconds.
    """

    address: str
    page: str = ""
    query: str = ""
    between: float = SECONDS_BETWEEN_BEATS
    beats: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    refreshed: list[float] = field(default_factory=list)
    reconnected: int = -1
    fresh: tuple[str, str] = ("", "")
    errors: list[str] = field(default_factory=list)
    found: dict[str, float] = field(default_factory=dict)
    looks_for: str = ""
    _page_hash: str = ""
    _heart: str = ""

    async def stay(self) -> None:
        """Stay until cancelled; reconnect a second after a lost connection, as a browser does."""
        while True:
            try:
                async with connect(
                    stream(self.address),
                    subprotocols=[PROTOCOL],
                    origin=Origin(self.address),
                    additional_headers=entrance.cookie_header(self.address),
                    max_size=None,
                    ping_interval=None,
                ) as socket:
                    self.reconnected += 1
                    await self._visit(socket)
            except (OSError, ConnectionClosed, TimeoutError):
                pass
            await asyncio.sleep(1)

    async def _visit(self, socket: ClientConnection) -> None:
        self._heart, self._page_hash = "", ""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        await socket.send(message.SerializeToString())
        beating = asyncio.create_task(self._beat(socket))
        try:
            async for raw in socket:
                assert isinstance(raw, bytes)
                self._take(raw)
        finally:
            beating.cancel()

    async def _beat(self, socket: ClientConnection) -> None:
        """Send heartbeats, as a browser does, and have the page drawn again if told so."""
        async with httpx.AsyncClient(
            base_url=self.address, headers=entrance.cookie_header(self.address), timeout=10
        ) as browser:
            while True:
                while not self._heart:
                    await asyncio.sleep(0.2)
                began, again = time.monotonic(), False
                try:
                    answer = (await browser.get(self._heart)).raise_for_status()
                    now, verified_at, _away, again = answer.json()
                    self.ages.append((now - verified_at) / 1000)
                except httpx.HTTPError as lost:
                    self.errors.append(f"a heartbeat without an answer: {lost!r}")
                self.beats.append(time.monotonic() - began)  # a failed one took its time too
                if again:
                    message = BackMsg()
                    message.rerun_script.query_string = self.query
                    message.rerun_script.page_script_hash = self._page_hash
                    await socket.send(message.SerializeToString())
                await asyncio.sleep(self.between)

    def _take(self, raw: bytes) -> None:
        answer = ForwardMsg()
        answer.ParseFromString(raw)
        match answer.WhichOneof("type"):
            case "navigation":
                self._page_hash = answer.navigation.page_script_hash
            case "script_finished":
                self._finished(answer.script_finished)
            case "delta":
                element = answer.delta.new_element
                kind = element.WhichOneof("type")
                if kind == "exception":
                    self.errors.append(element.exception.message)
                elif kind == "alert":
                    self.errors.append(element.alert.body)
                elif kind == "bidi_component":
                    self._read(str(element.bidi_component.json or element.bidi_component.mixed.json))
            case _:
                pass

    def _read(self, message: str) -> None:
        self._heart = beats_at(message) or self._heart
        if 'class=\\"freshness' in message and (said := _FRESHNESS.search(json.loads(message).get("html", ""))):
            self.fresh = said[1], unescape(said[2])
        if self.looks_for and self.looks_for not in self.found and self.looks_for in _unpacked(message):
            self.found[self.looks_for] = time.monotonic()

    def _finished(self, how: int) -> None:
        if how == _WHOLE:
            self.refreshed.append(time.monotonic())
        elif how == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.errors.append("a page did not compile")


def _unpacked(message: str) -> str:
    """Return a component's data with the HTML of a long panel (ui/base/html_panel.py) decompressed."""
    if not message.startswith('{"packed"'):
        return message
    return gzip.decompress(b64decode(json.loads(message)["packed"])).decode()
