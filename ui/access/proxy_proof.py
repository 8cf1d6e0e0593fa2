"""How a reverse proxy proves that it is the city's own, and which user it names.

An address proves little: other programs on the proxy's machine share it. So a name counts only with a secret that the
proxy sends, or inside an assertion (a JWT) that it signed. The gate checks this once a request and passes the proven
name on in our own header, which visitors cannot set.
"""

import hmac
import json
import re
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote, unquote, unquote_to_bytes

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OctKey, RSAKey
from starlette.types import Scope

from ui.base.settings import SettingsError

SUBJECT: Final = "x-report-subject"
"""The header in which the gate passes on the proven user, percent-encoded; a visitor's own is removed."""
PROVEN_AT: Final = "x-report-proven-at"
"""The header with the time of that proof, in seconds since 1970."""
CLAIMS: Final = ("email", "sub", "preferred_username", "upn")
"""The claims that may name an account."""

_OURS: Final = (SUBJECT.encode(), PROVEN_AT.encode())
_ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC", "HS256": "oct"}
_SHORTEST: Final = 32
_LEEWAY: Final = 30  # seconds that two clocks may differ
WORDS: Final = {
    "header",
    "secret",
    "secret_header",
    "encoding",
    "assertion",
    "algorithms",
    "keys",
    "issuer",
    "audience",
}
_EXTENDED: Final = re.compile(rb"utf-8'[^']*'([A-Za-z0-9!#$&+.^_`|~%-]*)", re.IGNORECASE)  # RFC 8187, ext-value
_NEEDS: Final = (
    "secrets.toml, [access]: a proxy has to prove itself. Set header and secret (32 characters or more, which the "
    "proxy sends in X-Proxy-Secret with every request), or assertion, algorithms, keys, issuer and audience (a signed "
    "JWT)."
)


class NotProven(Exception):
    """A request names a user without the proxy's proof; the message says why, for the access log."""


@dataclass(frozen=True)
class Secret:
    """The proxy names the user in `header` and sends `secret` in `secret_header`."""

    header: str
    secret: str
    secret_header: str = "x-proxy-secret"  # noqa: S105  # a header's name
    encoding: Literal["utf-8", "percent"] = "utf-8"


@dataclass(frozen=True)
class Assertion:
    """The proxy signs the user's name: a JWT in `header`, whose `claim` names the account."""

    header: str
    algorithms: tuple[str, ...]
    keys: Path
    issuer: str
    audience: str
    claim: str = "email"


Proof = Secret | Assertion


def read(access: Mapping[str, Any]) -> Proof:
    """Return the proof that [access] of secrets.toml requires. Raises SettingsError."""
    said = {word: access[word] for word in WORDS if word in access}
    wrong = [word for word, value in said.items() if word != "algorithms" and not (isinstance(value, str) and value)]
    if wrong:
        raise SettingsError(f"secrets.toml, [access]: {', '.join(sorted(wrong))} must be non-empty text.")
    by_assertion = bool(said.keys() & {"assertion", "algorithms", "keys", "issuer", "audience"})
    if by_assertion and said.keys() & {"header", "secret", "secret_header", "encoding"}:
        raise SettingsError("secrets.toml, [access]: a proxy proves itself by a secret or by an assertion, not both.")
    proof = _assertion(access) if by_assertion else _secret(said)
    if proof.header in {SUBJECT, PROVEN_AT, "cookie", "host"}:
        raise SettingsError(f"secrets.toml, [access]: {proof.header} cannot be the proxy's header.")
    return proof


def _secret(said: Mapping[str, str]) -> Secret:
    if not {"header", "secret"} <= said.keys():
        raise SettingsError(_NEEDS)
    if len(said["secret"]) < _SHORTEST:
        raise SettingsError(f"secrets.toml, [access]: secret needs at least {_SHORTEST} characters, drawn at random.")
    header, secret_header = said["header"].lower(), said.get("secret_header", "X-Proxy-Secret").lower()
    if header == secret_header:
        raise SettingsError("secrets.toml, [access]: header and secret_header must be different headers.")
    match said.get("encoding", "utf-8"):
        case "utf-8":
            return Secret(header, said["secret"], secret_header)
        case "percent":
            return Secret(header, said["secret"], secret_header, "percent")
    raise SettingsError('secrets.toml, [access]: encoding must be "utf-8" or "percent".')


def _assertion(access: Mapping[str, Any]) -> Assertion:
    if missing := {"assertion", "algorithms", "keys", "issuer", "audience"} - access.keys():
        raise SettingsError(f"secrets.toml, [access]: an assertion needs {', '.join(sorted(missing))} too. {_NEEDS}")
    algorithms = access["algorithms"]
    if not isinstance(algorithms, list) or not algorithms or not set(map(str, algorithms)) <= _ALGORITHMS.keys():
        raise SettingsError(f"secrets.toml, [access]: algorithms must be a list of {', '.join(_ALGORITHMS)}.")
    if "HS256" in algorithms and len(set(algorithms)) > 1:
        raise SettingsError(
            "secrets.toml, [access]: HS256 cannot be mixed with others: its key is secret, theirs are public."
        )
    claim = access.get("claim", CLAIMS[0])
    if claim not in CLAIMS:
        raise SettingsError(f"secrets.toml, [access]: claim must be one of {', '.join(CLAIMS)}.")
    proof = Assertion(
        header=str(access["assertion"]).lower(),
        algorithms=tuple(map(str, algorithms)),
        keys=Path(str(access["keys"])),
        issuer=str(access["issuer"]),
        audience=str(access["audience"]),
        claim=str(claim),
    )
    try:
        _keys(proof)
    except OSError as error:
        raise SettingsError(f"secrets.toml, [access]: keys cannot be read: {error}.") from error
    return proof


