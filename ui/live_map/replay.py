"""A day in a minute on the map: the 24 hours before the page's moment, half an hour a step.

Only the map and its legend follow; the rest of the page keeps its moment. The step shown is computed from the time
since the start, so that a page redrawn in between continues.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import streamlit as st

from queries.engine.database import DatabaseAway, NotAReportDatabase
from safe_text import streamlit_label
from ui.address.url_filters import parse_filters
from ui.base.html_panel import panel
from ui.base.i18n import _, day
from ui.base.run import Run

_STEP = timedelta(minutes=30)
_STEPS = 48
_SECONDS_A_STEP = 1.25
_STARTED = "replay_started"


def control() -> None:
    """Draw the button that starts and stops the replay."""
    playing = _STARTED in st.session_state
    words = _("Stop") if playing else _("Play 24 hours in a minute")
    icon = ":material/stop:" if playing else ":material/play_arrow:"
    st.button(streamlit_label(words), icon=icon, key="replay", on_click=_stop if playing else _start)


def played(run: Run, draw: Callable[[Run], None]) -> None:
    """Draw a map, or during a replay the map at each step. Raises DatabaseAway.

    The replay stops if a step fails.
    """
    if _STARTED not in st.session_state:
        st.container()  # reserves the line of the moment, so that the map does not move
        draw(run)
        return

    @st.fragment(run_every=_SECONDS_A_STEP)
    def step() -> None:
        """Draw the next moment of the replay, or end it."""
        started = st.session_state.get(_STARTED)
        done = _STEPS if started is None else int((time.monotonic() - started) / _SECONDS_A_STEP)
        if done >= _STEPS:
            _stop()
            st.rerun()
        try:
            then = at_step(run, done)
            with st.container():
                _say(then, done)
            draw(then)
        except (DatabaseAway, NotAReportDatabase):  # the page itself reports the trouble
            _stop()
            st.rerun()

    step()


def at_step(run: Run, step: int) -> Run:
    """Return the same choices at a step of the day: 0 is 24 hours before the page's moment, _STEPS is that moment.

    Raises DatabaseAway.
    """
    moment: datetime = run.filters.at - (_STEPS - step) * _STEP
    query = run.query | {"at": [moment.isoformat()]}
    found = parse_filters(query, reports=run.reports, city=run.city, now=run.filters.at, scope=run.filters.scope)
    return replace(run, filters=found.filters, query=query, live=False)


def _say(then: Run, step: int) -> None:
    moment = then.local(then.filters.at)
    words = _("State at {time} on {day}", time=f"{moment:%H:%M}", day=day(moment))
    panel("replay", key="replay_moment", words=words, part=round(100 * step / _STEPS, 1))


def _start() -> None:
    st.session_state[_STARTED] = time.monotonic()


def _stop() -> None:
    st.session_state.pop(_STARTED, None)
