"""How old is what a screen shows: told by code in the browser, which goes on when the server does not.

The server sends a beat with each heartbeat: what time it is, and until when what is drawn was known to be true. From
then on the browser counts by itself. Without beats its words turn from green to amber to red, by the limits of an
answer's age (thresholds.toml).
"""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ui import live
from ui.thresholds import thresholds
from ui.words import _, language

_PANELS = Path(__file__).parent / "panels"


def begin() -> None:
    """Note that what this run draws is as true as the database's last answer; the run may take it back."""
    watcher = live.watcher()
    st.session_state["true_before"] = st.session_state.setdefault("true_at", None)
    if not watcher.pulse.trouble:
        st.session_state["true_at"] = watcher.looked_at


def not_drawn() -> None:
    """Take back `begin`: what is on the screen is what was there before."""
    st.session_state["true_at"] = st.session_state["true_before"]


def stays_at(moment: datetime) -> None:
    """Note that what this run draws was true at an earlier moment."""
    st.session_state["true_at"] = moment


def show(*, wall: bool = False) -> None:
    """Draw the clock and the age in the viewer's language; a wall draws them in its own way."""
    city = live.watcher().pulse.city
    limits = thresholds().answer
    data: dict[str, Any] = {
        "zone": city.time_zone if city else "UTC",
        "language": language(),
        "amber": limits.amber * 1000,
        "red": limits.red * 1000,
        "wall": wall,
        "words": {
            "green": _("Figures checked {age} ago"),
            "slow": _("No fresh figures for {age}"),
            "away": _("The database has not answered for {age}"),
            "lost": _("No word from the server for {age}"),
            "alarm": _("These figures are {age} old"),
        },
    }
    _age()(data=data, key="age", width="content")


def beat() -> None:
    """Send the browser a beat, as the heartbeat of each page and wall does: a few bytes, since it is sent so often."""
    watcher = live.watcher()
    drawn: live.Pulse = st.session_state["pulse"]
    if drawn.at == watcher.pulse.at and not watcher.pulse.trouble and st.session_state["true_at"] is not None:
        st.session_state["true_at"] = watcher.looked_at
    true_at: datetime = st.session_state["true_at"] or watcher.pulse.at
    away = watcher.pulse.trouble is not None
    _beat()(data=[_milliseconds(datetime.now(UTC)), _milliseconds(true_at), away], key="beat", width="content")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@cache
def _age() -> ComponentRenderer:
    words = '<i></i><b class="figures"></b><span role="status"></span>'
    html = f'<div class="age-place"><div class="panel age">{words}</div></div>'
    return st.components.v2.component("age", html=html, js=(_PANELS / "age.js").read_text())


@cache
def _beat() -> ComponentRenderer:
    js = "export default ({data}) => {\n  document.beat = [...data, performance.now(), Date.now()]\n}"
    return st.components.v2.component("beat", html="<i></i>", js=js)
