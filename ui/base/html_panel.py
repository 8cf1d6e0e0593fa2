"""Panels: what Streamlit has no element for, drawn from an HTML template whose values are escaped, with links inside.

A link leads to a page of ours with a query in its address. Opened in a new tab it is an ordinary address; clicked, it
turns the page without loading the application anew.
"""

import gzip
import re
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup
from streamlit.components.v2.types import ComponentRenderer

from safe_text import plain_text
from ui.base import i18n
from ui.base.run import Run

_ROOMS = Path(__file__).parents[1]
_LONG = 20_000  # bytes
_TO_CASES = re.compile(r' href="(?:cases|report)[.?][^"]*"')


class View:
    """What a template draws: a frozen dataclass, whose fields are the values of the template."""


class _Exact(str):
    """A value that comes back as it is, such as a code that a choice writes into the address: escaped, nothing else."""

    __slots__ = ()


def _shown(value: Any) -> Any:
    """Return a value of a template as a reader sees it; Jinja2 escapes it afterwards."""
    if not isinstance(value, str) or isinstance(value, (Markup, _Exact)):
        return value
    return plain_text(value)


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=DictLoader({file.name: file.read_text() for file in _ROOMS.rglob("*.html")}),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"_": i18n._, "number": i18n.number, "percent": i18n.percent, "duration": i18n.duration}
    templates.filters["exact"] = _Exact
    return templates


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        "panel",
        html='<div class="panel"></div>',
        js="\n".join((_ROOMS / file).read_text() for file in ("base/panel.js", "address/choices.js")),
    )


@cache
def styles() -> str:
    """Return the style sheet of all panels. It goes to a browser once (ui/base/viewport.py), not with each panel."""
    sheets = (file for file in _ROOMS.rglob("*.css") if file.name != "page.css")
    return "\n".join(file.read_text() for file in sorted(sheets, key=lambda file: file.name))


def panel(template: str, *, key: str, width: Literal["stretch", "content"] = "stretch", **values: Any) -> None:
    """Draw a room's `<template>.html` with its values; `key` tells this panel from the others of the page."""
    run: Run | None = st.session_state.get("viewing")
    html = render(template, values)
    _component()(data={"html": opened_by(run, html) if run else html}, key=key, width=width)


def shared_panel(run: Run, template: str, *, key: str, make: Callable[[], View | dict[str, Any]]) -> None:
    """Draw a panel that looks the same to every viewer of this address and moment; its values are made once for all."""
    data = run.shared(("panel", template, key), lambda: _packed(opened_by(run, render(template, make()))))
    _component()(data=data, key=key)


def opened_by(run: Run, html: str) -> str:
    """Return a panel without the ways to cases where its viewer can open none: numbers then stand for themselves."""
    return html if run.filters.scope.sees_cases else _TO_CASES.sub("", html)


def _packed(html: str) -> dict[str, str]:
    """Return what a panel is drawn from: its HTML; where that is long, packed to a twentieth, once for all viewers."""
    written = html.encode()
    if len(written) < _LONG:
        return {"html": html}
    return {"packed": b64encode(gzip.compress(written, mtime=0)).decode()}


def render(template: str, values: View | dict[str, Any]) -> str:
    """Return the HTML of a room's `<template>.html` with its values, escaped: of a view, its fields."""
    return _templates().get_template(f"{template}.html").render(vars(values) if isinstance(values, View) else values)
