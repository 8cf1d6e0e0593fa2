"""What the viewer may see: the account of a session or a request, and the pages each role may open.

The database enforces access (reportdb/schema/baseline/18_access.sql). The checks here spare people pages they could not
use, and keep strangers away from the counts.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping
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
"""The user of the one-time address of a dashboard without sign-in (ui/access/door.py)."""
VISITOR = Account("demo visitor", "", "leader", ALL_CASES)
"""A user on the demonstration city's machine without that address: every invented case, no contacts."""
ANYBODY = Account("anybody", "", "leader", ALL_CASES)
"""Any user of a dashboard opened with --open: every case, but no names or telephone numbers."""

_EVERYBODY: tuple[Role, ...] = ("viewer", "unit_head", "leader", "admin")
_NOT_FOR_ALL: Mapping[str, tuple[Role, ...]] = {
    "cases": ("unit_head", "leader", "admin"),
    "report": ("unit_head", "leader", "admin"),
    "status": ("leader", "admin"),
    "access": ("admin",),
}
CONTACTS: tuple[Role, ...] = ("unit_head", "admin")
"""The roles that may see a reporter's contact, on request."""


@dataclass(frozen=True)
class Stranger:
    """Somebody without an account: not signed in, or unknown to app_user.

    `locked`: has not opened the one-time address of a dashboard without sign-in.
    """

    subject: str | None
    kind: Literal["signed_out", "unknown", "waiting", "locked"]


def may(account: Account, page: str) -> bool:
    """Whether an account's role may open a page (by its path)."""
    return account.role in _NOT_FOR_ALL.get(page, _EVERYBODY)


def asker() -> Callable[[], Account | Stranger]:
    """Return a function that tells who this session's viewer is now: an account or a sign-in may end meanwhile."""
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
    """Return the account that requests a route; None if there is none, which is logged."""
    if sign_in.sign_in().way == "nobody":
        found = _unsigned(door.holds(request.cookies))
    else:
        found = _known(sign_in.subject_of_request(request.headers, request.cookies))
    if isinstance(found, Account):
        return found
    if found.kind != "waiting":
        # Only the first part of the path is logged: the rest is the sender's free text.
        room = without_base(request.url.path).strip("/").partition("/")[0].partition(".")[0]
        refused(found.subject or f"address {peer(request)}", "sign-in refused", why=f"/{room}")
    return None


def _unsigned(holds: bool) -> Account | Stranger:
    """Return the viewer where nobody signs in: the one-time address's user, or what is open without it."""
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
    """Return the viewer of this run and keep it in the session.

    State that a session kept for one person is never shown to another.
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
    """Return the account of this run."""
    found: Account = st.session_state["account"]
    return found


def is_still_valid() -> Callable[[], bool]:
    """Return a check that the viewer still has the account of this run; it changes within seconds of an edit."""
    now, before = asker(), st.session_state["account"]
    return lambda: now() == before


def draw_door(stranger: Stranger) -> None:
    """Draw what a stranger sees instead of a page: how to sign in, or whom to ask."""
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
    """Draw the sign-out button, if an identity provider signed the viewer in."""
    if sign_in.sign_in().way == "provider":
        st.button(_("Sign out"), key="sign_out", type="tertiary", on_click=st.logout)


def not_for(page: str) -> None:
    """Say that a page is not for the viewer's role, and log the attempt."""
    refused_here("page refused", page)
    panel("not_for", key="not_for", role=role_name(account().role))


def role_name(role: Role) -> str:
    """Return a role's name."""
    return {
        "leader": _("city leadership"),
        "unit_head": _("head of a unit"),
        "viewer": _("official, figures only"),
        "admin": _("administrator"),
    }[role]


class RecentNotes:
    """The lines that were written into the access log within the last minute. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none. `clock` counts seconds."""
        self._clock = clock
        self._noted: dict[Hashable, float] = {}
        self._noting = threading.Lock()

    def add(self, line: Hashable) -> bool:
        """Return whether a line is new, and keep it for a minute if it is."""
        with self._noting:
            now = self._clock()
            if now - self._noted.get(line, -_SECONDS_BETWEEN_NOTES) < _SECONDS_BETWEEN_NOTES:
                return False
            for old in [old for old, at in self._noted.items() if now - at > _SECONDS_BETWEEN_NOTES]:
                del self._noted[old]
            self._noted[line] = now
            return True


recent_notes = RecentNotes()
"""Of this process."""


def refused_here(what: str, why: str) -> None:
    """Write into the access log that this page was refused: once, not at each refresh."""
    refusal = (what, why)
    if st.session_state.get("refused") != refusal:
        st.session_state["refused"] = refusal
        refused(str(st.session_state["account"].subject), what, why=why)


def refused(who: str, what: str, *, report_id: int | None = None, why: str = "") -> None:
    """Write a refusal into the access log, the same one at most once a minute; on failure into the server's log."""
    noted(who, what, report_id=report_id, why=why)


def noted(who: str, what: str, *, report_id: int | None = None, why: str = "") -> None:
    """Write a line into the access log, the same one at most once a minute; on failure into the server's log."""
    if not recent_notes.add((who, what, report_id, why)):
        return
    try:
        note(watch.watcher().reports, who, what, report_id=report_id, why=why)
    except (DatabaseAway, NotAReportDatabase):
        of = "" if report_id is None else f", report {report_id}"
        line = (who, f"{what}{of}", why)
        _LOG.warning("Not in the access log, which cannot be written now: %s, %s, %s", *map(log_text, line))


def whose(account: Account, address: str | None) -> Whose:
    """Return whose limits apply to a request of an account: the address's if nobody has signed in."""
    return of_address(address) if account in (HERE, ANYBODY) else of_account(account.subject)


def drawn_for() -> Whose:
    """Return whose limits apply to this run: the account's, else its address's."""
    found = asker()()
    address = st.context.ip_address
    return whose(found, address) if isinstance(found, Account) else of_address(address)
