"""A small GeoReport v2 server for tests: JSON and XML, paging, limits, bad days, and a clock of its own."""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

SERVICES = [
    {
        "service_code": f"00{number}",
        "service_name": name,
        "description": name,
        "metadata": False,
        "type": "realtime",
        "keywords": name.lower(),
        "group": group,
    }
    for number, (name, group) in enumerate(
        [("Pothole", "Streets"), ("Graffiti", "Cleaning"), ("Street light", "Streets"), ("Tree", "Parks")], start=1
    )
]
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class UnknownParameter(Exception):
    """A strict server does not know a parameter."""


@dataclass
class GeoReport:
    """The requests of a city and how its server answers. `now` is its clock.

    `most` is the number of requests at which every answer is cut, whatever is asked; `most_of_a_page` the largest page.
    `bad_days` are taken one for each question: a status, "broken", "empty", "slow", "hang up", "away", "huge", "bomb".
    """

    now: datetime = START
    pages: bool = True
    most_of_a_page: int = 50
    most: int | None = None
    takes_updates: bool = True
    heeds_end: bool = True
    strict: bool = False
    jurisdiction: str | None = None
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    bad_days: deque[Any] = field(default_factory=deque)
    asked: list[dict[str, str]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    runs: bool = False  # whether the clock goes on by itself
    _read_at: float = field(default_factory=time.monotonic)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def clock(self) -> datetime:
        """Return the time by this server."""
        return self.now + timedelta(seconds=time.monotonic() - self._read_at if self.runs else 0)

    def add(self, count: int, *, over: timedelta = timedelta(0), first: int | None = None) -> list[str]:
        """Add open requests, made evenly over the time until now; return their ids."""
        with self.lock:
            begin = len(self.requests) + 1 if first is None else first
            now = self.clock()
            ids = [f"R-{number:06d}" for number in range(begin, begin + count)]
            for place, identity in enumerate(ids):
                made = (now - over * ((count - place) / max(count, 1))).replace(microsecond=0)
                self.requests[identity] = _request(identity, place + begin, made)
            return ids

    def change(self, ids: list[str], *, status: str = "closed", **values: Any) -> None:
        """Change requests now."""
        with self.lock:
            for identity in ids:
                self.requests[identity] |= {"status": status, "updated_datetime": w3(self.clock()), **values}

    def later(self, seconds: float) -> None:
        """Move the clock on."""
        self.now += timedelta(seconds=seconds)

    def answer(self, method: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return what the server answers. Raises UnknownParameter for a parameter a strict server does not know."""
        with self.lock:
            self.asked.append(dict(asked))
            if method == "services":
                return SERVICES
            known = {"service_request_id", "service_code", "start_date", "end_date", "status", "jurisdiction_id"}
            if self.strict and set(asked) - known:
                raise UnknownParameter
            found = [dict(one) for one in self._in_span(asked)]
            if "status" in asked:
                found = [one for one in found if one["status"] in asked["status"].split(",")]
            if "service_code" in asked:
                found = [one for one in found if one["service_code"] in asked["service_code"].split(",")]
            found.sort(key=lambda one: (str(one["requested_datetime"]), str(one["service_request_id"])), reverse=True)
            if self.most is not None:
                found = found[: self.most]
            if self.pages:
                size = min(int(asked.get("page_size", self.most_of_a_page)), self.most_of_a_page)
                first = (int(asked.get("page", 1)) - 1) * size
                found = found[first : first + size]
            return found

    def _in_span(self, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        now = self.clock()
        name, after, before = "requested_datetime", asked.get("start_date"), asked.get("end_date")
        if self.takes_updates and {"updated_after", "updated_before"} & set(asked):
            name, after, before = "updated_datetime", asked.get("updated_after"), asked.get("updated_before")
        elif after is None:
            after = w3(now - timedelta(days=90))
        low = _moment(after) if after else datetime.min.replace(tzinfo=UTC)
        high = _moment(before) if before and self.heeds_end else datetime.max.replace(tzinfo=UTC)
        return (one for one in self.requests.values() if low < _moment(one[name]) < high)

    def app(self) -> Starlette:
        """Return the server as an application."""

        async def handle(request: Request) -> Response:
            """Answer `/requests.json`, `/services.xml` and their like."""
            return await run_in_threadpool(self._handle, request)

        return Starlette(routes=[Route("/v2/{method}.{form}", handle)])

    def _handle(self, request: Request) -> Response:
        method, form = request.path_params["method"], request.path_params["form"]
        self.agents.add(request.headers.get("user-agent", ""))
        dated = {"Date": format_datetime(self.clock().replace(microsecond=0), usegmt=True)}
        bad = self.bad_days.popleft() if self.bad_days else None
        if isinstance(bad, Response):
            return bad
        if isinstance(bad, int):
            return Response("<html>not today</html>", bad, dated | {"Retry-After": "0"})
        if bad == "slow":
            time.sleep(1.5)
        if bad in {"broken", "empty", "huge", "bomb"}:
            return Response(_BAD[bad], headers=dated, media_type=f"application/{form}")
        asked = dict(request.query_params)
        if self.jurisdiction and asked.get("jurisdiction_id") != self.jurisdiction:
            return _written([{"code": "404", "description": "jurisdiction_id not found"}], form, "errors", 404, dated)
        try:
            found = self.answer(method, asked)
        except UnknownParameter:
            return _written([{"code": "400", "description": "unknown parameter"}], form, "errors", 400, dated)
        return _written(found, form, "services" if method == "services" else "service_requests", 200, dated)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port of this machine while the block runs, and yield the address."""
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            port = listening.getsockname()[1]
            settings = uvicorn.Config(self.app(), log_level="critical", date_header=False, lifespan="off")
            server = uvicorn.Server(settings)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            try:
                yield f"http://127.0.0.1:{port}/v2"
            finally:
                server.should_exit = True
                thread.join()


_BAD = {
    "broken": b'[{"service_request_id": "R-0000',
    "empty": b"",
    "huge": b"[" + b" " * 3_000_000 + b"]",
    "bomb": b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>
        <service_requests><request><description>&b;</description></request></service_requests>""",
}


def redirect(to: str) -> Response:
    """Return a redirection, for `bad_days`."""
    return RedirectResponse(to, 302)


def w3(moment: datetime) -> str:
    """Return a moment as GeoReport writes it, with New York's offset of summer."""
    local = moment - timedelta(hours=4)
    return local.strftime("%Y-%m-%dT%H:%M:%S-04:00")


def _moment(words: str) -> datetime:
    try:
        return datetime.fromisoformat(words)
    except ValueError:
        return START


def _request(identity: str, number: int, made: datetime) -> dict[str, Any]:
    service = SERVICES[number % len(SERVICES)]
    return {
        "service_request_id": identity,
        "status": "open",
        "status_notes": None,
        "service_name": service["service_name"],
        "service_code": service["service_code"],
        "description": f"Report {number}",
        "agency_responsible": "Public Works",
        "service_notice": None,
        "requested_datetime": w3(made),
        "updated_datetime": w3(made),
        "expected_datetime": w3(made + timedelta(days=5)),
        "address": f"{number} Main Street",
        "address_id": None,
        "zipcode": "02108",
        "lat": 42.3 + number % 100 / 10_000,
        "long": -71.1,
        "media_url": None,
        "extended_attributes": {"channel": "phone" if number % 2 else "web"},
        "email": "somebody@example.org",
    }


def _written(found: list[dict[str, Any]], form: str, outer: str, status: int, headers: dict[str, str]) -> Response:
    if form == "json":
        return Response(json.dumps(found), status, headers, "application/json")
    root = Element(outer)
    for one in found:
        _write(SubElement(root, {"services": "service", "errors": "error"}.get(outer, "request")), one)
    return Response(tostring(root, "utf-8", xml_declaration=True), status, headers, "text/xml")


def _write(element: Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        child = SubElement(element, name)
        if isinstance(value, dict):
            _write(child, value)
        elif value is not None:
            child.text = str(value)
