"""Attacks in a proxy's name: a user counts only if the proxy proves that it named them."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from tests.access import PROOF
from ui.access import proxy_proof
from ui.access.proxy_proof import Assertion, NotProven, Proof, Secret
from ui.base.settings import SettingsError

SECRET = PROOF["X-Proxy-Secret"]
BY_SECRET = Secret("x-remote-user", SECRET)
ISSUER, AUDIENCE = "https://cloud.google.com/iap", "/projects/1/global/backendServices/2"
NOW = 1_795_000_000
LEADER = "Nguyễn Đức Thọ"
"""An account whose name has letters beyond ASCII."""
KEYS: dict[str, Any] = {
    "ES256": ECKey.generate_key("P-256", parameters={"kid": "e"}),
    "RS256": RSAKey.generate_key(2048, parameters={"kid": "r"}),
    "HS256": OctKey.generate_key(256, parameters={"kid": "h"}),
}
FOREIGN: dict[str, Any] = {
    "ES256": ECKey.generate_key("P-256", parameters={"kid": "e"}),
    "RS256": RSAKey.generate_key(2048, parameters={"kid": "r"}),
    "HS256": OctKey.generate_key(256, parameters={"kid": "h"}),
}

Headers = list[tuple[bytes, bytes]]


def sent(**headers: str | bytes) -> Headers:
    """Return headers as sent over the wire; underscores become hyphens."""
    return [
        (name.replace("_", "-").encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in headers.items()
    ]


def test_a_name_counts_with_the_secret() -> None:
    assert proxy_proof.named(BY_SECRET, sent(x_remote_user="an", x_proxy_secret=SECRET)) == "an"
    assert proxy_proof.named(BY_SECRET, sent(x_proxy_secret=SECRET)) is None
    assert proxy_proof.named(BY_SECRET, sent(x_remote_user="", x_proxy_secret=SECRET)) is None


NAME = (b"x-remote-user", b"leader")
PROVEN = (b"x-proxy-secret", SECRET.encode())


@pytest.mark.parametrize(
    "headers",
    [
        [NAME],
        [NAME, (b"x-proxy-secret", b"")],
        [NAME, (b"x-proxy-secret", SECRET[:-1].encode())],
        [NAME, (b"x-proxy-secret", SECRET.upper().encode())],
        [NAME, (b"x-proxy-secret", b"\xff\xfe")],
        [NAME, (b"x_proxy_secret", SECRET.encode())],
        [NAME, NAME, PROVEN],
        [NAME, (b"x-remote-user", b"head"), PROVEN],
        [NAME, (b"X-Remote-User", b"head"), PROVEN],
        [NAME, PROVEN, PROVEN],
        [NAME, PROVEN, (b"x-proxy-secret", b"guess")],
        [(b"x-remote-user", b"Nguy\xe9n"), PROVEN],  # Latin-1: not recognisable as such
        [(b"x-remote-user", b"lead\x00er"), PROVEN],
        [(b"x-remote-user", "lead\u202eer".encode()), PROVEN],
        [(b"x-remote-user", b"UTF-8''lead%0Aer"), PROVEN],
        [(b"x-remote-user", b"UTF-8''%ff"), PROVEN],
    ],
    ids=str,
)
def test_no_name_counts_without_it_or_twice_or_unreadable(headers: Headers) -> None:
    with pytest.raises(NotProven):
        proxy_proof.named(BY_SECRET, headers)


@pytest.mark.parametrize(
    ("said", "encoding", "subject"),
    [
        (LEADER.encode(), "utf-8", LEADER),
        (LEADER.encode(), "percent", LEADER),
        ("Nguyê\u0303n Đư\u0301c Tho\u0323".encode(), "utf-8", LEADER),  # decomposed
        (b"UTF-8''" + quote(LEADER).encode(), "utf-8", LEADER),
        (b"utf-8'vi'" + quote(LEADER).encode(), "percent", LEADER),
        (quote(LEADER).encode(), "percent", LEADER),
        (quote(LEADER).encode(), "utf-8", quote(LEADER)),  # a percent sign is literal unless the settings say otherwise
        (b"  an@hanoi.example ", "utf-8", "an@hanoi.example"),
        (b"head,leader", "utf-8", "head,leader"),
    ],
)
def test_a_name_of_any_script_is_read_as_documented(said: bytes, encoding: Any, subject: str) -> None:
    proof = Secret("x-remote-user", SECRET, encoding=encoding)
    assert proxy_proof.named(proof, sent(x_remote_user=said, x_proxy_secret=SECRET)) == subject


def keys_file(folder: Path, algorithm: str) -> Path:
    file = folder / f"{algorithm}.json"
    key = KEYS[algorithm]
    public = key.as_dict(private=algorithm == "HS256")
    file.write_text(json.dumps({"keys": [public | {"kid": key.kid}]}))
    return file


@pytest.fixture(params=["ES256", "RS256", "HS256"])
def by_assertion(request: pytest.FixtureRequest, tmp_path: Path) -> Assertion:
    file = keys_file(tmp_path, request.param)
    return Assertion("x-goog-iap-jwt-assertion", (request.param,), file, ISSUER, AUDIENCE)


def assertion(algorithm: str, key: Any = None, header: dict[str, Any] | None = None, **said: Any) -> str:
    """Return a claim set as the proxy signs it, with changes; None removes a claim."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": NOW - 9, "exp": NOW + 300, "email": "leader", "sub": "7"} | said
    key = key or KEYS[algorithm]
    kept = {word: value for word, value in claims.items() if value is not None}
    return str(jwt.encode({"alg": algorithm, "kid": key.kid} | (header or {}), kept, key, algorithms=[algorithm]))