def _keys(proof: Assertion) -> KeySet | Key:
    """Return the keys of the file, read again when it changes. Raises OSError, SettingsError."""
    return _read_keys(proof.keys, proof.keys.stat().st_mtime_ns, proof.algorithms)


@lru_cache(maxsize=2)
def _read_keys(file: Path, _changed: int, algorithms: tuple[str, ...]) -> KeySet | Key:
    raw = file.read_bytes()
    kinds = {_ALGORITHMS[algorithm] for algorithm in algorithms}
    found: KeySet | Key  # a single key is used whatever key id an assertion has
    try:
        if raw.lstrip()[:1] == b"{":
            said = json.loads(raw)
            found = KeySet.import_key_set(said if "keys" in said else {"keys": [said]})
        elif kinds == {"oct"}:
            if len(raw.strip()) < _SHORTEST:
                raise ValueError(f"an HS256 key needs at least {_SHORTEST} characters")
            found = OctKey.import_key(raw.strip())
        else:
            found = RSAKey.import_key(raw) if kinds == {"RSA"} else ECKey.import_key(raw)
    except (ValueError, TypeError, KeyError, JoseError) as error:
        raise SettingsError(f"{file}: not a set of keys (JWKS) or one key in PEM: {error}") from error
    keys = found.keys if isinstance(found, KeySet) else [found]
    if unrecognised := {key.key_type for key in keys} - kinds:
        raise SettingsError(
            f"{file}: keys of type {', '.join(sorted(unrecognised))} do not fit the algorithms {', '.join(algorithms)}."
        )
    if not keys:
        raise SettingsError(f"{file}: it contains no key.")
    return found


def prove(proof: Proof, scope: Scope, *, trusted: bool) -> str:
    """Replace all headers that could name a user by the proven name.

    A request from an address that is not `trusted` names no user. Returns why a name that was sent is not proven, for
    the access log; empty if it is proven or no name was sent.
    """
    why, subject = "", None
    if trusted:
        try:
            subject = named(proof, scope["headers"])
        except NotProven as error:
            why = str(error)
    spoken = {*_OURS, proof.header.encode()} | ({proof.secret_header.encode()} if isinstance(proof, Secret) else set())
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in spoken]  # pages see no secret
    if subject is not None:
        kept += [(_OURS[0], quote(subject, safe="").encode()), (_OURS[1], str(int(time.time())).encode())]
    scope["headers"] = kept
    return why


def subject_in(headers: Mapping[str, str], *, within_hours: float) -> str | None:
    """Return the user that the gate proved for this request or at the session's start; None: none, or too long ago."""
    said, at = headers.get(SUBJECT), headers.get(PROVEN_AT, "")
    if not said or not at.isdecimal() or time.time() - int(at) > within_hours * 3600:
        return None
    return unquote(said)


def named(proof: Proof, headers: list[tuple[bytes, bytes]], now: int | None = None) -> str | None:
    """Return the user that these headers name and prove; None if they name none. Raises NotProven.

    `now` is in seconds since 1970; None: the current time.
    """
    said = _one(headers, proof.header)
    if isinstance(proof, Secret):
        secret = _one(headers, proof.secret_header)
        if not said:
            return None
        if not secret or not hmac.compare_digest(secret, proof.secret.encode()):
            raise NotProven("a name without the proxy's secret")
        return _cleaned(_decoded(said, proof.encoding))
    if not said:
        return None
    return _cleaned(_claimed(proof, said.removeprefix(b"Bearer "), now))


def _one(headers: list[tuple[bytes, bytes]], wanted: str) -> bytes | None:
    found = [value for name, value in headers if name.lower().decode("latin-1") == wanted]
    if len(found) > 1:
        raise NotProven("a header that occurs twice")
    return found[0].strip() if found else None


def _decoded(raw: bytes, encoding: str) -> str:
    """Return a name as RFC 8187 writes it, or in UTF-8; percent-decoded if the settings say so."""
    extended = _EXTENDED.fullmatch(raw)
    if extended:
        raw = unquote_to_bytes(extended[1])
    elif encoding == "percent":
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise NotProven("a name that is not in UTF-8") from error


def _cleaned(subject: str) -> str | None:
    """Return a name in NFC, as accounts are entered. Raises NotProven if it holds control characters."""
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for sign in subject):
        raise NotProven("a name with control characters")
    return unicodedata.normalize("NFC", subject.strip()) or None


def _claimed(proof: Assertion, said: bytes, now: int | None) -> str:
    try:
        claims = jwt.decode(said, _keys(proof), algorithms=list(proof.algorithms)).claims
        jwt.JWTClaimsRegistry(
            now=now,
            leeway=_LEEWAY,
            iss={"essential": True, "value": proof.issuer},
            aud={"essential": True, "value": proof.audience},
            exp={"essential": True},
        ).validate(claims)
    except (JoseError, ValueError, TypeError, OSError, SettingsError) as error:
        raise NotProven(f"an invalid assertion ({type(error).__name__})") from error
    subject = claims.get(proof.claim)
    if not isinstance(subject, str) or (proof.claim == "email" and claims.get("email_verified") is False):
        raise NotProven("an assertion that names nobody")
    return subject
