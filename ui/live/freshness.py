"""How fresh the numbers are, and messages for each kind of database trouble."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import streamlit as st

from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.figures.figures import City, NoCity
from queries.privacy.small_numbers import STEP
from safe_text import log_error, streamlit_label
from ui.base.html_panel import panel
from ui.base.i18n import _, moment, name, ngettext, number, rounded
from ui.base.run import Run
from ui.base.thresholds import Level
from ui.live.last_good import Stay
from ui.live.pulse import Pulse

_LOG = logging.getLogger(__name__)

TONES: dict[Level, str] = {"green": "good", "amber": "due-soon", "red": "overdue"}
"""The panel tone of each level."""


@dataclass
class PageFailures:
    """How often pages failed with an unexpected error; the latest times and error types, newest last."""

    total: int = 0
    lately: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=20))


page_failures = PageFailures()
"""Of this process."""


@dataclass(frozen=True)
class Freshness:
    """How fresh the numbers are: in words, and in the panels' tone."""

    words: str
    tone: str
    beside_clock: str = ""
    """A shorter text for use beside a clock, if there is one."""
    live: bool = False
    """Whether the words say that the page is live: shown only while the browser hears heartbeats."""


def freshness(pulse: Pulse, run: Run | None, stay: Stay | None = None) -> Freshness:
    """Return the moment of the page, whether it is live, and what is late: the database or a channel."""
    trouble = trouble_words("empty" if isinstance(pulse.trouble, NoCity) else getattr(pulse.trouble, "kind", ""))
    if run is None:
        return Freshness(_capital(trouble), "overdue")
    at = moment(run.local(run.filters.at))
    if pulse.trouble:
        return Freshness(_("Numbers of {at} · {trouble}", at=at, trouble=trouble), TONES[pulse.answers])
    if not run.live:
        return Freshness(_("Numbers of {at}, not live", at=at), "due-soon")
    if stay:  # this page failed at a later moment and stays at the last one that worked
        return Freshness(_("Numbers of {at} · {trouble}", at=at, trouble=trouble_words(stay.kind)), "due-soon")
    return _of_now(pulse, at)


def _of_now(pulse: Pulse, at: str) -> Freshness:
    if pulse.copy_level != "green":  # the browser's clock shows beside it how far it is behind (ui/live/data_age.py)
        words = _("Numbers of {at} · {trouble}", at=at, trouble=copy_words(pulse))
        return Freshness(words, TONES[pulse.copy_level], "" if pulse.behind is None else _("Numbers of {at}", at=at))
    if pulse.late_feeds:
        named = [name({"name_vi": feed.name_vi, "name_en": feed.name_en}) for feed, _level in pulse.late_feeds]
        late = named[0] if len(named) == 1 else ngettext("{count} channel", "{count} channels", len(named))
        level: Level = "red" if any(level == "red" for _feed, level in pulse.late_feeds) else "amber"
        return Freshness(
            _("Live · {at} · delayed: {channels}", at=at, channels=late),
            TONES[level],
            _("Delayed: {channels}", channels=late),
            live=True,
        )
    return Freshness(_("Live · {at}", at=at), "good", live=True)


def copy_words(pulse: Pulse) -> str:
    """Return in a few words what is known about a copy's age."""
    if pulse.behind is None:
        return _("the age of this copy of the database is not known")
    return _("this copy of the database is behind")


def trouble_words(kind: str) -> str:
    """Return a kind of database trouble in a few words (queries.trouble.Kind)."""
    words = {
        "slow": _("the database is slow"),
        "crowded": _("the database takes no more connections"),
        "disk_full": _("the database's disk is full"),
        "restarting": _("the database is starting again"),
        "refused": _("the database refuses the dashboard"),
        "unsigned": _("the database does not accept the dashboard's key"),
        "read_only": _("this copy of the database cannot be written to"),
        "unprepared": _("the database is not ready"),
        "empty": _("the database is empty"),
    }
    return words.get(kind, _("the database does not answer"))


def cure_words(kind: str) -> str:
    """Return what the operator of the database can do about a kind of trouble."""
    words = {
        "slow": _("Look for long queries and a busy disk on the database's server."),
        "crowded": _("Raise max_connections, or close other connections. The dashboard needs nine."),
        "disk_full": _("Make room on the database's disk."),
        "restarting": _("Wait until PostgreSQL is up; if it takes minutes, read its log."),
        "refused": _("Check the login in REPORT_DB_URL, and that it is a member of the role report_dashboard."),
        "unsigned": _("Set REPORT_SCOPE_KEY to what “python -m reportdb scope-key” prints, then start again."),
        "read_only": _("Set REPORT_DB_WRITE_URL to the primary database: the access log is written there."),
        "unprepared": _("Run “python -m reportdb up”, then “python -m reportdb check”."),
    }
    return words.get(kind, _("Check that PostgreSQL runs, and the network between it and the dashboard."))


def database_away(pulse: Pulse, trouble: DatabaseAway | NotAReportDatabase, *, cures: bool = True) -> None:
    """Say what is wrong with the database, since when, and that the page returns by itself.

    With `cures` also how to repair it, for viewers who run the system.
    """
    since = f" ({pulse.trouble_since:%H:%M UTC})" if pulse.trouble_since else ""
    if pulse.trouble_since and pulse.city:
        since = f" ({moment(pulse.trouble_since.astimezone(pulse.city.zone))})"
    st.error(
        streamlit_label(
            _(
                "{trouble}{since}. Nothing is lost; this page returns by itself. {cure}",
                trouble=_capital(trouble_words(trouble.kind)),
                since=since,
                cure=cure_words(trouble.kind) if cures else "",
            )
        ),
        icon=":material/cloud_off:",
    )


def too_often() -> None:
    """Say that one account or one address asked for too many pages in a short time."""
    panel("too_often", key="too_often")


def until(seconds: float) -> Callable[[], bool]:
    """Return a check that is true until so many seconds have passed; then the heartbeat has the page drawn again."""
    over = time.monotonic() + seconds
    return lambda: time.monotonic() < over


def nothing_found(city: City) -> None:
    """Say that no report matches the filters, or that there are no reports yet."""
    if rounded():
        st.info(
            _("At most {count} reports match these filters: too few to show.", count=number(STEP)),
            icon=":material/filter_alt:",
        )
    elif city.last_submitted_at is None:
        st.info(_("There are no reports yet. The first one will appear by itself."), icon=":material/inbox:")
    else:
        st.info(
            _("No report matches these filters. Widen the period or remove a filter."), icon=":material/filter_alt_off:"
        )


def empty_database(*, cures: bool = True) -> None:
    """Say that the database is empty and, with `cures`, how to fill it."""
    st.info(
        _("The report database is empty. Fill it with “python -m reportdb demo” or “python -m reportdb import csv”.")
        if cures
        else _("There are no reports yet. The first one will appear by itself."),
        icon=":material/inbox:",
    )


def unforeseen(failure: Exception) -> bool:
    """Say that a page failed with an unexpected error; the server's log has the details."""
    _LOG.error("A page failed\n%s", log_error(failure))
    page_failures.total += 1
    page_failures.lately.append((datetime.now(UTC), type(failure).__name__))
    with st.container(key="unforeseen"):
        st.error(
            _("This page cannot be shown just now. The others still can; the server's log says what happened."),
            icon=":material/error:",
        )
    return True


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