def names(proof: Proof, word: str) -> str | None:
    return proxy_proof.named(proof, sent(x_goog_iap_jwt_assertion=word), NOW)


def test_a_signed_assertion_names_a_user(by_assertion: Assertion) -> None:
    (algorithm,) = by_assertion.algorithms
    assert names(by_assertion, assertion(algorithm)) == "leader"
    assert names(by_assertion, assertion(algorithm, email=LEADER)) == LEADER
    assert names(by_assertion, assertion(algorithm, aud=["another", AUDIENCE])) == "leader"
    assert names(by_assertion, "Bearer " + assertion(algorithm)) == "leader"
    assert names(by_assertion, assertion(algorithm, exp=NOW - 29)) == "leader", "clocks may differ by half a minute"
    assert proxy_proof.named(by_assertion, [], NOW) is None
    assert proxy_proof.named(by_assertion, sent(x_remote_user="leader"), NOW) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"exp": NOW - 31},
        {"exp": None},
        {"exp": "later"},
        {"nbf": NOW + 60},
        {"iat": NOW + 60},
        {"email": None},
        {"email": ""},
        {"email": ["leader"]},
        {"email": "lead\ner"},
        {"email_verified": False},
    ],
    ids=str,
)
def test_an_assertion_for_others_or_another_time_names_nobody(by_assertion: Assertion, wrong: dict[str, Any]) -> None:
    (algorithm,) = by_assertion.algorithms
    if wrong == {"email": ""}:
        assert names(by_assertion, assertion(algorithm, **wrong)) is None
        return
    with pytest.raises(NotProven):
        names(by_assertion, assertion(algorithm, **wrong))


def base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(word: str) -> str:
    """Return an assertion without a signature that claims to need none."""
    return ".".join([base64(b'{"alg":"none"}'), word.split(".")[1], ""])


def test_an_assertion_signed_by_another_names_nobody(by_assertion: Assertion) -> None:
    (algorithm,) = by_assertion.algorithms
    good = assertion(algorithm)
    head, claims, signature = good.split(".")
    others = [name for name in KEYS if name != algorithm]
    forged = [
        assertion(algorithm, FOREIGN[algorithm]),
        unsigned(good),
        f"{head}.{claims}.",
        f"{head}.{assertion(algorithm, email='admin').split('.')[1]}.{signature}",
        assertion(algorithm, header={"kid": "unknown"}),
        *(assertion(other, header={"kid": KEYS[algorithm].kid}) for other in others),
        good[:-4],
        good + ".x",
        "not a word at all",
        "\u202e",
    ]
    for word in forged:
        with pytest.raises(NotProven):
            names(by_assertion, word)
    with pytest.raises(NotProven):
        proxy_proof.named(by_assertion, sent(x_goog_iap_jwt_assertion=good) * 2, NOW)


@pytest.mark.parametrize("kind", ["RS256", "ES256"])
def test_a_public_key_is_no_secret_to_sign_with(tmp_path: Path, kind: str) -> None:
    """A public key, which anybody may read, is not accepted as HS256's secret."""
    file = tmp_path / "key.pem"
    file.write_bytes(KEYS[kind].as_pem(private=False))
    proof = Assertion("x-goog-iap-jwt-assertion", (kind,), file, ISSUER, AUDIENCE)
    said = ".".join([base64(b'{"alg":"HS256"}'), assertion(kind).split(".")[1]])
    for key in (file.read_bytes(), file.read_bytes().strip()):
        signature = hmac.new(key, said.encode(), hashlib.sha256).digest()
        with pytest.raises(NotProven):
            names(proof, f"{said}.{base64(signature)}")


