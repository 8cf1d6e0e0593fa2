"""A wall screen: scenes that the browser turns, redrawn when a figure changes, and never blank.

All scenes are sent at once; choosing the scene, the clock and the age of the figures need no server.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from cachetools import LRUCache

from queries.access.accounts import Account
from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.engine.scope import FIGURES, NOTHING
from queries.figures.figures import NoCity, labels
from queries.privacy.small_numbers import STEP, settled
from safe_text import log_error, log_text, one_line
from ui.access import accounts, languages
from ui.address import when
from ui.address.url_filters import parse_filters
from ui.base import html_panel
from ui.base.i18n import _, language, moment, name, rounding, speaking
from ui.base.run import Run
from ui.base.states import severity
from ui.base.streamlit_internals import ComponentRenderer, component
from ui.base.theme import AMOUNT_STEPS, AMOUNT_STEPS_DARK, OVERDUE_STEPS, OVERDUE_STEPS_DARK
from ui.live import data_age, freshness, watch
from ui.wall import screen_cookie, screens, wall_scenes
from ui.wall.screen_cookie import SCREEN
from ui.wall.screens import WallScreen

_LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_COLOURS = {
    "background": "backgroundColor",
    "secondary-background": "secondaryBackgroundColor",
    "text": "textColor",
    "primary": "primaryColor",
    "border": "borderColor",
    "red": "redColor",
    "orange": "orangeColor",
    "green": "greenColor",
    "blue": "blueColor",
    "gray": "grayColor",
}
_RESUME = 60  # seconds without a touch after which the scenes turn again

_last: LRUCache[WallScreen, dict[str, Any]] = LRUCache(64)
"""The last content of each screen, shown again while the database is away."""


def show() -> None:
    """Draw the screen of the address, or a plain page if its token is missing or wrong."""
    st.session_state["wall"] = screen = _opened()()
    if screen is None:
        html_panel.panel("wall_refused", key="wall_refused")
        return
    screens.alive(screen.name)
    city = watch.watcher().pulse.city
    spoken = languages.of_screen(screen.language, city), city.country if city else None
    with speaking(*spoken), rounding(screen.audience != "leadership"):
        data_age.show(wall=True)
        _component()(data=_browser_data(screen), key="wall")


def is_still_valid() -> Callable[[], bool]:
    """Return a check for the heartbeat: notes that the screen is alive, and is false when its settings have changed."""
    opened = _opened()
    screen: WallScreen | None = st.session_state["wall"]

    def as_it_was() -> bool:
        if screen is not None:
            screens.alive(screen.name)
        return opened() == screen

    return as_it_was


def _opened() -> Callable[[], WallScreen | None]:
    """Return a function that returns this session's screen, now and later, when its token may have changed.

    The address names the screen; its token is in a cookie (ui/server/entry.py).
    """
    name = st.query_params.get(SCREEN, "")
    token = screen_cookie.token_in(dict(st.context.cookies), name)
    asker = accounts.asker()
    return lambda: _for(asker(), name, token)


def _for(viewer: Account | accounts.Stranger, name: str, token: str) -> WallScreen | None:
    """Return the opened screen; one without a token shows its viewer no more than the pages do."""
    screen = screens.opened(name, token, known_viewer=_is_known(viewer))
    if screen is None or screen.token_sha256 or (isinstance(viewer, Account) and viewer.scope.reads_all):
        return screen
    return replace(screen, audience="public")


def _is_known(viewer: Account | accounts.Stranger) -> bool:
    """Whether a viewer has an account, or counts as known where nobody signs in."""
    return isinstance(viewer, Account) and viewer != accounts.ANYBODY


def _browser_data(screen: WallScreen) -> dict[str, Any]:
    """Return the content for the browser: the current scenes, or the last ones that could be drawn."""
    try:
        data = _last[screen] = _drawn(screen)
    except (DatabaseAway, NotAReportDatabase, NoCity) as trouble:
        data = _kept(screen, trouble)
    except Exception as failure:  # a wall must not go blank; its age shows that it is not current
        _LOG.error("A wall could not be redrawn\n%s", log_error(failure))
        data = _kept(screen, failure)
    return data


def _kept(screen: WallScreen, trouble: Exception) -> dict[str, Any]:
    watch.viewer().not_drawn()
    empty = isinstance(trouble, NoCity)
    words = _("There are no reports yet.") if empty else _("The figures come as soon as the database answers.")
    waiting = {"name": "waiting", "title": "", "words": "", "html": html_panel.render("wall_waiting", {"words": words})}
    settings = _settings(screen)
    settings["says"]["quiet"] = ""  # unknown now
    return _last.get(screen) or settings | {"city": "", "moment": "", "scenes": [waiting], "ticker": []}


def _drawn(screen: WallScreen) -> dict[str, Any]:
    pulse = watch.viewer().pulse
    if pulse.city is None:
        raise pulse.trouble or DatabaseAway()
    reports = watch.watcher().reports
    scope = FIGURES if screen.audience == "leadership" else NOTHING
    found = parse_filters(
        screen.query, reports=reports, city=pulse.city, now=pulse.at, default=pulse.default, scope=scope
    )
    latest = pulse.at if found.filters.exact else settled(pulse.at, pulse.city.zone)
    now = pulse.at == pulse.default and found.filters.at == latest
    run = Run(reports, pulse.city, found.filters, live=now, query=screen.query, page="wall")
    made: dict[str, Any] = run.shared(("wall", screen), lambda: content(run, screen))
    fresh = freshness.freshness(pulse, run)
    said = "" if fresh.tone == "good" else fresh.beside_clock or fresh.words
    if found.unrecognised:
        _complain(screen, found.unrecognised)
        unknown = _("screens.toml: unknown values: {words}", words=", ".join(found.unrecognised))
        said = f"{said} · {unknown}" if said else unknown  # one does not replace the other
    for remark in (remark for remark in found.remarks if remark.why == "future"):
        said = " · ".join(filter(None, [said, when.told(remark, found, pulse.city)]))
    return made | {"moment": said}


@cache
def _complain(screen: WallScreen, unrecognised: tuple[str, ...]) -> None:
    _LOG.warning("Screen %s has unknown values: %s", log_text(screen.name), log_text(", ".join(unrecognised)))


def content(run: Run, screen: WallScreen) -> dict[str, Any]:
    """Return a screen's content for the browser: scenes, ticker, settings. Raises DatabaseAway."""
    known = wall_scenes.scenes()
    scenes = []
    single = {"newest"} if run.rounded else set()  # scenes that show single cases
    for scene in [scene for scene in screen.scenes if scene not in single] or ["figures"]:
        words, make = known[scene]
        values = make(run, screen)
        html = html_panel.render(f"wall_{scene}", values)
        scenes.append({"name": scene, "title": values["title"], "words": words, "html": html})
    settings = _settings(screen)
    if run.rounded:
        at = moment(run.local(run.filters.at))
        settings["says"]["quiet"] = _("Figures of {at}, rounded down to a multiple of {step}", at=at, step=STEP)
    return settings | {
        "city": _of_what(run, screen),
        "scenes": scenes,
        "ticker": [html_panel.render("wall_ticker", {"case": case}) for case in wall_scenes.ticker(run)],
    }


