"""The viewer's language: the address's, else the account's, else the browser's, else the city's."""

from collections.abc import Sequence

import streamlit as st
from starlette.requests import HTTPConnection

from queries.access.accounts import Account
from queries.figures.figures import City
from ui.access import accounts
from ui.base import i18n
from ui.base.i18n import LANGUAGES, Language
from ui.live import watch


def begin() -> None:
    """Set the language of this run, and keep the viewer's choice of languages in the session."""
    city = watch.watcher().pulse.city
    viewer = accounts.asker()()
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    own = viewer.language if isinstance(viewer, Account) else None
    i18n.offer(ordered(city, own, headers.get("accept-language", "")), city.country if city else "VN")


def of_request(request: HTTPConnection, viewer: Account, city: City | None) -> Language:
    """Return the language for the answer to a request: a file, or map data."""
    found = ordered(city, viewer.language, request.headers.get("accept-language", ""))
    said = request.query_params.get("lang")
    return next((code for code in found if code == said), found[0])


def of_screen(said: str, city: City | None) -> Language:
    """Return a wall screen's language: from its settings if not empty, else the city's."""
    found = offered_by(city)
    return next((code for code in LANGUAGES if code == said), found[0])


def ordered(city: City | None, own: str | None, accepted: str) -> tuple[Language, ...]:
    """Return the city's languages, the viewer's default first.

    `own` is the account's language, `accepted` the browser's header Accept-Language.
    """
    found = offered_by(city)
    wanted = [code for code in (own, *preferred(accepted)) if code in found]
    first = next((code for code in found if wanted and code == wanted[0]), found[0])
    return (first, *(code for code in found if code != first))


def offered_by(city: City | None) -> tuple[Language, ...]:
    """Return the languages of a city that we support, its own first; all of ours if the city is unknown."""
    named: Sequence[str] = city.languages if city else ()
    return tuple(code for said in named for code in LANGUAGES if code == said) or LANGUAGES


def preferred(accepted: str) -> list[str]:
    """Return the languages of an Accept-Language header by preference, without countries.

    Ignores "*", q=0 and unreadable parts.
    """
    liked: dict[str, float] = {}
    for part in accepted.split(",")[:50]:
        tag, *settings = (piece.strip().lower() for piece in part.split(";"))
        quality = next((piece[2:] for piece in settings if piece.startswith("q=")), "1")
        try:
            weight = float(quality)
        except ValueError:
            continue
        code = tag.partition("-")[0]
        if code.isalpha() and 0 < weight <= 1:
            liked[code] = max(weight, liked.get(code, 0))
    return sorted(liked, key=lambda code: -liked[code])
