"""The age of what a screen shows, counted in the browser so that it goes on when the server does not answer.

Each heartbeat gives the time, and until when the page was verified (ui/live/heartbeat.py). From there the browser
counts. Without heartbeats its words turn from green to amber to red at the limits of an answer's age (thresholds.toml),
and name the cause: no answer, another server's answer, signed out, no WebSocket. If the database is a copy, the limits
of a copy's age apply, and the words say that it is behind.
"""

from functools import cache
from pathlib import Path
from typing import Any

from ui.base.i18n import _, language, locale_tag
from ui.base.streamlit_internals import ComponentRenderer, component
from ui.base.thresholds import thresholds
from ui.live import watch

_HERE = Path(__file__).parent


def show(*, wall: bool = False) -> None:
    """Draw the clock and the age in the viewer's language; a wall draws them itself."""
    pulse = watch.watcher().pulse
    city = pulse.city
    limits = thresholds().copy if pulse.is_copy else thresholds().answer
    slow = _("No fresh figures for {age}")
    if pulse.copy_level != "green":
        slow = _("This copy of the database is {age} behind")
    data: dict[str, Any] = {
        "zone": city.time_zone if city else "UTC",
        "language": language(),
        "locale": locale_tag(),
        "amber": limits.amber * 1000,
        "red": limits.red * 1000,
        "wall": wall,
        "words": {
            "green": _("Figures checked {age} ago"),
            "slow": slow,
            "away": _("The database has not answered for {age}"),
            "lost": _("The server has not answered for {age}"),
            "address": _("For {age} another server has answered at this address: the proxy must pass on /beat"),
            "signed_out": _("No figures for {age}: you are signed out"),
            "sign_in": _("Sign in again"),
            "socket": _("No new figures for {age}: the connection to the server (WebSocket) does not get through"),
            "alarm": _("These figures are {age} old"),
        },
    }
    _age()(data=data, key="age", width="content")


@cache
def _age() -> ComponentRenderer:
    words = '<i></i><b class="figures"></b><span role="status"></span><a hidden></a>'
    html = f'<div class="age-place"><div class="panel age">{words}</div></div>'
    return component("age", _HERE / "age.js", html=html)
