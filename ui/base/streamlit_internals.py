"""The undocumented parts of Streamlit that we use, and why. No other file names any of them.

ui/base/streamlit.js is its counterpart in the browser, and ui/base/page.css the only style sheet that names Streamlit's
own elements. tests/test_streamlit_contract.py fails where a new version of Streamlit changes one of these parts.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit import config, file_util
from streamlit.components.v2.types import ComponentRenderer
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

__all__ = ["ComponentRenderer", "DeltaGenerator", "StreamlitSecretNotFoundError"]  # as types, and to be caught

_COMMENT_LINE: Final = re.compile(r"^\s*//.*\n", re.MULTILINE)
_SCRIPT: Final = Path(__file__).parent / "streamlit.js"
CORE: Final = "_stcore"
"""The folder of Streamlit's own routes."""
HEALTH, HOST_CONFIG, STREAM = (f"/{CORE}/{name}" for name in ("health", "host-config", "stream"))
"""Its routes that a viewer's browser needs: the health check, settings of the frame, and the WebSocket."""
NOT_NEEDED: Final = (("component",), ("app", "static"))
"""First segments of Streamlit's paths that no viewer needs: components of the old kind, a folder of files."""
ASSETS: Final = "/static/"
"""The path of its scripts and style sheets."""
SIGN_IN: Final = ("/auth/", "/oauth2callback")
"""Paths of its sign-in."""
ELEMENTS: Final = frozenset({
    "InputInstructions", "stApp", "stButtonGroup", "stCode", "stColumn", "stDateTimeInputPopoverTime",
    "stDeckGlJsonChart", "stForm", "stHeader", "stHeading", "stHorizontalBlock", "stMainBlockContainer",
    "stMarkdownContainer", "stPlotlyChart", "stPopoverButton", "stRadio", "stStatusWidget", "stStatusWidgetRunningIcon",
})  # fmt: skip
"""Its elements (`data-testid`) that ui/base/page.css and ui/base/streamlit.js name."""
CLASSES: Final = frozenset({"stApp", "stDialog", "stElementContainer", "stTooltipIcon"})
"""Its classes that they name, besides `st-key-...`, which is documented."""


def component(name: str, *scripts: Path, html: str) -> ComponentRenderer:
    """Register a component drawn in the page itself; its scripts may call the functions of ui/base/streamlit.js."""
    return st.components.v2.component(name, html=html, js=browser_script(*(file.read_text() for file in scripts)))


def browser_script(*scripts: str) -> str:
    """Return scripts as one, after the functions of ui/base/streamlit.js, without the lines that only comment.

    A run sends a component's script with each of its panels.
    """
    return _COMMENT_LINE.sub("", "\n".join((_SCRIPT.read_text(), *scripts)))


def document() -> str:
    """Return the HTML document that Streamlit serves for every page; we add a script and need the document's hash."""
    return Path(file_util.get_static_dir(), "index.html").read_text()


def intended_page() -> str:
    """Return the page that the browser's address names; st.navigation only returns the page it runs instead."""
    run = get_script_run_ctx()
    return (run and run.pages_manager.intended_page_name) or ""


def forget_intended_page() -> None:
    """Let st.navigation take the default page silently: its "page not found" message is only in English."""
    if run := get_script_run_ctx():
        run.pages_manager.set_script_intent("", "")


def signed_in_user(cookies: Mapping[str, str]) -> bytes | None:
    """Return the claims (JSON) in the cookie of Streamlit's sign-in, None without one or with a false signature.

    st.user has them in a page's run; our routes have the request alone.
    """
    return _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)


def option(name: str) -> Any:
    """Return a setting. Within a page's run st.get_option returns the same, but it also counts its use."""
    return config.get_option(name)


def is_set(name: str) -> bool:
    """Whether a setting was set explicitly, not left at Streamlit's default."""
    return config.is_manually_set(name)


def tie_sessions_to(headers: Mapping[str, str]) -> None:
    """Have Streamlit tie each session to these headers of its first request (each with a name for st.user).

    st.set_option refuses settings of the server, and this one is derived from our own settings.
    """
    config.set_option("server.trustedUserHeaders", dict(headers))
