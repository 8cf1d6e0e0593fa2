"""The wall screens: their settings, who may open one, and when each was last seen.

`screens.toml` defines them (docs/wall.md). It is read again when it changes: a token that was removed opens nothing any
more, even on a screen that is already open. An unreadable file opens nothing.
"""

import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from queries.engine.filters import SEVERITIES
from safe_text import log_text
from ui.address import moments
from ui.address.url_filters import SEVERITY
from ui.base.i18n import LANGUAGES
from ui.base.settings_files import BrokenSettings, read_toml

SCREENS_VARIABLE = "REPORT_SCREENS"
"""The file that defines the screens; if unset, screens.toml beside dashboard.py."""
SCENES = ("figures", "map", "overdue", "backlog", "newest", "satisfaction")
LEVELS = ("district", "ward")
THEMES = ("dark", "light", "auto")
AUDIENCES = ("leadership", "public")
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "level": LEVELS,
    "language": LANGUAGES,
    "theme": THEMES,
    "scenes": SCENES,
    "severities": SEVERITIES,
    "audience": AUDIENCES,
}

_LOG = logging.getLogger(__name__)
_USUAL = Path(__file__).parents[2] / "screens.toml"
_SECONDS = (5, 3600)
_ANY_ZONE = ZoneInfo("UTC")  # whether a moment is readable does not depend on the zone
_ZOOM = (0.8, 1)
_NOBODY = "0" * 64  # no token has this hash


class NotAScreen(Exception):
    """screens.toml has an invalid value; the message says what and where."""


@dataclass(frozen=True)
class WallScreen:
    """The settings of one screen.

    `seconds` a scene; `districts` are codes, empty means the whole city; `severities` are some of
    queries.filters.SEVERITIES, empty means all; `language` empty means the city's own; `at` is a past moment, empty
    means now; `audience` is who sees the screen: "public" gets published counts (queries.small_numbers) and no single
    case; `zoom` makes everything smaller, for a near screen or one that cuts off its edges; `shift` moves the picture
    by a few pixels every minute against burn-in.
    """

    name: str = ""
    token_sha256: str = ""
    scenes: tuple[str, ...] = SCENES
    seconds: int = 20
    districts: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    level: str = "district"
    language: str = ""
    theme: str = "dark"
    at: str = ""
    audience: str = "leadership"
    zoom: float = 1.0
    shift: bool = True

    @property
    def query(self) -> dict[str, list[str]]:
        """The same choices as a page's address has them."""
        said = {
            "district": list(self.districts),
            SEVERITY: list(self.severities),
            "lang": [self.language] if self.language else [],
            "at": [self.at] if self.at else [],
        }
        return {word: values for word, values in said.items() if values}


_seen: dict[str, datetime] = {}


def opened(name: str, token: str, *, known_viewer: bool) -> WallScreen | None:
    """Return the screen with this name and token; None otherwise.

    Without a file of screens, a `known_viewer` (signed in, or at the demonstration city's machine) opens the default
    one without name and token.
    """
    try:
        known = screens()
    except NotAScreen as wrong:
        _complain(str(wrong))
        return None
    if known is None:
        return WallScreen() if known_viewer else None
    found = known.get(name)
    # An unknown name takes as long as a wrong token and gets the same answer.
    fits = hmac.compare_digest(hashed(token), found.token_sha256 if found else _NOBODY)
    return found if fits else None


def hashed(token: str) -> str:
    """Return a token's hash as screens.toml keeps it: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def new_token() -> str:
    """Return a new token, too long to be guessed (256 bits)."""
    return secrets.token_urlsafe(32)


def alive(name: str) -> None:
    """Note a heartbeat of a screen."""
    _seen[name] = datetime.now(UTC)


def last_seen() -> dict[str, datetime | None]:
    """Return when this process last heard each screen, by name (in UTC; None: not since it started)."""
    try:
        known = screens() or {}
    except NotAScreen:
        known = {}
    return {name: _seen.get(name) for name in sorted({*known, *_seen})}


def screens() -> Mapping[str, WallScreen] | None:
    """Return the screens of screens.toml by name; None if there is no such file. Raises NotAScreen."""
    file = Path(os.environ.get(SCREENS_VARIABLE) or _USUAL)
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        if SCREENS_VARIABLE in os.environ:
            raise NotAScreen(f"{file} does not exist.") from None
        return None
    except OSError as error:
        raise NotAScreen(str(error)) from error


@lru_cache(maxsize=8)
def _complain(wrong: str) -> None:
    """Log an error once: screens ask every few seconds."""
    _LOG.error("No screen is opened: %s", log_text(wrong))


@lru_cache(maxsize=2)
def _read(file: Path, _changed: int) -> Mapping[str, WallScreen]:
    try:
        listed = read_toml(file).get("screen", [])
    except BrokenSettings as error:
        raise NotAScreen(str(error)) from error
    if not isinstance(listed, list):
        raise NotAScreen(f"{file}: a screen must begin with [[screen]]")
    found: dict[str, WallScreen] = {}
    for number, said in enumerate(listed, 1):
        try:
            screen = _screen(said)
        except (TypeError, ValueError) as error:
            raise NotAScreen(f"{file}, screen {number}: {error}") from error
        if screen.name in found:
            raise NotAScreen(f"{file}, screen {number}: the name {screen.name} is used twice")
        found[screen.name] = screen
    return found


def _can_be_read(moment: str) -> bool:
    """Whether a moment can be read in some city: its country decides the order of day and month."""
    for country in ("VN", "US"):
        with suppress(ValueError):
            return bool(moments.read(moment, zone=_ANY_ZONE, country=country))
    return False


def _screen(said: Mapping[str, Any]) -> WallScreen:
    """Return a screen from its settings. Raises ValueError, TypeError for invalid ones."""
    default = {field.name: field.default for field in fields(WallScreen)}
    if unknown := set(said) - set(default):
        raise ValueError(f"{', '.join(sorted(unknown))} is not known")
    for word, value in said.items():
        like = default[word]
        if not isinstance(value, list if isinstance(like, tuple) else (int, float) if word == "zoom" else type(like)):
            raise TypeError(f"{word} has the wrong form")
        if isinstance(value, list) and not all(isinstance(one, str) for one in value):
            raise TypeError(f"{word} must be a list of words")
    read: dict[str, Any] = {word: tuple(value) if isinstance(value, list) else value for word, value in said.items()}
    screen = WallScreen(**read)
    if not screen.name:
        raise ValueError("name is missing")
    if len(screen.token_sha256) != 64 or not set(screen.token_sha256) <= set("0123456789abcdef"):
        raise ValueError("token_sha256 must be 64 hexadecimal digits (python -m ui.wall.new_token makes them)")
    for word, allowed in _ALLOWED.items():
        value = getattr(screen, word)
        if word in said and not set(value if isinstance(value, tuple) else [value]) <= set(allowed):
            raise ValueError(f"{word}: known are {', '.join(allowed)}")
    if not screen.scenes:
        raise ValueError("scenes are missing")
    for word, (least, most) in (("seconds", _SECONDS), ("zoom", _ZOOM)):
        if not least <= getattr(screen, word) <= most:
            raise ValueError(f"{word} must be between {least} and {most}")
    if screen.at and not _can_be_read(screen.at):
        raise ValueError("at must be a moment, such as 2026-11-20T08:00")
    return screen
