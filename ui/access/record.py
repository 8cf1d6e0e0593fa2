"""The access log entries for opened cases and exported files.

Opening a case writes a line. If the line cannot be written (a standby without REPORT_DB_WRITE_URL, an outage of the
primary), the case opens all the same and the line goes into the server's log: its words are masked, and those who must
act on it in an outage need it then. A file contains thousands of cases and can wait, so it is refused, like a citizen's
contact.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

import streamlit as st

from queries.access.accounts import Account
from queries.access.record import CASE, Volume, export_begun, export_ended, volumes
from queries.engine.database import DatabaseAway, NotAReportDatabase, ReportDatabase
from queries.engine.errors import Kind
from safe_text import log_text
from ui.access import accounts
from ui.base.i18n import _
from ui.base.thresholds import Level, thresholds
from ui.live import watch

_LOG = logging.getLogger(__name__)
_SECONDS_OF_A_VOLUME = 30.0
_LEVELS: tuple[Level, ...] = ("green", "amber", "red")


class NotOnRecord(Exception):
    """A file cannot be logged, so it is refused; `kind` says what is wrong with the database."""

    def __init__(self, kind: Kind) -> None:
        """Keep the kind of trouble."""
        super().__init__(kind)
        self.kind = kind

    def words(self) -> str:
        """Return why the file is refused, in the viewer's language."""
        if self.kind == "read_only":
            return no_file_from_a_copy()
        return _("The access log cannot be written now, so no file can be exported. Please try again in a few minutes.")


def no_file_from_a_copy() -> str:
    """Return why a dashboard on a standby without access to the primary exports no files."""
    return _(
        "This dashboard reads a copy of the database, where the access log cannot be written, so no file "
        "can be exported. Its operator can set REPORT_DB_WRITE_URL to the primary database."
    )


def opened(report_id: int, where: str = "") -> None:
    """Write into the access log that the viewer has opened a case: once, not at each refresh.

    `where` is the page if it is not the case's own. One account's same case is logged once a minute at most.
    """
    if st.session_state.get("opened") == report_id:
        return
    st.session_state["opened"] = report_id
    viewer = accounts.account()
    why = ", ".join(part for part in (where, address_of(viewer, st.context.ip_address)) if part)
    accounts.noted(viewer.subject, CASE, report_id=report_id, why=why)


def begin_run(page: str) -> None:
    """Note which page is drawn: a case shown on another page, or for another code, is logged again."""
    at = (page, *(tuple(st.query_params.get_all(word)) for word in ("code", "case")))
    if st.session_state.get("opened_at") != at:
        st.session_state["opened_at"] = at
        st.session_state.pop("opened", None)


def address_of(account: Account, address: str | None) -> str:
    """Return the requester's address for the access log, for accounts that many people share; else empty."""
    return f"address {address or '127.0.0.1'}" if account in (accounts.HERE, accounts.ANYBODY) else ""


@dataclass
class Taken:
    """A logged file: its number, its user, when; how many cases were requested and how many sent."""

    reports: ReportDatabase
    number: int
    who: str
    at: datetime
    made: int = 0
    sent: int = 0
    whole: bool = False
    _ended: bool = field(default=False, init=False)

    def end(self) -> None:
        """Complete the log entry, once; if that fails, the entry has no end."""
        if self._ended:
            return
        self._ended = True
        try:
            export_ended(self.reports, self.number, self.who, sent=self.sent, whole=self.whole)
        except (DatabaseAway, NotAReportDatabase):
            logged = (self.number, self.sent)
            _LOG.warning("The end of file %s is not in the access log: %s cases sent", *map(log_text, logged))


def begin_file(
    reports: ReportDatabase,
    account: Account,
    address: str | None,
    *,
    kind: str,
    query: Mapping[str, Sequence[str]],
    listed: int,
    facts: Sequence[tuple[str, str]],
) -> Taken:
    """Log a file before it is made.

    `query` are the address's parameters that list the same cases, `facts` the same in words. Raises NotOnRecord.
    """
    at = datetime.now(UTC)
    details = [f"{heading}: {words}" for heading, words in facts]
    why = " | ".join(part for part in (address_of(account, address), *details) if part)
    try:
        number = export_begun(
            reports, account.subject, kind=kind, query=urlencode(query, doseq=True), listed=listed, why=why
        )
    except (DatabaseAway, NotAReportDatabase) as trouble:
        raise NotOnRecord(trouble.kind) from trouble
    return Taken(reports, number, account.subject, at)


def no_files_here() -> bool:
    """Whether this dashboard exports no files, because it reads a standby and has no access to the primary."""
    watcher = watch.watcher()
    return watcher.pulse.is_copy and not watcher.reports.writes_elsewhere


@dataclass(frozen=True)
class Alarm:
    """An account with unusual volume, and its level (amber or red)."""

    volume: Volume
    level: Level


def lately(reports: ReportDatabase) -> list[Volume]:
    """Return each account's volume, at most half a minute old: one query for all viewers.

    Raises DatabaseAway, NotAReportDatabase.
    """
    now = datetime.now(UTC)
    return reports.remember(("volumes", now.timestamp() // _SECONDS_OF_A_VOLUME), lambda: volumes(reports, now))


def alarms(taken: Sequence[Volume]) -> list[Alarm]:
    """Return the accounts above the limits of thresholds.toml, the worst first."""
    found = [Alarm(volume, level) for volume in taken if (level := level_of(volume)) != "green"]
    return sorted(found, key=lambda alarm: (-_LEVELS.index(alarm.level), alarm.volume.subject))


def level_of(volume: Volume) -> Level:
    """Return the level of an account's volume: the worst of its four counts."""
    limits = thresholds()
    levels = (
        limits.opened_hour.level(volume.opened_hour),
        limits.opened_day.level(volume.opened_day),
        limits.exported_hour.level(volume.exported_hour),
        limits.exported_day.level(volume.exported_day),
    )
    return max(levels, key=_LEVELS.index)


class Latest:
    """Each account's volume, at most a minute or two old.

    The query runs in its own thread, so that /metrics never waits for the database.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without data. `clock` counts seconds."""
        self._clock = clock
        self._known: list[Volume] | None = None
        self._asked_at = -_SECONDS_OF_A_VOLUME
        self._asking = threading.Lock()

    def read(self, reports: ReportDatabase) -> list[Volume] | None:
        """Return the known volumes, refreshing them in the background if old; None if there are none now."""
        if self._clock() - self._asked_at >= _SECONDS_OF_A_VOLUME and self._asking.acquire(blocking=False):
            threading.Thread(target=self._ask, args=(reports,), name="volumes", daemon=True).start()
        return self._known

    def _ask(self, reports: ReportDatabase) -> None:
        try:
            self._known = volumes(reports, datetime.now(UTC))
        except (DatabaseAway, NotAReportDatabase):
            self._known = None
        finally:
            self._asked_at = self._clock()
            self._asking.release()


latest = Latest()
"""Of this process."""
