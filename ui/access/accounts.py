"""What the viewer may see: the account behind a session or a request, and the pages each role opens.

The database holds the line (reportdb/schema/baseline/18_access.sql); what is decided here only spares people doors that
would stay shut, and keeps strangers out of the counts.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from starlette.requests import HTTPConnection

from queries.access.accounts import Account, Role, note
from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.engine.scope import ADMINISTRATION, ALL_CASES
from safe_text import log_text
from ui.access import door, sign_in
from ui.access.origin import peer
from ui.base.base_path import without_base
from ui.base.html_panel import panel
from ui.base.i18n import _
from ui.live import watch
from ui.live.limits import Whose, of_account, of_address

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_NOTES = 60.0

HERE = Account("this machine", "", "admin", ADMINISTRATION)
"""Whoever opened the one-time address of a dashboard that asks nobody to sign in (ui/access/door.py)."""
VISITOR = Account("demo visitor", "", "leader", ALL_CASES)
"""Whoever sits at the machine of the demonstration city, without that address: every invented case, and no contact."""
ANYBODY = Account("anybody", "", "leader", ALL_CASES)
"""Whoever else reaches a dashboard that was opened in words: every case, and nobody's name or telephone."""

_EVERYBODY: tuple[Role, ...] = ("viewer", "unit_head", "leader", "admin")
_NOT_FOR_ALL: Mapping[str, tuple[Role, ...]] = {
    "cases": ("unit_head", "leader", "admin"),
    "report": ("unit_head", "leader", "admin"),
    "status": ("leader", "admin"),
    "access": ("admin",),
}
CONTACTS: tuple[Role, ...] = ("unit_head", "admin")
"""The roles that may see who sent a report in, on request."""


@dataclass(frozen=True)
class Stranger:
    """Somebody without an account: who has not signed in, or whom app_user does not know.

    `locked` is who has not opened the one-time address of a dashboard where nobody signs in.
    """

    subject: str | None
    kind: Literal["signed_out", "unknown", "waiting", "locked"]


def may(account: Account, page: str) -> bool:
    """Whether an account's role opens a page (by its path)."""
    return account.role in _NOT_FOR_ALL.get(page, _EVERYBODY)


def asker() -> Callable[[], Account | Stranger]:
    """Return what tells who is behind this session: now, and later, when their account or their time may be over."""
    settings = sign_in.sign_in()
    headers = {word.lower(): value for word, value in st.context.headers.items()}
    if settings.way == "nobody":
        holds = door.holds(dict(st.context.cookies))
        return lambda: _unsigned(holds)
    if settings.way == "provider":
        claims = dict(st.user.to_dict())
        return lambda: _known(sign_in.subject_of_claims(claims))
    return lambda: _known(sign_in.subject_of_request(headers, {}))


def of_request(request: HTTPConnection) -> Account | None:
    """Return who asks for a route; None for whoever has no account, which is noted."""
    if sign_in.sign_in().way == "nobody":
        found = _unsigned(door.holds(request.cookies))
    else:
        found = _known(sign_in.subject_of_request(request.headers, request.cookies))
    if isinstance(found, Account):
        return found
    if found.kind != "waiting":
        # What stands behind the first word is the asker's to invent.
        room = without_base(request.url.path).strip("/").partition("/")[0].partition(".")[0]
        refused(found.subject or f"address {peer(request)}", "sign-in refused", why=f"/{room}")
    return None


def _unsigned(holds: bool) -> Account | Stranger:
    """Return who looks where nobody signs in: by the one-time address, or by what is open without it."""
    if holds:
        return HERE
    if sign_in.open_in_words():
        return ANYBODY
    return VISITOR if watch.is_invented() else Stranger(None, "locked")


def _known(subject: str | None) -> Account | Stranger:
    if subject is None:
        return Stranger(None, "signed_out")
    known = watch.watcher().accounts
    if known is None:
        return Stranger(subject, "waiting")
    return known.get(subject) or Stranger(subject, "unknown")


