"""The rate limit for one viewer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gate.conftest import PROVIDER, PROXY, SECRET, Asker, told
from ui.live.rate_limit import RateLimiter
from ui.server import gate


def test_too_many_requests_wait(ask: Asker, noted: list[str]) -> None:
    path = "/cases.csv"
    assert [ask(path).status for _ in range(gate.EXPORTS.at_once)] == [200] * gate.EXPORTS.at_once
    heard = ask(path)
    assert (heard.status, heard.asked) == (429, False)
    assert 1 <= int(heard.header("retry-after") or 0) <= 10
    assert "too many requests" in noted[0]
    assert ask("/cases").asked  # the page is not the file
    assert ask("/map/points.json").asked


@pytest.mark.parametrize("path", ["/CASES.csv", "/cases.csv/", "/cases.xlsx"])
def test_other_spellings_of_a_path_share_the_limit(ask: Asker, path: str) -> None:
    for _ in range(gate.EXPORTS.at_once):
        ask("/cases.csv")
    assert ask(path).status == 429


def test_each_account_has_its_own_limit(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, PROXY)
    for _ in range(gate.EXPORTS.at_once + 1):
        last = ask("/cases.csv", peer="10.0.0.5", x_remote_user="a@hanoi.example", x_proxy_secret=SECRET)
    assert last.status == 429
    assert ask("/cases.csv", peer="10.0.0.5", x_remote_user="b@hanoi.example", x_proxy_secret=SECRET).asked


def test_an_ipv6_network_has_one_limit(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, PROVIDER)
    statuses = [ask("/auth/login", peer=f"2001:db8::{n:x}").status for n in range(gate.SIGNING_IN.at_once + 1)]
    assert statuses[-1] == 429
    assert ask("/auth/login", peer="2001:db8:0:1::1").asked


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    steps=st.lists(st.floats(0, 5), min_size=1, max_size=60),
    at_once=st.integers(1, 20),
    per_second=st.floats(0.05, 30),
)
def test_the_rate_limiter_is_a_token_bucket(steps: list[float], at_once: int, per_second: float) -> None:
    """Compared with a bucket simulated drop by drop, with a tolerance for rounding."""
    now = 0.0
    allowance = RateLimiter(at_once=at_once, per_second=per_second, clock=lambda: now)
    tokens = float(at_once)
    for step in steps:
        now += step
        tokens = min(at_once, tokens + step * per_second)
        waits = allowance.wait("one")
        if abs(tokens - 1) > 1e-3:
            assert (waits == 0) == (tokens >= 1)
        if waits:
            assert waits == pytest.approx((1 - tokens) / per_second, abs=1e-3)
        else:
            tokens -= 1


def test_a_request_after_the_wait_passes() -> None:
    now = 0.0
    allowance = RateLimiter(at_once=2, per_second=0.1, clock=lambda: now)
    assert [allowance.wait("one") for _ in range(2)] == [0, 0]
    now += allowance.wait("one")
    assert allowance.wait("one") == 0
