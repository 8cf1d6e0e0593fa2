"""One watcher for the whole process: is there anything new, does the database answer, do the channels deliver?

Pages speak of the moment the watcher last saw a change (or the minute turn), so that all viewers ask the same questions
and share their answers. While the database is away that moment stands still, and so do the remembered answers.
"""

import logging
import threading
import time
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from queries.accounts import Account, accounts
from queries.database import DatabaseAway, NotAReportDatabase, ReportDatabase
from queries.feeds import Feed, feeds
from queries.figures import City, NoCity, city
from ui import sign_in
from ui.shown import Shown, Stay
from ui.thresholds import Level, thresholds
from ui.viewers import Viewer, Viewers

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_BETWEEN_ACCOUNTS = 10.0
_BUSY = 0.9  # of one processor may go into what a new moment brings
_SECONDS_OF_ONE_MOMENT = 6.0  # at most, however much there is to do
_LITTLE = 0.5  # seconds
_SECONDS_TO_LEAVE = 45.0  # a page that cannot be drawn at the next moment goes back to the last
_LIVE_WITHIN = timedelta(days=60)


@dataclass(frozen=True)
class Pulse:
    """What the watcher saw: the moment to speak of, the newest change, the city; and what fails, since when.

    `looked_at` is its last look, `answered_at` the last one that was answered, `true_at` the last one at which nothing
    had changed since the moment; `back_at` is when the database last came back from an outage.
    """

    at: datetime
    changed_at: datetime | None = None
    city: City | None = None
    feeds: tuple[Feed, ...] = ()
    looked_at: datetime | None = None
    answered_at: datetime | None = None
    true_at: datetime | None = None
    back_at: datetime | None = None
    trouble: DatabaseAway | NotAReportDatabase | NoCity | None = None
    trouble_since: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether reports still come in. Another city's old data stand still at their last report."""
        last = self.city.last_submitted_at if self.city else None
        return last is not None and self.at - last < _LIVE_WITHIN

    @property
    def usual(self) -> datetime:
        """The moment a page speaks of where its address names none."""
        last = self.city.last_submitted_at if self.city else None
        return self.at if self.live or last is None else last

    @property
    def answers(self) -> Level:
        """How old the database's last answer was when it was last looked for, of the limits in thresholds.toml."""
        if self.trouble is None or self.looked_at is None:
            return "green"
        silent = (self.looked_at - (self.answered_at or self.trouble_since or self.looked_at)).total_seconds()
        return "red" if thresholds().answer.level(silent) == "red" else "amber"

    @property
    def late_feeds(self) -> tuple[tuple[Feed, Level], ...]:
        """The channels that have not delivered for too long, and how bad that is; none of a city that is not live."""
        if not self.live or self.answered_at is None:
            return ()
        levels = ((feed, thresholds().feed.level(feed.overdue_by(self.answered_at))) for feed in self.feeds)
        return tuple((feed, level) for feed, level in levels if level != "green")

    @property
    def seen(self) -> tuple[object, ...]:
        """All of this that a page shows: where it differs, the page is drawn again."""
        late = tuple((feed.code, level) for feed, level in self.late_feeds)
        return self.at, getattr(self.trouble, "kind", type(self.trouble)), self.answers, late


