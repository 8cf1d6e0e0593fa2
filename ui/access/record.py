"""What is put on record: every case that is opened, and every file of cases before it is given out.

A case that is opened is a line of the access log. Where that line cannot be written (a copy of the database without
REPORT_DB_WRITE_URL, an outage of the primary) the case opens all the same, and the line goes into the server's log: its
words stand masked in the lists as well, and whoever must act on it in an outage needs it then. A file takes thousands
of cases out of the house and can wait, so it fails closed, as a citizen's contact does.
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
    """A file cannot be put on record, so it is not given out; `kind` says what is wrong with the database."""

    def __init__(self, kind: Kind) -> None:
        """Keep what is wrong."""
        super().__init__(kind)
        self.kind = kind

    def words(self) -> str:
        """Return why no file is given out, in the viewer's language."""
        if self.kind == "read_only":
            return no_file_from_a_copy()
        return _("The access log cannot be written now, so no file is given out. Please try again in a few minutes.")


def no_file_from_a_copy() -> str:
    """Return why a dashboard that reads a copy, and has no way to the primary, gives out no file."""
    return _(
        "This dashboard reads a copy of the database, where the access log cannot be written, so no file is given out. "
        "Whoever runs the dashboard opens the way: REPORT_DB_WRITE_URL names the primary database."
    )


def opened(report_id: int, where: str = "") -> None:
    """Write into the access log that the viewer has opened a case: once, and not whenever the page is drawn again.

    `where` is the page, where it is not the case's own. Of the same account the same case is written once a minute.
    """
    if st.session_state.get("opened") == report_id:
        return
    st.session_state["opened"] = report_id
    viewer = accounts.account()
    why = ", ".join(part for part in (where, address_of(viewer, st.context.ip_address)) if part)
    accounts.noted(viewer.subject, CASE, report_id=report_id, why=why)


def begin_run(page: str) -> None:
    """Note which page is drawn: a case that another page showed, or the same for another code, is opened again."""
    at = (page, *(tuple(st.query_params.get_all(word)) for word in ("code", "case")))
    if st.session_state.get("opened_at") != at:
        st.session_state["opened_at"] = at
        st.session_state.pop("opened", None)


def address_of(account: Account, address: str | None) -> str:
    """Return where somebody asks from, for the access log, where their account's name does not tell them apart."""
    return f"address {address or '127.0.0.1'}" if account in (accounts.HERE, accounts.ANYBODY) else ""


@dataclass
class Taken:
    """A file that is on record: its number, who takes it, when; how many cases are made and how many have gone out."""

    reports: ReportDatabase
    number: int
    who: str
    at: datetime
    made: int = 0
    sent: int = 0
    whole: bool = False
    _ended: bool = field(default=False, init=False)

    def end(self) -> None:
        """Complete the record, once; where that fails, it says how many were asked for, and no end."""
        if self._ended:
            return
        self._ended = True
        try:
            export_ended(self.reports, self.number, self.who, sent=self.sent, whole=self.whole)
        except (DatabaseAway, NotAReportDatabase):
            told = (self.number, self.sent)
            _LOG.warning("The end of file %s is not in the access log: %s cases sent", *map(log_text, told))


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
    """Put a file on record before it is made.

    `query` are the words of an address that list the same cases, `facts` the same in words. Raises NotOnRecord.
    """
    at = datetime.now(UTC)
    told = [f"{heading}: {words}" for heading, words in facts]
    why = " | ".join(part for part in (address_of(account, address), *told) if part)
    try:
        number = export_begun(
            reports, account.subject, kind=kind, query=urlencode(query, doseq=True), listed=listed, why=why
        )
    except (DatabaseAway, NotAReportDatabase) as trouble:
        raise NotOnRecord(trouble.kind) from trouble
    return Taken(reports, number, account.subject, at)


def no_files_here() -> bool:
    """Whether this dashboard gives out no file, because it reads a copy and has no way to the primary."""
    watcher = watch.watcher()
    return watcher.pulse.is_copy and not watcher.reports.writes_elsewhere


@dataclass(frozen=True)
class Alarm:
    """An account that takes much: what it took, and how bad that is (amber or red)."""

    volume: Volume
    level: Level


def lately(reports: ReportDatabase) -> list[Volume]:
    """Return how much each account took out, as it was at most half a minute ago: one question for all who look.

    Raises DatabaseAway, NotAReportDatabase.
    """
    now = datetime.now(UTC)
    return reports.remember(("volumes", now.timestamp() // _SECONDS_OF_A_VOLUME), lambda: volumes(reports, now))


def alarms(taken: Sequence[Volume]) -> list[Alarm]:
    """Return which accounts have opened or taken away more than thresholds.toml says, the worst first."""
    found = [Alarm(volume, level) for volume in taken if (level := level_of(volume)) != "green"]
    return sorted(found, key=lambda alarm: (-_LEVELS.index(alarm.level), alarm.volume.subject))


def level_of(volume: Volume) -> Level:
    """Return how bad it is what one account took: the worst of its four counts."""
    limits = thresholds()
    levels = (
        limits.opened_hour.level(volume.opened_hour),
        limits.opened_day.level(volume.opened_day),
        limits.exported_hour.level(volume.exported_hour),
        limits.exported_day.level(volume.exported_day),
    )
    return max(levels, key=_LEVELS.index)


class Latest:
    """How much each account took out, as it was within the last minute or two.

    It is asked in a thread of its own, so that whoever reads it (/metrics) never waits for the database.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Know nothing yet. `clock` counts seconds."""
        self._clock = clock
        self._known: list[Volume] | None = None
        self._asked_at = -_SECONDS_OF_A_VOLUME
        self._asking = threading.Lock()

    def read(self, reports: ReportDatabase) -> list[Volume] | None:
        """Return what is known, and ask again in the background if it is old; None: nothing is known now."""
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
