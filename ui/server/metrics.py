"""/health for load balancers and /metrics for Prometheus. Neither waits for the database.

/metrics, and the details of /health, are for the addresses that `secrets.toml` lists, holders of its token, and the
administrator of a dashboard where nobody signs in.
"""

import ipaddress
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path

import streamlit as st
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ui.access import door, record, sign_in
from ui.access.origin import looks_passed_on, peer
from ui.base.settings import SettingsError
from ui.base.streamlit_internals import StreamlitSecretNotFoundError
from ui.live import watch
from ui.live.freshness import page_failures
from ui.live.pulse import Pulse
from ui.wall import screens

_SECONDS_WITHOUT_A_LOOK = 30.0
_SHORTEST_TOKEN = 32
_PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True)
class Readers:
    """Who may read /metrics: addresses and networks that ask directly, and holders of the token (empty: none)."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    token: str = ""


@lru_cache(maxsize=1)
def readers() -> Readers:
    """Return who may read /metrics, from `secrets.toml`. Raises SettingsError."""
    try:
        said = dict(st.secrets["metrics"]) if "metrics" in st.secrets else {}
    except StreamlitSecretNotFoundError:
        return Readers()
    if set(said) - {"addresses", "token"} or not isinstance(said.get("addresses", []), list):
        raise SettingsError(
            "secrets.toml, [metrics]: addresses must be a list and token a text; no other keys are known."
        )
    token = said.get("token", "")
    if "token" in said and (not isinstance(token, str) or len(token) < _SHORTEST_TOKEN):
        raise SettingsError(
            f"secrets.toml, [metrics]: token needs at least {_SHORTEST_TOKEN} characters, drawn at random."
        )
    try:
        return Readers(tuple(ipaddress.ip_network(str(one)) for one in said.get("addresses", [])), token)
    except ValueError as error:
        raise SettingsError(f"secrets.toml, [metrics]: addresses must be addresses or networks; {error}.") from error


def _may_read(request: Request) -> bool:
    """Whether the request may read. The address of a forwarded request proves nothing: anyone may have sent it."""
    known = readers()
    if sign_in.sign_in().way == "nobody" and door.holds(request.cookies):
        return True
    if known.token and compare_digest(
        request.headers.get("authorization", "").encode(), f"Bearer {known.token}".encode()
    ):
        return True
    try:
        address = ipaddress.ip_address(peer(request) or "")
    except ValueError:
        return False
    return not looks_passed_on(request) and any(address in network for network in known.networks)


async def health(request: Request) -> Response:
    """Answer 200 if this process has something to show, else 503.

    While the database is away the last good numbers are shown with their age and the answer stays 200: otherwise a load
    balancer would remove every server because of one shared database. `status` is ok, away, behind (an old standby is
    shown) or nothing to show; `watching` tells whether the watcher still polls. Strangers get `status` only.
    """
    pulse = watch.watcher().pulse
    now = datetime.now(UTC)
    watching = pulse.looked_at is not None and (now - pulse.looked_at).total_seconds() < _SECONDS_WITHOUT_A_LOOK
    shows = pulse.city is not None
    answers = "away" if pulse.trouble else "ok" if pulse.copy_level == "green" else "behind"
    said = {"status": answers if shows else "nothing to show"}
    more = {
        "watching": watching,
        "trouble": getattr(pulse.trouble, "kind", "empty") if pulse.trouble else None,
        "answered_at": pulse.answered_at and pulse.answered_at.isoformat(),
        "shown_at": pulse.at.isoformat() if shows else None,
        "copy": pulse.is_copy,
        "copy_seconds_behind": None if pulse.behind is None else pulse.behind.total_seconds(),
        "late_channels": [feed.code for feed, _level in pulse.late_feeds],
    }
    content = said | more if _may_read(request) else said
    return JSONResponse(content, 200 if shows and watching else 503, headers={"Cache-Control": "no-store"})


class Figures(Collector):
    """Metrics of this process, the database and the channels."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        watcher = watch.watcher()
        pulse = watcher.pulse
        yield _one(
            "dashboard_database_up", "Whether the database answered the last poll.", float(pulse.trouble is None)
        )
        if pulse.answered_at:
            age = (datetime.now(UTC) - pulse.answered_at).total_seconds()
            yield _one("dashboard_database_answer_age_seconds", "Seconds since the database last answered.", age)
        yield _one("dashboard_moment_timestamp_seconds", "The moment pages show.", pulse.at.timestamp())
        yield _one("dashboard_database_is_copy", "Whether the database is a copy (a standby).", float(pulse.is_copy))
        if pulse.behind is not None:
            behind = pulse.behind.total_seconds()
            yield _one("dashboard_copy_behind_seconds", "How far the copy was behind at the last answer.", behind)
        if pulse.changed_at:
            changed = pulse.changed_at.timestamp()
            yield _one("dashboard_last_change_timestamp_seconds", "When a report last changed.", changed)
        yield _one("dashboard_viewers", "Viewers with a recent heartbeat.", watcher.viewers.count())
        yield CounterMetricFamily(
            "dashboard_page_failures", "Pages that failed with an unexpected error.", value=page_failures.total
        )
        yield from _channels(pulse)
        yield from _taken_out(watcher)
        yield from _questions(watcher)
        seen = GaugeMetricFamily(
            "dashboard_screen_seen_timestamp_seconds", "When a screen last sent a heartbeat.", labels=["screen"]
        )
        for screen, at in screens.last_seen().items():
            if at:
                seen.add_metric([screen], at.timestamp())
        yield seen


