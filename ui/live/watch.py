"""One watcher for the whole process: polls for changes, the database's health and the channels' deliveries.

Pages show the moment at which the watcher last saw a change (or a new minute), so that all viewers ask the same
questions and share the answers. While the database is away, the moment and the cached answers are frozen.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from queries.access.accounts import Account, accounts
from queries.access.demo import holds_real_reports
from queries.engine.connections import PATIENCE, Patience
from queries.engine.database import DatabaseAway, NotAReportDatabase, ReportDatabase
from queries.engine.errors import Kind
from queries.figures.figures import City, NoCity, city, last_event
from queries.health.changes import Changes, Mark, changes
from queries.health.feeds import feeds
from safe_text import log_error, log_text
from ui.live.last_good import SECONDS_TO_STAY, Shown, Stay
from ui.live.limits import Whose
from ui.live.pulse import Pulse, is_live
from ui.live.sessions import Viewer, Viewers

_LOG = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_BETWEEN_ACCOUNTS = 10.0
_BUSY = 0.9  # of one processor may be spent on a new moment
_SECONDS_OF_ONE_MOMENT = 6.0  # at most, however much work it causes
_LITTLE = 0.5  # seconds
_SECONDS_TO_LEAVE = 45.0  # a page that fails at the next moment goes back to the last one


class Watcher:
    """Polls the database every second in its own thread, until stopped."""

    def __init__(
        self,
        reports: ReportDatabase,
        viewers: Viewers,
        reads_accounts: Callable[[], bool] = lambda: True,
        *,
        every: float = SECONDS_BETWEEN_LOOKS,
        seconds_to_stay: float = SECONDS_TO_STAY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch `reports` for `viewers`, with a poll `every` so many seconds; the first happens now.

        `reads_accounts` tells whether anybody signs in. What could not be drawn stays `seconds_to_stay` at its last
        moment. `clock` counts seconds.
        """
        self.reports = reports
        self.viewers = viewers
        self.shown = Shown(seconds_to_stay=seconds_to_stay)
        self._reads_accounts, self._every, self._clock = reads_accounts, every, clock
        self.pulse = Pulse(at=datetime.now(UTC))
        self.accounts: Mapping[str, Account] | None = None
        """All accounts, by sign-in name; None until the database has answered."""
        self._accounts_at = -_SECONDS_BETWEEN_ACCOUNTS
        self.is_invented = False
        """Whether this is the demonstration city and nothing else, as of the last answer."""
        self._mark: Mark | None = None
        self._moved_at = self._looked_at = clock()
        self._worked, self._asked, self._owed = time.process_time(), 0.0, 0.0
        self._left: list[tuple[datetime, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self.poll()
        self._thread.start()

    def poll(self) -> None:
        """Ask the cheap questions once and keep the results."""
        now = datetime.now(UTC)
        looked_at = now.replace(microsecond=0)
        seen = self.pulse
        try:
            found = changes(self.reports, now, self._mark)
            known_to = min(now, found.known_to) if found.known_to else now
            delivered = feeds(self.reports)
            first = seen.city is None or seen.trouble is not None or found.elsewhere
            changed = first or self._is_new(found)
            # A standby that has replayed a change but no later heartbeat row cannot have a later moment yet.
            waits = (self._has_enough_to_do() or known_to <= seen.at) and not first
            moves = changed and not waits
            known_city = self._city(known_to) if moves else seen.city
            if changed:
                self._look_whether_invented(known_city)
            self._poll_accounts()
        except (DatabaseAway, NotAReportDatabase, NoCity) as trouble:
            if not seen.trouble:
                _LOG.warning("The report database does not answer as it should: %s", log_text(trouble))
            trouble.with_traceback(None)
            self.pulse = replace(
                seen, trouble=trouble, trouble_since=seen.trouble_since or looked_at, looked_at=datetime.now(UTC)
            )
            return
        if seen.trouble:
            _LOG.warning("The report database answers again.")
            self.shown.thaw()
        at = _moment_of(known_to, found.updated_at, after=None if seen.city is None else seen.at)
        moves = moves or (not waits and known_to.replace(second=0, microsecond=0) > seen.at)
        if moves or not changed:
            self._mark = found.mark
        if moves:
            self._moved_at = self._looked_at
            if seen.at != at:
                self._left.append((seen.at, self._moved_at))
        self._forget()
        self.pulse = Pulse(
            at=at if moves else seen.at,
            changed_at=seen.changed_at if waits else found.updated_at,
            city=known_city,
            feeds=delivered,
            looked_at=looked_at,
            answered_at=looked_at,
            verified_at=seen.verified_at if waits and changed else at if moves else known_to.replace(microsecond=0),
            is_copy=found.is_copy,
            known_to=None if found.is_copy and found.known_to is None else known_to,
            back_at=looked_at if seen.trouble else seen.back_at,
        )

    def _is_new(self, found: Changes) -> bool:
        """Whether something was committed since the current moment, or a report's change time has come: some are
        stamped in the future, and a city's own view has no commit marks.
        """
        stamped, seen = found.updated_at, self.pulse
        return found.committed or stamped != seen.changed_at or (stamped is not None and stamped > seen.at)

    def _city(self, at: datetime) -> City:
        """Return the city at a moment; if it is not live, also the time of its last event."""
        found = city(self.reports, at)
        if is_live(found, at):
            return found
        try:
            return replace(found, last_event_at=last_event(self.reports, at))
        except DatabaseAway as trouble:
            if trouble.kind != "slow":
                raise
            return found  # then its last report counts as the last event

    def _has_enough_to_do(self) -> bool:
        """Whether the last moment still causes work: pages to draw, queries to answer.

        All viewers share one moment, so its cost is paid once for all: the more it costs, the longer it lasts.
        """
        last, worked, asked = self._looked_at, self._worked, self._asked
        self._looked_at, self._worked, self._asked = self._clock(), time.process_time(), self.reports.timings.seconds
        spent = max((self._worked - worked) / _BUSY, self._asked - asked)
        self._owed = max(0.0, self._owed + spent - (self._looked_at - last))
        drawing = self.viewers.drawing() > max(1, self.viewers.count() // 10)
        return (drawing or self._owed > _LITTLE) and self._looked_at - self._moved_at < _SECONDS_OF_ONE_MOMENT

    def _forget(self) -> None:
        """Drop the answers of moments that no page shows and none could go back to."""
        left, self._left = self._left, []
        for moment, left_at in left:
            lately = self._looked_at - left_at <= _SECONDS_TO_LEAVE
            if lately and (self.viewers.at(moment) or self.shown.last_at(moment)):
                self._left.append((moment, left_at))
            elif not self.shown.needs(moment):
                self.reports.forget(moment)

    def _poll_accounts(self) -> None:
        if not self._reads_accounts() or self._clock() - self._accounts_at < _SECONDS_BETWEEN_ACCOUNTS:
            return
        self.accounts = accounts(self.reports)
        self._accounts_at = self._clock()

    def _look_whether_invented(self, known_city: City | None) -> None:
        """Update whether the city is invented; the gate reads it if nobody signs in."""
        if known_city is None or not known_city.demo:
            self.is_invented = False
            return
        with suppress(DatabaseAway, NotAReportDatabase):  # unknown now: keep the last answer
            self.is_invented = not holds_real_reports(self.reports)

    def stop(self) -> None:
        """Stop polling."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self.poll()
            except Exception as error:  # an unexpected error must not end the watcher; the next poll may succeed
                _LOG.error("A poll of the report database failed\n%s", log_error(error))


def _moment_of(known_to: datetime, updated_at: datetime | None, *, after: datetime | None) -> datetime:
    """Return the moment for data complete up to `known_to`: its whole second, unless that would exclude a change in
    this very second or not be later than the current moment.
    """
    second = known_to.replace(microsecond=0)
    left_out = updated_at is not None and updated_at > second
    return known_to if left_out or (after is not None and second <= after) else second


_watchers: list[Watcher] = []


@contextmanager
def watching(
    url: str,
    write_url: str | None = None,
    scope_key: Callable[[], str | None] | None = None,
    why_away: Callable[[], Kind | None] = lambda: None,
    reads_accounts: Callable[[], bool] = lambda: True,
    *,
    patience: Patience = PATIENCE,
    every: float = SECONDS_BETWEEN_LOOKS,
    seconds_to_stay: float = SECONDS_TO_STAY,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Watcher]:
    """Watch the database at `url` while the block runs; `watcher()` finds it.

    `reads_accounts`, `every`, `seconds_to_stay` and `clock`: see Watcher; the others: see ReportDatabase.
    """
    viewers = Viewers()
    reports = ReportDatabase(
        url,
        write_url=write_url,
        scope_key=scope_key,
        while_waiting=viewers.turns.released,
        why_away=why_away,
        patience=patience,
    )
    watcher = Watcher(reports, viewers, reads_accounts, every=every, seconds_to_stay=seconds_to_stay, clock=clock)
    _watchers.append(watcher)
    try:
        yield watcher
    finally:
        _watchers.remove(watcher)
        watcher.stop()
        reports.close()


def watcher() -> Watcher:
    """Return the running watcher."""
    return _watchers[-1]


def is_invented() -> bool:
    """Whether the database holds only the demonstration city; false until it has answered."""
    return bool(_watchers) and watcher().is_invented


def address(page: str) -> tuple[object, ...]:
    """Return the page and its query without the language: equal for all who see the same numbers."""
    return (page, *sorted((word, *st.query_params.get_all(word)) for word in st.query_params if word != "lang"))


def stays_at(asked: Hashable) -> Stay | None:
    """Return the earlier moment to show in this run because the latest failed, and note it; None: show the latest.

    `asked` is the page's address and its viewer's scope: another scope's answer does not count.
    """
    seen = viewer()
    stay = watcher().shown.stays_at(asked, away=seen.pulse.trouble is not None)
    if stay is None or stay.at == seen.pulse.at:
        return None
    if seen.pulse.trouble is None:  # the heartbeat retries the latest moment; else it waits for the database
        seen.pulse = replace(seen.pulse, at=stay.at)
    seen.stays_at(stay.at)
    return stay


def viewer() -> Viewer:
    """Return the viewer whose page is drawn."""
    found: Viewer = st.session_state["viewer"]
    return found


@contextmanager
def drawing(whose: Whose | None = None) -> Iterator[Viewer]:
    """Draw the page in its slot, and record for the heartbeat what it is drawn from.

    The limits of `whose` apply. If they are exceeded (Viewer.too_often), draw only that message.
    """
    viewers = watcher().viewers
    if "viewer" not in st.session_state:
        st.session_state["viewer"] = viewers.enter(watcher().pulse)
    with viewers.turn(viewer(), whose):
        found = viewer()  # here Streamlit ends a run that a click has overtaken while it waited
        found.begin(watcher().pulse)
        yield found
