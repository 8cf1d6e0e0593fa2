"""The viewer's identity: the settings, an identity provider's claims and their age, the proxy's header, cookies."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from starlette.datastructures import Headers

from tests.streamlit_cookies import READS_THE_KEY, USER_COOKIE_NAME, create_signed_value
from ui.access import sign_in
from ui.access.proxy_proof import Secret
from ui.access.sign_in import SignIn, subject_of_claims, subject_of_request
from ui.base.settings import SettingsError

SECRET = "a secret of the tests, long enough to be one"
PROVIDER: dict[str, str] = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": SECRET,
    "client_id": "dashboard",
    "client_secret": "known to both",
    "server_metadata_url": "http://localhost:9400/.well-known/openid-configuration",
}
PROXY = {"proxies": ["127.0.0.1", "10.1.0.0/16", "fd00::/8"], "header": "X-Remote-User", "secret": SECRET}
NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)

Saying = Callable[..., SignIn]


@pytest.fixture
def saying(monkeypatch: pytest.MonkeyPatch) -> Saying:
    """Parse sign-in settings from these tables of secrets.toml."""

    def say(**tables: Any) -> SignIn:
        monkeypatch.setattr(st, "secrets", tables)
        sign_in.sign_in.cache_clear()
        return sign_in.sign_in()

    monkeypatch.setattr(READS_THE_KEY, lambda: SECRET)
    return say


@pytest.fixture(autouse=True)
def settings_are_read_again() -> Any:
    yield
    sign_in.sign_in.cache_clear()


def test_without_settings_nobody_signs_in(saying: Saying) -> None:
    assert saying().way == "nobody"
    assert saying(access={}).way == "nobody"


def test_a_provider_and_a_proxy_are_read(saying: Saying) -> None:
    assert saying(auth=PROVIDER) == SignIn("provider", claim="email", hours=10)
    assert saying(auth=PROVIDER, access={"claim": "sub", "hours": 0.5}) == SignIn("provider", claim="sub", hours=0.5)
    proxy = saying(access=PROXY)
    assert (proxy.way, proxy.proof) == ("proxy", Secret("x-remote-user", SECRET))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"access": {"claims": "email"}}, "claims is not known"),
        ({"access": {"hours": 0}}, "hours must be a number"),
        ({"access": {"hours": 721}}, "hours must be a number"),
        ({"access": {"hours": True}}, "hours must be a number"),
        ({"access": {"hours": "10"}}, "hours must be a number"),
        ({"access": PROXY, "auth": PROVIDER}, "not both"),
        ({"access": {"proxies": ["10.1.0.0/16"]}}, "has to prove itself"),
        ({"access": {"proxies": ["10.1.0.0/16"], "header": "X-Remote-User"}}, "has to prove itself"),
        ({"access": {"header": "X-Remote-User"}}, "proxies are missing"),
        ({"access": PROXY | {"proxies": []}}, "proxies are missing"),
        ({"access": PROXY | {"proxies": ["portal.example"]}}, "addresses or networks"),
        ({"access": PROXY | {"proxies": ["10.1.2.3/16"]}}, "addresses or networks"),
        ({"auth": PROVIDER | {"cookie_secret": "short"}}, "32 characters"),
        ({"auth": PROVIDER, "access": {"claim": "name"}}, "claim must be one of"),
        *(({"auth": {k: v for k, v in PROVIDER.items() if k != word}}, f"{word} is missing") for word in PROVIDER),
    ],
)
def test_invalid_settings_are_refused_with_a_message(saying: Saying, tables: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        saying(**tables)


def claims(**said: Any) -> dict[str, Any]:
    return {"is_logged_in": True, "email": "an@example.org", "sub": "7", "iat": NOW.timestamp()} | said


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ({}, "an@example.org"),
        ({"email_verified": True}, "an@example.org"),
        ({"email_verified": False}, None),
        ({"is_logged_in": False}, None),
        ({"email": ""}, None),
        ({"email": None}, None),
        ({"iat": None}, None),
        ({"iat": "now"}, None),
        ({"iat": (NOW - timedelta(hours=9, minutes=59)).timestamp()}, "an@example.org"),
        ({"iat": (NOW - timedelta(hours=10, seconds=1)).timestamp()}, None),
        ({"iat": 0}, None),
    ],
)
def test_a_providers_claims_name_a_user_while_they_are_fresh(
    saying: Saying, said: dict[str, Any], subject: str | None
) -> None:
    saying(auth=PROVIDER)
    assert subject_of_claims(claims(**said), NOW) == subject


def test_claims_without_a_time_or_a_sign_in_name_nobody(saying: Saying) -> None:
    saying(auth=PROVIDER)
    for word in ("iat", "is_logged_in", "email"):
        assert subject_of_claims({key: value for key, value in claims().items() if key != word}, NOW) is None
    assert subject_of_claims({}, NOW) is None


def test_another_claim_does_not_ask_for_a_verified_address(saying: Saying) -> None:
    saying(auth=PROVIDER, access={"claim": "sub"})
    assert subject_of_claims(claims(email_verified=False), NOW) == "7"


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("127.0.0.1", True),
        ("10.1.255.7", True),
        ("10.2.0.1", False),
        ("fd12::1", True),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("", False),
        (None, False),
        ("localhost", False),
        ("127.0.0.1, 10.1.0.1", False),
    ],
)
def test_only_listed_addresses_may_name_the_user(saying: Saying, address: str | None, trusted: bool) -> None:
    assert saying(access=PROXY).trusts(address) is trusted


def test_a_header_that_the_gate_has_not_proven_names_nobody(saying: Saying) -> None:
    saying(access=PROXY)
    assert subject_of_request(Headers({"X-Remote-User": "an"}), {}) is None
    assert subject_of_request(Headers({"X-Forwarded-User": "an"}), {}) is None


def signed(said: dict[str, Any], secret: str = SECRET, name: str = USER_COOKIE_NAME) -> dict[str, str]:
    return {USER_COOKIE_NAME: create_signed_value(secret, name, json.dumps(said)).decode()}


def test_a_cookie_counts_only_with_our_recent_signature(saying: Saying) -> None:
    saying(auth=PROVIDER)
    fresh, none = claims(iat=time.time()), Headers({})
    assert subject_of_request(none, signed(fresh)) == "an@example.org"
    assert subject_of_request(none, {}) is None
    assert subject_of_request(none, signed(fresh, secret="another secret, as long as the real one is")) is None
    assert subject_of_request(none, signed(fresh, name="another cookie")) is None
    assert subject_of_request(none, signed(claims(iat=time.time() - 11 * 3600))) is None
    said, _dot, signature = signed(fresh)[USER_COOKIE_NAME].rpartition(".")
    # Not its last letter, of which two bits are unused.
    altered = f"{said}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    assert subject_of_request(none, {USER_COOKIE_NAME: altered}) is None
    assert subject_of_request(Headers({"X-Remote-User": "an"}), {}) is None, "no proxy is configured"


def test_the_example_of_the_settings_can_be_read() -> None:
    example = Path(__file__).parents[1] / ".streamlit" / "secrets.toml.example"
    assert "[auth]" in example.read_text()
    assert "[access]" in example.read_text()