def test_keys_that_change_are_read_again(tmp_path: Path) -> None:
    file = keys_file(tmp_path, "ES256")
    proof = Assertion("x-goog-iap-jwt-assertion", ("ES256",), file, ISSUER, AUDIENCE)
    assert names(proof, assertion("ES256")) == "leader"
    file.write_text(json.dumps(KeySet([FOREIGN["ES256"]]).as_dict(private=False)))
    with pytest.raises(NotProven):
        names(proof, assertion("ES256"))
    file.unlink()
    with pytest.raises(NotProven):
        names(proof, assertion("ES256", FOREIGN["ES256"]))


def test_what_a_visitor_sends_in_our_own_header_is_removed() -> None:
    for trusted in (True, False):
        scope = {"headers": sent(x_report_subject="leader", x_report_proven_at=str(int(time.time())))}
        assert proxy_proof.prove(BY_SECRET, scope, trusted=trusted) == ""
        assert scope["headers"] == []
    said = sent(accept="*/*", x_report_subject="leader", x_remote_user=LEADER, x_proxy_secret=SECRET)
    scope = {"headers": said}
    assert proxy_proof.prove(BY_SECRET, scope, trusted=False) == ""
    assert scope["headers"] == sent(accept="*/*")
    scope = {"headers": said}
    assert proxy_proof.prove(BY_SECRET, scope, trusted=True) == ""
    heard = {name.decode(): value.decode() for name, value in scope["headers"]}
    assert heard.keys() == {"accept", "x-report-subject", "x-report-proven-at"}, "no page sees the secret"
    assert proxy_proof.subject_in(heard, within_hours=1) == LEADER
    heard["x-report-proven-at"] = str(int(time.time()) - 3601)
    assert proxy_proof.subject_in(heard, within_hours=1) is None, "a session ends with its proof"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "has to prove itself"),
        ({"header": "X-Remote-User"}, "has to prove itself"),
        ({"secret": SECRET}, "has to prove itself"),
        ({"header": "X-Remote-User", "secret": "short"}, "32 characters"),
        ({"header": "X-Remote-User", "secret": 7}, "secret must be non-empty text"),
        ({"header": "X-Proxy-Secret", "secret": SECRET}, "must be different headers"),
        ({"header": "X-Report-Subject", "secret": SECRET}, "cannot be the proxy's header"),
        ({"header": "X-Remote-User", "secret": SECRET, "encoding": "latin-1"}, "encoding must be"),
        ({"header": "X-Remote-User", "secret": SECRET, "issuer": ISSUER}, "not both"),
        ({"assertion": "X-Jwt"}, "algorithms, audience, issuer, keys too"),
        ({"algorithms": ["none"]}, "algorithms must be a list of"),
        ({"algorithms": []}, "algorithms must be a list of"),
        ({"algorithms": "ES256"}, "algorithms must be a list of"),
        ({"algorithms": ["HS256", "ES256"]}, "cannot be mixed"),
        ({"algorithms": ["RS256"]}, "do not fit the algorithms RS256"),
        ({"keys": "/nowhere/keys.json"}, "cannot be read"),
        ({"audience": ""}, "audience must be non-empty text"),
        ({"claim": "name"}, "claim must be one of"),
    ],
)
def test_a_proxy_without_proof_does_not_start(tmp_path: Path, said: dict[str, Any], words: str) -> None:
    if not said.keys() & {"header", "secret", "assertion"} and said:
        keys = str(keys_file(tmp_path, "ES256"))
        said = {
            "assertion": "X-Jwt",
            "algorithms": ["ES256"],
            "keys": keys,
            "issuer": ISSUER,
            "audience": AUDIENCE,
        } | said
    with pytest.raises(SettingsError, match=words):
        proxy_proof.read(said)


@pytest.mark.parametrize("text", ["", "{}", '{"keys": []}', "-----BEGIN PUBLIC KEY-----", "a secret, short"])
def test_a_file_without_a_key_is_reported(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    for algorithm in ("ES256", "HS256"):
        said = {"assertion": "X", "algorithms": [algorithm], "keys": str(file), "issuer": ISSUER, "audience": AUDIENCE}
        with pytest.raises(SettingsError, match="key"):
            proxy_proof.read(said)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_single_key_in_pem_is_accepted(tmp_path: Path, algorithm: str) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(KEYS[algorithm].as_pem(private=False))
    proof = Assertion("x-goog-iap-jwt-assertion", (algorithm,), file, ISSUER, AUDIENCE)
    assert names(proof, assertion(algorithm)) == "leader"
