"""Panels: what Streamlit has no element for, drawn from an HTML template whose values are escaped, with links inside.

A link leads to a page of ours with a query in its address. Opened in a new tab it is an ordinary address; clicked, it
turns the page without loading the application anew.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from streamlit.components.v2.types import ComponentRenderer

from ui import words
from ui.viewing import Viewing

_FOLDER = Path(__file__).parent / "panels"


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"_": words._, "number": words.number, "percent": words.percent, "duration": words.duration}
    return templates


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        "panel",
        html='<div class="panel"></div>',
        js=(_FOLDER / "panel.js").read_text(),
    )


@cache
def styles() -> str:
    """Return the style sheet of all panels. It goes to a browser once (ui/screen.py), not with each panel."""
    return "\n".join(file.read_text() for file in sorted(_FOLDER.glob("*.css")))


def panel(template: str, *, key: str, **values: Any) -> None:
    """Draw `panels/<template>.html` with its values; `key` tells this panel from the others of the page."""
    _component()(data={"html": _render(template, values)}, key=key)


def shared_panel(seen: Viewing, template: str, *, key: str, make: Callable[[], dict[str, Any]]) -> None:
    """Draw a panel that looks the same to every viewer of this address and moment; its values are made once for all."""
    html = seen.shared(("panel", template, key), lambda: _render(template, make()))
    _component()(data={"html": html}, key=key)


def _render(template: str, values: dict[str, Any]) -> str:
    return _templates().get_template(f"{template}.html").render(**values)


def address(page: str, /, **query: Any) -> str:
    """Return the address of a page with a query, relative to any page; "?" is the page itself.

    Empty values are left out of the query.
    """
    given = {name: value for name, value in query.items() if value not in (None, "", (), [])}
    return (page.rstrip("?") if page else "./") + ("?" + urlencode(given, doseq=True) if given or page == "?" else "")
