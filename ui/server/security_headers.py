"""The security headers of every answer, and cookies that are sent over https only.

The policy was made with a browser's console open on every page (tests/browser/test_csp.py); SECURITY.md says what it
leaves open and why.
"""

import hashlib
import os
import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from streamlit import file_util

from ui.base.base_path import cookie_within
from ui.map.map_layers import STYLE_VARIABLE

_A_YEAR = 365 * 24 * 60 * 60  # seconds
_FEATURES = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")

RawHeaders = list[tuple[bytes, bytes]]


@cache
def content_security_policy(map_style: str | None = None) -> str:
    """Return the policy: this server only, plus the host of the city's own map style, if there is one.

    `connect-src 'self'` covers the WebSocket (Content Security Policy Level 3, "scheme-part matches").
    """
    style = urlsplit(map_style or "")
    maps = f" {style.scheme}://{style.netloc}" if style.netloc and re.fullmatch(r"[\w.:\[\]-]+", style.netloc) else ""
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' blob: 'wasm-unsafe-eval' {' '.join(_inline_scripts())}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob:{maps}",
        "font-src": "'self' data:",
        "connect-src": f"'self'{maps}",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def _inline_scripts() -> list[str]:
    """Return the hashes of the inline scripts in Streamlit's own page, so that only those may run."""
    page = Path(file_util.get_static_dir(), "index.html").read_text()
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts]


@cache
def _headers(https: bool, map_style: str | None) -> RawHeaders:
    said = {
        "Content-Security-Policy": content_security_policy(map_style),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if https:
        said["Strict-Transport-Security"] = f"max-age={_A_YEAR}"
    return [(name.lower().encode(), value.encode()) for name, value in said.items()]


def with_security(headers: Iterable[tuple[bytes, bytes]], *, https: bool) -> RawHeaders:
    """Return an answer's headers with ours replacing any of the same name, cookies limited to the base path, and over
    https marked `Secure`.

    Streamlit marks its cookies so only if it terminates TLS itself, not behind a proxy.
    """
    ours = _headers(https, os.environ.get(STYLE_VARIABLE))
    names = {name for name, _value in ours}
    kept = [(name, value) for name, value in headers if name.lower() not in names]
    return [(name, _kept(value, https) if name.lower() == b"set-cookie" else value) for name, value in kept] + ours


def _kept(cookie: bytes, https: bool) -> bytes:
    cookie = cookie_within(cookie)
    return _secure(cookie) if https else cookie


def _secure(cookie: bytes) -> bytes:
    attributes = [attribute.strip().lower() for attribute in cookie.split(b";")[1:]]
    return cookie if b"secure" in attributes else cookie + b"; Secure"