class Watcher:
    """Looks at the database every second, in a thread of its own, until told to stop."""

    def __init__(self, reports: ReportDatabase, viewers: Viewers) -> None:
        """Watch `reports` for `viewers`; the first look happens now."""
        self.reports = reports
        self.viewers = viewers
        self.shown = Shown()
        self.pulse = Pulse(at=datetime.now(UTC))
        self.accounts: Mapping[str, Account] | None = None
        """Everybody who may come in, by the name they sign in with; None until the database has said so."""
        self._accounts_at = -_SECONDS_BETWEEN_ACCOUNTS
        self._moved_at = self._looked_at = time.monotonic()
        self._worked, self._asked, self._owed = time.process_time(), 0.0, 0.0
        self._left: list[tuple[datetime, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self.look()
        self._thread.start()

    def look(self) -> None:
        """Ask the cheap questions once and keep what they say."""
        now = datetime.now(UTC).replace(microsecond=0)
        seen = self.pulse
        try:
            newest = self.reports.look("pulse")["updated_at"].iloc[0]
            changed_at = None if pd.isna(newest) else newest.to_pydatetime()
            seen_at = datetime.now(UTC)
            delivered = feeds(self.reports)
            first = seen.city is None or seen.trouble is not None
            waits = self._has_enough_to_do() and not first
            ahead = changed_at is not None and seen.at < changed_at <= seen_at  # of what the pages speak of
            changed = first or changed_at != seen.changed_at or ahead
            found = city(self.reports) if changed and not waits else seen.city
            self._look_at_accounts()
        except (DatabaseAway, NotAReportDatabase, NoCity) as trouble:
            if not seen.trouble:
                _LOG.warning("The report database does not answer as it should: %s", trouble)
            trouble.with_traceback(None)
            self.pulse = replace(
                seen, trouble=trouble, trouble_since=seen.trouble_since or now, looked_at=datetime.now(UTC)
            )
            return
        if seen.trouble:
            _LOG.warning("The report database answers again.")
            self.shown.go_on()
        moves = not waits and (changed or now.replace(second=0) > seen.at)
        if moves:
            if changed_at and now < changed_at <= seen_at:  # in this very second: its beginning would leave that out
                now = changed_at
            self._moved_at = self._looked_at
            if seen.at != now:
                self._left.append((seen.at, self._moved_at))
        self._forget()
        self.pulse = Pulse(
            at=now if moves else seen.at,
            changed_at=seen.changed_at if waits else changed_at,
            city=found,
            feeds=delivered,
            looked_at=now,
            answered_at=now,
            true_at=seen.true_at if waits and changed else now,
            back_at=now if seen.trouble else seen.back_at,
        )

    def _has_enough_to_do(self) -> bool:
        """Whether the last moment is still being paid for: its pages drawn, its questions answered.

        All viewers speak of one moment, so that what it costs is spent once for all of them: the more it costs, the
        longer it stands.
        """
        last, worked, asked = self._looked_at, self._worked, self._asked
        self._looked_at, self._worked, self._asked = time.monotonic(), time.process_time(), self.reports.timings.seconds
        spent = max((self._worked - worked) / _BUSY, self._asked - asked)
        self._owed = max(0.0, self._owed + spent - (self._looked_at - last))
        drawing = self.viewers.drawing() > max(1, self.viewers.count() // 10)
        return (drawing or self._owed > _LITTLE) and self._looked_at - self._moved_at < _SECONDS_OF_ONE_MOMENT

    def _forget(self) -> None:
        """Let go of the answers of moments that all pages have left, and to which none could go back."""
        left, self._left = self._left, []
        for moment, left_at in left:
            lately = self._looked_at - left_at <= _SECONDS_TO_LEAVE
            if lately and (self.viewers.at(moment) or self.shown.last_at(moment)):
                self._left.append((moment, left_at))
            elif not self.shown.needs(moment):
                self.reports.forget(moment)

    def _look_at_accounts(self) -> None:
        if sign_in.sign_in().way == "nobody" or time.monotonic() - self._accounts_at < _SECONDS_BETWEEN_ACCOUNTS:
            return
        self.accounts = accounts(self.reports)
        self._accounts_at = time.monotonic()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                self.look()
            except Exception:  # the watcher outlives what nobody foresaw; the next look may succeed
                _LOG.exception("A look at the report database failed")


_watchers: list[Watcher] = []


@contextmanager
def watching(url: str) -> Iterator[Watcher]:
    """Watch the database at `url` while the block runs; `watcher()` finds it."""
    viewers = Viewers()
    reports = ReportDatabase(url, while_waiting=viewers.turns.aside)
    watcher = Watcher(reports, viewers)
    _watchers.append(watcher)
    try:
        yield watcher
    finally:
        _watchers.remove(watcher)
        watcher.stop()
        reports.close()


def watcher() -> Watcher:
    """Return the watcher that runs."""
    return _watchers[-1]


def address(page: str) -> tuple[object, ...]:
    """Return the page and what its address asks for; whoever asks the same sees the same numbers, in any language."""
    return (page, *sorted((word, *st.query_params.get_all(word)) for word in st.query_params if word != "lang"))


def stays_at(asked: Hashable) -> Stay | None:
    """Return the earlier moment this run of a page speaks of, where the latest cannot be asked for, and note it.

    `asked` is the page's address, and for whom: an answer to one is none to another.
    """
    seen = viewer()
    stay = watcher().shown.stays_at(asked, away=seen.pulse.trouble is not None)
    if stay is None or stay.at == seen.pulse.at:
        return None
    if seen.pulse.trouble is None:  # then the heartbeat tries the latest again; else it waits for the database's return
        seen.pulse = replace(seen.pulse, at=stay.at)
    seen.stays_at(stay.at)
    return stay


def viewer() -> Viewer:
    """Return whose page is drawn."""
    found: Viewer = st.session_state["viewer"]
    return found


@contextmanager
def drawing() -> Iterator[Viewer]:
    """Draw the page in its turn, and note, for the heartbeat, what it is drawn from while the block runs."""
    viewers = watcher().viewers
    if "viewer" not in st.session_state:
        st.session_state["viewer"] = viewers.enter(watcher().pulse)
    with viewers.turn(viewer()):
        found = viewer()  # there Streamlit ends a run that a click has overtaken while it waited
        found.begin(watcher().pulse)
        yield found