def begin() -> Account | Stranger:
    """Return who this run of the page is drawn for, and keep them.

    What a session kept for one person is never shown to another.
    """
    found = asker()()
    before = st.session_state.get("account")
    if before is not None and before.subject != found.subject:
        for key in set(st.session_state) - {"viewer"}:
            del st.session_state[key]
    st.session_state["account"] = found
    if isinstance(found, Stranger) and found.kind == "unknown":
        refused_here("sign-in refused", "no account")
    return found


def account() -> Account:
    """Return whom this run of a page is drawn for."""
    found: Account = st.session_state["account"]
    return found


def is_still_valid() -> Callable[[], bool]:
    """Return what tells whether who looks has the account this run is drawn for: within seconds of a change."""
    now, before = asker(), st.session_state["account"]
    return lambda: now() == before


def draw_door(stranger: Stranger) -> None:
    """Draw what a stranger sees in the place of every page: the way in, or whom to ask."""
    provider = sign_in.sign_in().way == "provider"
    panel(
        "door",
        key="door",
        kind=stranger.kind,
        subject=stranger.subject,
        provider=provider,
    )
    if not provider:
        return
    if stranger.kind == "signed_out":
        st.button(_("Sign in"), key="sign_in", type="primary", on_click=st.login)
    else:
        st.button(_("Sign out"), key="sign_out", on_click=st.logout)


def way_out() -> None:
    """Draw the button that signs a viewer out, where an identity provider let them in."""
    if sign_in.sign_in().way == "provider":
        st.button(_("Sign out"), key="sign_out", type="tertiary", on_click=st.logout)


def not_for(page: str) -> None:
    """Say that a page is not for the viewer's role, and note that it was asked for."""
    refused_here("page refused", page)
    panel("not_for", key="not_for", role=role_name(account().role))


def role_name(role: Role) -> str:
    """Return a role in words."""
    return {
        "leader": _("city leadership"),
        "unit_head": _("head of a unit"),
        "viewer": _("official, figures only"),
        "admin": _("administrator"),
    }[role]


_noted: dict[tuple[str, str, int | None, str], float] = {}
_noting = threading.Lock()


def refused_here(what: str, why: str) -> None:
    """Write into the access log that this page was refused its viewer: once, and not whenever it is drawn anew."""
    told = (what, why)
    if st.session_state.get("refused") != told:
        st.session_state["refused"] = told
        refused(str(st.session_state["account"].subject), what, why=why)


def refused(who: str, what: str, *, report_id: int | None = None, why: str = "") -> None:
    """Write a refusal into the access log, the same one at most once a minute; into the server's log where it fails."""
    noted(who, what, report_id=report_id, why=why)


def noted(who: str, what: str, *, report_id: int | None = None, why: str = "") -> None:
    """Write a line into the access log, the same one at most once a minute; into the server's log where it fails."""
    key, now = (who, what, report_id, why), time.monotonic()
    with _noting:
        if now - _noted.get(key, -_SECONDS_BETWEEN_NOTES) < _SECONDS_BETWEEN_NOTES:
            return
        for old in [old for old, at in _noted.items() if now - at > _SECONDS_BETWEEN_NOTES]:
            del _noted[old]
        _noted[key] = now
    try:
        note(watch.watcher().reports, who, what, report_id=report_id, why=why)
    except (DatabaseAway, NotAReportDatabase):
        of = "" if report_id is None else f", report {report_id}"
        told = (who, f"{what}{of}", why)
        _LOG.warning("Not in the access log, which cannot be written now: %s, %s, %s", *map(log_text, told))


def whose(account: Account, address: str | None) -> Whose:
    """Return whose limits count for an account that asks from an address: the address's where nobody has signed in."""
    return of_address(address) if account in (HERE, ANYBODY) else of_account(account.subject)


def drawn_for() -> Whose:
    """Return whose limits count for this run of a page: an account's, else those of the address it is asked from."""
    found = asker()()
    address = st.context.ip_address
    return whose(found, address) if isinstance(found, Account) else of_address(address)
