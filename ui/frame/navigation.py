"""The pages by path, and the links between them."""

import streamlit as st

from queries.access.accounts import Account
from queries.cases.cases import speaks_of_the_period
from queries.figures.figures import names
from ui.access import accounts
from ui.address.case_list import figure_of
from ui.address.links import address, carried
from ui.base.html_panel import panel
from ui.base.i18n import _, name
from ui.base.page_paths import (
    ACCESS,
    BACKLOG,
    CASES,
    DEFINITIONS,
    LIVE_MAP,
    OVERDUE,
    OVERVIEW,
    PATHS,
    REPORT,
    STATUS,
    UNIT,
    WALL,
)
from ui.base.run import Run
from ui.base.streamlit_internals import forget_intended_page, intended_page
from ui.live import watch
from ui.live.freshness import Freshness
from ui.wall import screens

_FILES = {path: path for path in PATHS} | {OVERVIEW: "overview", LIVE_MAP: "live_map"}
_NOT_IN_NAVIGATION = (UNIT, REPORT, STATUS)  # reached by links: from a unit, a case, the freshness note


def pages() -> list[st.Page]:
    """Return the pages in navigation order, titled in the viewer's language."""
    return [
        st.Page(
            f"../../pages/{file}.py",
            title=_titles()[path],
            url_path=path or None,
            default=path == OVERVIEW,
        )
        for path, file in (*_FILES.items(), (WALL, "wall"))
    ]


def turned_to() -> st.Page:
    """Return the page of the address, or the overview if it names none."""
    known = pages()
    named = intended_page()
    astray = bool(named) and named not in [page.url_path for page in known]
    if astray:
        forget_intended_page()
    page = st.navigation(known, position="hidden")
    if astray:
        st.session_state["nowhere"] = named, watch.address(page.url_path)
    return page


def open_own_unit(here: str, seen: Run, viewer: Account) -> None:
    """Send a unit head's new session from the overview to their unit's page, once, unless the address has a query.
    Stops the run.
    """
    opening = st.session_state.setdefault("opening", True)
    st.session_state["opening"] = False
    if not opening or here != OVERVIEW or viewer.role != "unit_head" or set(seen.query) - {"lang"}:
        return
    own = names(seen.reports, "unit")["code"].get(viewer.unit_id)
    if own:
        panel("turn", key="turn", href=address(UNIT, **carried(seen) | {"unit": own}), words=_("My unit"))
        st.stop()


def nowhere(here: str) -> tuple[str, ...]:
    """Return the path of the address that is no page, until the viewer makes a choice on the page shown instead."""
    named, led_to = st.session_state.get("nowhere", ("", ()))
    return (named,) if led_to == watch.address(here) else ()


def depends_on_the_period(here: str) -> bool:
    """Whether a page depends on the period; a list of cases does if its figure does."""
    return here != CASES or speaks_of_the_period(figure_of(st.query_params))


def header(here: str, seen: Run | None, freshness: Freshness, viewer: Account) -> None:
    """Draw the city's name, links to every page with the viewer's choices, and the freshness of the numbers.

    The wall is linked if it opens without a screen's token. `here` is this page's path; `viewer` gets links to the
    pages their role may open.
    """
    choices = carried(seen) if seen else {}
    own = names(seen.reports, "unit")["code"].get(viewer.unit_id) if seen and viewer.unit_id else None
    panel(
        "header",
        key="header",
        city=name({"name_vi": seen.city.name_vi, "name_en": seen.city.name_en}) if seen else "",
        home=address(OVERVIEW, **choices),
        status=address(STATUS, **choices) if accounts.may(viewer, STATUS) else "",
        freshness=freshness,
        links=[
            {"title": title, "href": address(path, **choices), "here": path == here}
            for path, title in _titles().items()
            if path in PATHS and path not in _NOT_IN_NAVIGATION and accounts.may(viewer, path)
        ],
        wall=address(WALL) if screens.opened("", "", known_viewer=viewer != accounts.ANYBODY) else "",
        role=accounts.role_name(viewer.role) if viewer.name else "",
        name=viewer.name,
        own=address(UNIT, **choices | {"unit": own}) if own else "",
    )


def _titles() -> dict[str, str]:
    return {
        OVERVIEW: _("Overview"),
        LIVE_MAP: _("Live map"),
        BACKLOG: _("Backlog"),
        OVERDUE: _("Overdue"),
        UNIT: _("Unit"),
        CASES: _("Cases"),
        REPORT: _("Case"),
        DEFINITIONS: _("Definitions"),
        STATUS: _("Status"),
        ACCESS: _("Access"),
        WALL: _("Wall"),
    }
