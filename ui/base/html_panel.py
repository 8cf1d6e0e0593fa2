"""Panels: HTML templates with escaped values and links, for what Streamlit has no element for.

A link leads to one of our pages with a query in its address. In a new tab it is an ordinary address; a click changes
the page without reloading the application.
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

from safe_text import plain_text
from ui.base import i18n
from ui.base.run import Run
from ui.base.streamlit_internals import ComponentRenderer, component

_ROOMS = Path(__file__).parents[1]
_LONG = 20_000  # bytes
_TO_CASES = re.compile(r' href="(?:cases|report)[.?][^"]*"')


class View:
    """What a template draws: a frozen dataclass, whose fields are the values of the template."""


class _Exact(str):
    """A value, such as a code that goes into the address, that is escaped but otherwise unchanged."""

    __slots__ = ()


def _shown(value: Any) -> Any:
    """Return a template's value as plain text; Jinja2 escapes it afterwards."""
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
    scripts = (_ROOMS / file for file in ("base/panel.js", "address/choices.js"))
    return component("panel", *scripts, html='<div class="panel"></div>')


@cache
def styles() -> str:
    """Return the style sheet of all panels. A browser gets it once (ui/base/viewport.py), not with each panel."""
    sheets = (file for file in _ROOMS.rglob("*.css") if file.name != "page.css")
    return "\n".join(file.read_text() for file in sorted(sheets, key=lambda file: file.name))


def panel(template: str, *, key: str, width: Literal["stretch", "content"] = "stretch", **values: Any) -> None:
    """Draw a room's `<template>.html` with its values; `key` is unique on the page."""
    run: Run | None = st.session_state.get("viewing")
    html = render(template, values)
    _component()(data={"html": opened_by(run, html) if run else html}, key=key, width=width)


def shared_panel(run: Run, template: str, *, key: str, make: Callable[[], View | dict[str, Any]]) -> None:
    """Draw a panel that is the same for every viewer of this address and moment; its values are made once for all."""
    data = run.shared(("panel", template, key), lambda: _packed(opened_by(run, render(template, make()))))
    _component()(data=data, key=key)


def opened_by(run: Run, html: str) -> str:
    """Return a panel without links to cases if its viewer may open none."""
    return html if run.filters.scope.sees_cases else _TO_CASES.sub("", html)


def _packed(html: str) -> dict[str, str]:
    """Return the data of a panel: its HTML, compressed if it is long. Shared by all viewers."""
    written = html.encode()
    if len(written) < _LONG:
        return {"html": html}
    return {"packed": b64encode(gzip.compress(written, mtime=0)).decode()}


def render(template: str, values: View | dict[str, Any]) -> str:
    """Return the HTML of a room's `<template>.html` with its values, escaped: of a view, its fields."""
    return _templates().get_template(f"{template}.html").render(vars(values) if isinstance(values, View) else values)