def _of_what(run: Run, screen: WallScreen) -> str:
    """Return what the figures cover: the city, or the districts and severities of the screen."""
    known = labels(run.reports, "district", language())
    city = name({"name_vi": run.city.name_vi, "name_en": run.city.name_en})
    grave = [severity(one) for one in run.filters.severities]
    return " · ".join([city, *(one_line(known[code]) for code in screen.districts if code in known), *grave])


def _settings(screen: WallScreen) -> dict[str, Any]:
    return {
        "seconds": screen.seconds,
        "resume": _RESUME,
        "theme": screen.theme,
        "zoom": screen.zoom,
        "shift": screen.shift,
        "language": language(),
        "themes": {
            "dark": _colours("dark", OVERDUE_STEPS_DARK, AMOUNT_STEPS_DARK),
            "light": _colours("light", OVERDUE_STEPS, AMOUNT_STEPS),
        },
        "says": {
            "product": _("Citizens' reports"),
            "paused": _("paused, {seconds} s"),
            "quiet": _("No new urgent report in the last {count} hours", count=wall_scenes.TICKER_HOURS),
            "urgent": _("New and urgent"),
        },
    }


def _colours(theme: str, steps: tuple[str, ...], amounts: tuple[str, ...]) -> dict[str, str]:
    """Return a theme's colours as the variables of the panels' style sheets."""
    colours = {f"--st-{word}-color": str(st.get_option(f"theme.{theme}.{key}")) for word, key in _COLOURS.items()}
    named = {"step": steps, "amount": amounts}
    colours |= {f"--{name}-{n}": colour for name, scale in named.items() for n, colour in enumerate(scale)}
    return colours | {"color-scheme": theme}


@cache
def _component() -> ComponentRenderer:
    return component("wall", _HERE / "wall.js", html=(_HERE / "wall.html").read_text())
