"""The security headers of every answer, and cookies that are sent over https only."""

import pytest

from tests.gate.conftest import HERE, PROVIDER, PROXY, THERE, Asker, told
from ui.server.security_headers import content_security_policy, with_security

ALWAYS = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "x-frame-options",
)


@pytest.mark.parametrize("path", ["/", "/cases.csv", "/map/x", "/_stcore/upload_file", "/..", "/health"])
@pytest.mark.parametrize("peer", [HERE, THERE])
def test_every_answer_has_the_headers(ask: Asker, path: str, peer: str) -> None:
    heard = ask(path, peer=peer)
    assert all(heard.header(name) for name in ALWAYS)
    assert heard.header("strict-transport-security") is None


def test_an_error_reveals_nothing_and_has_the_headers(ask: Asker) -> None:
    with pytest.raises(ValueError, match="secret words"):  # as the server's log has it
        ask("/fails")
    assert ask.heard.status == 500
    assert ask.heard.body == "Internal Server Error"
    assert all(ask.heard.header(name) for name in ALWAYS)


def test_over_https_cookies_are_secure(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Secure" not in (ask().header("set-cookie") or "")
    heard = ask(scheme="https")
    assert (heard.header("set-cookie") or "").endswith("; Secure")
    assert heard.header("strict-transport-security")
    told(monkeypatch, PROVIDER, "https://reports.hanoi.example/oauth2callback")
    assert (ask(peer=THERE).header("set-cookie") or "").endswith("; Secure")
    told(monkeypatch, PROXY)
    assert "Secure" in (ask(peer="10.0.0.5", x_forwarded_proto="https").header("set-cookie") or "")


def test_a_cookie_is_marked_once_and_our_headers_replace_others() -> None:
    before = [(b"Set-Cookie", b"a=1; secure; Path=/"), (b"X-Frame-Options", b"ALLOWALL"), (b"etag", b"1")]
    after = with_security(before, https=True)
    assert (b"Set-Cookie", b"a=1; secure; Path=/") in after
    assert [value for name, value in after if name.lower() == b"x-frame-options"] == [b"SAMEORIGIN"]
    assert (b"etag", b"1") in after


def test_the_policy_allows_no_other_host_and_no_script_of_a_page() -> None:
    policy = content_security_policy()
    assert "http" not in policy
    scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert "unsafe-inline" not in scripts
    assert "'unsafe-eval'" not in scripts
    assert "'sha256-" in scripts


def test_the_policy_allows_only_the_citys_own_map_style() -> None:
    policy = content_security_policy("https://maps.hanoi.example/style.json")
    assert policy.count("https://maps.hanoi.example") == 2
    assert content_security_policy("https://x.example; script-src *;/") == content_security_policy()
