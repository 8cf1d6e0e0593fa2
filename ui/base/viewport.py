"""The viewer's window: sends it the style sheets and learns its size, so that maps and charts fit.

The type of a page grows on windows wider than a desk's (ui/base/page.css), because an operations room's screen is read
from five metres. Maps and charts, drawn in pixels, grow by the same `scale`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ui.base import html_panel
from ui.base.i18n import _, language

_HERE = Path(__file__).parent
_PHONE = 640  # pixels; the style sheets change at the same width
_LARGEST = 20_000


@dataclass(frozen=True)
class Screen:
    """A window's size in pixels when its page was loaded, and its type scale relative to a desk's.

    If not `webgl`, the browser cannot draw deck.gl's maps.
    """

    width: int = 1600
    height: int = 950
    scale: float = 1.0
    webgl: bool = True

    @property
    def phone(self) -> bool:
        """Whether it is as narrow as a phone."""
        return self.width <= _PHONE


def begin(viewer: str) -> None:
    """Send the page its style sheets and ask for the window's size; a size that is not the known one runs it again.

    `viewer` is the name of the viewer's session.

    A session that begins in a page which is there already, because the dashboard was started again under it, hears of
    the window with its first run.
    """
    known = screen()
    answer = _component()(
        data={
            "viewer": viewer,
            "page": _styles(),
            "panels": html_panel.styles(),
            "language": language(),
            "time": _("Time"),
            "theme": st.context.theme.type,
            "known": [known.width, known.height, known.scale, known.webgl],
            "type": st.get_option("theme.baseFontSize"),
        },
        key="screen",
        on_window_change=lambda: None,
    )
    if answer.window:
        st.session_state["window"] = read(answer.window)


def screen() -> Screen:
    """Return the viewer's window; until the browser has said how large it is, one at a desk."""
    kept: Screen = st.session_state.get("window", Screen())
    return kept


def pixels(at_desk: float) -> int:
    """Return how many pixels on this viewer's screen are so many at a desk."""
    return round(at_desk * screen().scale)


def sized(key: str) -> str:
    """Return the key of a map that is framed for this viewer's window.

    A window that turns out to be another makes another map of it: one that is being drawn may keep its old view.
    """
    seen = screen()
    return f"{key}-{seen.width}-{seen.height}"


def read(said: Any) -> Screen:
    """Return the window a browser tells of; what no window can be is taken for one at a desk."""
    try:
        width, height, scale = (float(number) for number in said[:3])
    except (TypeError, ValueError):
        return Screen()
    if not (0 < width < _LARGEST and 0 < height < _LARGEST and 0.5 <= scale <= 5):
        return Screen()
    return Screen(round(width), round(height), scale, webgl=said[3:] != [False])


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("screen", html="<i></i>", js=(_HERE / "screen.js").read_text())


@cache
def _styles() -> str:
    return (_HERE / "page.css").read_text()
