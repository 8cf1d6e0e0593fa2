"""Who the viewer is: anonymous, a user of an identity provider, or a user that a reverse proxy names.

`.streamlit/secrets.toml` decides (docs/access.md). Without it nobody signs in (ui/access/door.py).
"""

import ipaddress
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import streamlit as st

from ui.access import proxy_proof
from ui.base.settings import SettingsError
from ui.base.streamlit_internals import StreamlitSecretNotFoundError, signed_in_user, tie_sessions_to

OPEN_VARIABLE = "REPORT_OPEN"
"""Set to yes, the dashboard answers the network without sign-in, like the argument --open."""
_USUAL_HOURS = 10.0
_KNOWN = {"claim", "hours", "proxies", *proxy_proof.WORDS}


@dataclass(frozen=True)
class SignIn:
    """How viewers are identified.

    `claim` is the identity provider's claim that names an account; `hours` is how long a sign-in is accepted; `proof`
    is how the proxies at `proxies` (addresses or networks) prove the user.
    """

    way: Literal["nobody", "provider", "proxy"] = "nobody"
    claim: str = "email"
    hours: float = _USUAL_HOURS
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    proof: proxy_proof.Proof | None = None

    def trusts(self, address: str | None) -> bool:
        """Whether requests from an address may name the user."""
        try:
            known = ipaddress.ip_address(address or "")
        except ValueError:
            return False
        return any(known in network for network in self.proxies if network.version == known.version)


@lru_cache(maxsize=1)
def sign_in() -> SignIn:
    """Return how viewers are identified. Raises SettingsError."""
    try:
        said = {word: dict(st.secrets[word]) for word in ("auth", "access") if word in st.secrets}
    except StreamlitSecretNotFoundError:
        return SignIn()
    access = said.get("access", {})
    if unknown := set(access) - _KNOWN:
        raise SettingsError(f"secrets.toml, [access]: {', '.join(sorted(unknown))} is not known.")
    hours, claim = access.get("hours", _USUAL_HOURS), access.get("claim", proxy_proof.CLAIMS[0])
    if not isinstance(hours, int | float) or isinstance(hours, bool) or not 0 < hours <= 24 * 30:
        raise SettingsError("secrets.toml, [access]: hours must be a number above 0 and at most 720.")
    if set(access) - {"claim", "hours"}:
        return _by_proxy(access, float(hours), "auth" in said)
    if "auth" not in said:
        return SignIn()
    if missing := {"redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url"} - set(
        said["auth"]
    ):
        raise SettingsError(f"secrets.toml, [auth]: {', '.join(sorted(missing))} is missing.")
    if len(str(said["auth"]["cookie_secret"])) < 32:
        raise SettingsError("secrets.toml, [auth]: cookie_secret needs at least 32 characters, drawn at random.")
    if claim not in proxy_proof.CLAIMS:
        raise SettingsError(f"secrets.toml, [access]: claim must be one of {', '.join(proxy_proof.CLAIMS)}.")
    return SignIn("provider", claim=str(claim), hours=float(hours))


def _by_proxy(access: Mapping[str, Any], hours: float, with_provider: bool) -> SignIn:
    if with_provider:
        raise SettingsError("secrets.toml: use either [auth] or a proxy to identify viewers, not both.")
    try:
        networks = tuple(ipaddress.ip_network(str(one)) for one in access.get("proxies", ()))
    except ValueError as error:
        raise SettingsError(f"secrets.toml, [access]: proxies are addresses or networks; {error}.") from error
    if not networks:
        raise SettingsError("secrets.toml, [access]: proxies are missing: the addresses or networks of the proxies.")
    return SignIn("proxy", hours=hours, proxies=networks, proof=proxy_proof.read(access))


def tie_sessions() -> None:
    """Have Streamlit bind each session to the user the proxy named at its start: no other user can resume it."""
    if sign_in().way == "proxy":
        tie_sessions_to({proxy_proof.SUBJECT: "subject"})


def open_in_words() -> bool:
    """Whether the operator has allowed the network to look without sign-in."""
    return "--open" in sys.argv[1:] or os.environ.get(OPEN_VARIABLE) == "yes"


def subject_of_request(headers: Mapping[str, str], cookies: Mapping[str, str]) -> str | None:
    """Return the user who requests a route, as the identity provider or the proxy names them; None if unproven.

    `headers` come from the gate (ui/access/proxy_proof.py) and are read case-insensitively.
    """
    settings = sign_in()
    if settings.way == "proxy":
        return proxy_proof.subject_in(headers, within_hours=settings.hours)
    cookie = signed_in_user(cookies)
    if cookie is None:
        return None
    return subject_of_claims(json.loads(cookie))


def subject_of_claims(claims: Mapping[str, Any], now: datetime | None = None) -> str | None:
    """Return the user in an identity provider's claims; None if they are too old or the e-mail is unverified."""
    settings = sign_in()
    if not claims.get("is_logged_in") or (settings.claim == "email" and claims.get("email_verified") is False):
        return None
    said_at = claims.get("iat")
    if not isinstance(said_at, int | float):
        return None
    age = (now or datetime.now(UTC)) - datetime.fromtimestamp(said_at, UTC)
    if age > timedelta(hours=settings.hours):
        return None
    return str(claims.get(settings.claim) or "") or None