def _one(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _channels(pulse: Pulse) -> Iterator[Metric]:
    delivered = GaugeMetricFamily(
        "dashboard_feed_delivery_timestamp_seconds", "When a channel last delivered.", labels=["channel"]
    )
    rhythm = GaugeMetricFamily(
        "dashboard_feed_rhythm_seconds", "How often a channel should deliver.", labels=["channel"]
    )
    for feed in pulse.feeds:
        if feed.last_delivery_at:
            delivered.add_metric([feed.code], feed.last_delivery_at.timestamp())
        rhythm.add_metric([feed.code], feed.expected_every.total_seconds())
    yield from (delivered, rhythm)


def _taken_out(watcher: watch.Watcher) -> Iterator[Metric]:
    """Yield how many accounts exceed the limits of thresholds.toml, and the largest volume of one account.

    No account is named. Nothing is yielded while the volumes are unknown.
    """
    known = record.latest.read(watcher.reports)
    if known is None:
        return
    found = GaugeMetricFamily(
        "dashboard_access_alarms", "Accounts that opened or exported unusually many cases.", labels=["level"]
    )
    for level in ("amber", "red"):
        found.add_metric([level], sum(alarm.level == level for alarm in record.alarms(known)))
    yield found
    for name, about in (("opened", "Cases one account opened"), ("exported", "Cases one account exported in files")):
        most = GaugeMetricFamily(
            f"dashboard_access_most_{name}_cases", f"{about}, for the account with the most.", labels=["within"]
        )
        for within in ("hour", "day"):
            most.add_metric([within], max((getattr(volume, f"{name}_{within}") for volume in known), default=0))
        yield most


def _questions(watcher: watch.Watcher) -> Iterator[Metric]:
    times = SummaryMetricFamily(
        "dashboard_query_seconds", "Time the database took for a question.", labels=["question"]
    )
    failed = CounterMetricFamily("dashboard_query_failures", "Questions that failed.", labels=["question"])
    for timing in watcher.reports.timings.table():
        times.add_metric([timing.question], timing.count, timing.total)
        for quantile, seconds in (("0.5", timing.median), ("0.95", timing.p95)):
            times.add_sample(times.name, {"question": timing.question, "quantile": quantile}, seconds)
        failed.add_metric([timing.question], timing.failed)
    yield from (times, failed)


_registry = CollectorRegistry()
_registry.register(Figures())
ProcessCollector(registry=_registry)


def metrics(request: Request) -> Response:
    """Serve all metrics in Prometheus's text format to those who may read them."""
    if not _may_read(request):
        return PlainTextResponse("Not for this address.", 403)
    return Response(generate_latest(_registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def resident_bytes() -> int | None:
    """Return this process's resident memory in bytes; None if the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return None


metric_routes = [Route("/health", health), Route("/metrics", metrics)]
