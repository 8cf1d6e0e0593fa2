"""How fresh the numbers are, and plain words for what keeps them away."""

import logging
from dataclasses import dataclass

import streamlit as st

from ui.live import Pulse
from ui.viewing import Viewing
from ui.words import _, moment

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Freshness:
    """How fresh the numbers are: in words, and in the panels' tone."""

    words: str
    tone: str


def freshness(pulse: Pulse, seen: Viewing | None) -> Freshness:
    """Return what moment the page speaks of, whether it moves on, and whether the database answers."""
    if seen is None or (pulse.trouble and pulse.trouble_since):
        return Freshness(_("The database does not answer"), "overdue")
    at = moment(seen.local(seen.filters.at))
    if seen.live:
        return Freshness(_("Live · {at}", at=at), "good")
    return Freshness(_("As it was at {at}, not live", at=at), "due-soon")


def database_away(pulse: Pulse) -> None:
    """Say that the database is away and what happens next."""
    since = f" ({pulse.trouble_since:%H:%M UTC})" if pulse.trouble_since else ""
    st.error(
        _("The report database does not answer{since}. Nothing is lost; this page returns by itself.", since=since),
        icon=":material/cloud_off:",
    )


def empty_database() -> None:
    """Say how to fill an empty database."""
    st.info(
        _("The report database is empty. Fill it with “python -m reportdb demo” or “python -m reportdb import csv”."),
        icon=":material/inbox:",
    )


def not_a_report_database() -> None:
    """Say how to make a report database of one that is none."""
    st.error(
        _("This database is not ready: run “python -m reportdb up”, then “python -m reportdb check”."),
        icon=":material/database_off:",
    )


def unforeseen(failure: Exception) -> bool:
    """Say that a page failed in a way nobody foresaw; the log of the server tells the rest."""
    _LOG.error("A page failed", exc_info=failure)
    with st.container(key="unforeseen"):
        st.error(
            _("This page cannot be shown just now. The others still can; the server's log says what happened."),
            icon=":material/error:",
        )
    return True
