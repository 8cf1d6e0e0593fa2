"""One watcher for the whole process: is there anything new, and does the database answer?

Pages speak of the moment the watcher last saw a change (or the minute turn), so that all viewers ask the same questions
and share their answers.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import streamlit as st

from queries.database import DatabaseAway, NotAReportDatabase, ReportDatabase
from queries.figures import City, NoCity, city

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 2.0
_SECONDS_BETWEEN_REFRESHES = 5
_LIVE_WITHIN = timedelta(days=60)


@dataclass(frozen=True)
class Pulse:
    """What the watcher saw: the moment to speak of, the newest change, the city; and what fails, since when."""

    at: datetime
    changed_at: datetime | None = None
    city: City | None = None
    trouble: Exception | None = None
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


class Watcher:
    """Looks at the database every few seconds, in a thread of its own, until told to stop."""

    def __init__(self, reports: ReportDatabase) -> None:
        """Watch `reports`; the first look happens now."""
        self.reports = reports
        self.pulse = Pulse(at=datetime.now(UTC))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self.look()
        self._thread.start()

    def look(self) -> None:
        """Ask the cheap question once and keep what it says."""
        now = datetime.now(UTC).replace(microsecond=0)
        seen = self.pulse
        try:
            changed_at = self.reports.ask_now("pulse")["updated_at"].iloc[0]
            if seen.city is None or seen.trouble or changed_at != seen.changed_at:
                self.pulse = Pulse(at=now, changed_at=changed_at, city=city(self.reports))
            elif now.replace(second=0) > seen.at:
                self.pulse = replace(seen, at=now)
        except (DatabaseAway, NotAReportDatabase, NoCity) as trouble:
            if not seen.trouble:
                _LOG.warning("The report database does not answer as it should: %s", trouble)
            self.pulse = replace(seen, trouble=trouble, trouble_since=seen.trouble_since or now)

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
    reports = ReportDatabase(url)
    watcher = Watcher(reports)
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


@st.fragment(run_every=_SECONDS_BETWEEN_LOOKS)
def heartbeat() -> None:
    """Run the page again when something changed since it was drawn, but not more than every few seconds."""
    drawn: Pulse = st.session_state["pulse"]
    now = watcher().pulse
    news = now.at != drawn.at or now.trouble is not drawn.trouble
    if news and (datetime.now(UTC) - st.session_state["drawn_at"]).total_seconds() >= _SECONDS_BETWEEN_REFRESHES:
        st.rerun()


def begin() -> Pulse:
    """Note for the heartbeat what this run of the page is drawn from, and return it."""
    st.session_state["pulse"] = pulse = watcher().pulse
    st.session_state["drawn_at"] = datetime.now(UTC)
    return pulse
