"""The filter bar above every page."""

from contextlib import ExitStack
from datetime import datetime

import streamlit as st

from queries.engine.database import ReportDatabase
from queries.engine.filters import SEVERITIES
from queries.engine.scope import Scope
from queries.figures.figures import City, Dimension, labels
from queries.privacy.small_numbers import FEWEST, STEP, settled
from safe_text import streamlit_label
from ui.address import map_cell, when
from ui.address.controls import PAGE, one_of, some_of
from ui.address.links import address
from ui.address.url_filters import CHOICES, NOBODY, SEVERITY, ParsedFilters, parse_filters
from ui.base import levels
from ui.base.html_panel import panel
from ui.base.i18n import FEW, LANGUAGES, _, language, moment, offered
from ui.base.run import Run
from ui.base.viewport import viewport

_CHIPS: tuple[Dimension, ...] = ("ward", "unit")


def choose(
    reports: ReportDatabase,
    city: City,
    *,
    now: datetime,
    default: datetime,
    page: str,
    offered: bool,
    timed: bool,
    nowhere: tuple[str, ...],
    scope: Scope,
) -> Run:
    """Draw the filters above a page and return the parsed address.

    `now` is the latest possible moment, `default` the one used if the address names none, `scope` the cases the viewer
    may read. A page that counts nothing is `offered` only the language; a page that does not depend on the period is
    not `timed`. `nowhere` are the parts of the address that name no page. Raises DatabaseAway.
    """
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    found = parse_filters(query, reports=reports, city=city, now=now, default=default, scope=scope)
    query = found.understood(query)
    if offered:
        _offer(reports, found, city, query, now=now, timed=timed)
    else:
        with st.container(horizontal=True, horizontal_alignment="right", key="filters"):
            _language()
    if chips := _chips(query, reports, city, found):
        panel("chips", key="chips", chips=chips)
    # Values of an address are untrusted: a template escapes them; Streamlit's own notice would read Markdown.
    reported = {word for remark in found.remarks for word in remark.words}
    if unrecognised := [*nowhere, *(word for word in found.unrecognised if word not in reported)]:
        panel("notice", key="notice", words=", ".join(unrecognised[:5]))
    for number, remark in enumerate(found.remarks):
        panel("notice", key=f"notice_time_{number}", says=when.told(remark, found, city))
    latest = now if scope.counts_exactly else settled(now, city.zone)
    live = now == default and found.filters.at == latest
    run = Run(reports, city, found.filters, live=live, query=query, page=page)
    if offered and run.rounded:
        panel("rounded", key="rounded", says=_rounded(found, city))
    return run


def _shown(reports: ReportDatabase) -> tuple[Dimension, ...]:
    """Return the dimensions with their own control: areas of the city's level, category and channel."""
    return (*((levels.default(reports),) if levels.present(reports) else ()), "category", "channel")


def _offer(
    reports: ReportDatabase,
    found: ParsedFilters,
    city: City,
    query: dict[str, list[str]],
    *,
    now: datetime,
    timed: bool,
) -> None:
    """Draw every filter: in a row, or on a phone inside an expander that names the choices."""
    titles = {"category": _("Category"), "channel": _("Channel")}
    titles |= {level: levels.one(city, level) for level in levels.AREAS}
    shown = _shown(reports)
    severities = {"urgent": _("Urgent"), "complex": _("Complex"), "normal": _("Normal")}
    known = {dimension: labels(reports, dimension, language()) for dimension in shown}
    with ExitStack() as folded:
        if viewport().phone:
            chosen = [known[word][value] for word in shown for value in query.get(word, []) if value in known[word]]
            chosen += [severities[value] for value in query.get(SEVERITY, [])]
            said = [*when.said(found, city, query, period=timed), *chosen]
            folded.enter_context(
                st.expander(
                    streamlit_label(" · ".join(said) or _("Filters")), icon=":material/tune:", key="filters_fold"
                )
            )
        with st.container(horizontal=True, vertical_alignment="top", key="filters"):
            if timed:
                when.period(found, city, query)
            when.at(found, city, query, now=now)
            for word in shown:
                some_of(titles[word], word, list(known[word]), words=known[word].__getitem__, nothing=_("All"))
            some_of(_("Severity"), SEVERITY, SEVERITIES, words=severities.__getitem__, nothing=_("All"))
            _language()


def _language() -> None:
    known, choices = {"vi": "Tiếng Việt", "en": "English"}, offered()
    if len(choices) > 1:
        shown = [code for code in LANGUAGES if code in choices]  # in one order, whichever is the viewer's default
        one_of(_("Language"), "lang", shown, default=choices[0], words=known.__getitem__, says=False)


def _rounded(found: ParsedFilters, city: City) -> str:
    """Return why this viewer's counts are rounded and how to read them (queries.small_numbers)."""
    at = moment(settled(found.filters.at, city.zone).astimezone(city.zone))
    words = _(
        "Figures of {at}, rounded down to a multiple of {step} so that no single report can be inferred "
        "from them: {low} means {low} to {high}, {few} means 0 to {step}. Totals are rounded separately "
        "and may differ from the sum of their parts. Shares of fewer than {fewest} are not shown.",
        at=at,
        step=STEP,
        low=4 * STEP,
        high=5 * STEP,
        few=FEW,
        fewest=FEWEST,
    )
    if not found.filters.scope.units:
        return words
    own = _("Reports of your own units are counted exactly; on your unit's page everything is.")
    return f"{words} {own}"


def _chips(
    query: dict[str, list[str]], reports: ReportDatabase, city: City, found: ParsedFilters
) -> list[dict[str, str]]:
    """Return the address's choices that no filter control shows, each with a link that removes it."""
    filters = found.filters
    titles = {level: levels.one(city, level) for level in levels.AREAS} | {"unit": _("Unit"), "officer": _("Officer")}
    hidden = [word for word in _CHIPS if word not in _shown(reports)]
    without = {"district": _("not located"), "ward": _("not located"), "unit": _("none"), "officer": _("not assigned")}
    chips = []
    query = {key: value for key, value in query.items() if key != PAGE}  # the page number belongs to another list
    for word, title in titles.items():
        for value in query.get(word, []):
            known = labels(reports, CHOICES[word], language()) if word in CHOICES else {}
            if value == NOBODY:
                words = without[word]
            elif word == "officer":
                words = value
            elif word in hidden and value in known:
                words = known[value]
            else:
                continue
            rest = query | {word: [other for other in query[word] if other != value]}
            chips.append({"label": title, "value": words, "href": address("?", **rest)})
    if filters.square:
        rest = {key: value for key, value in query.items() if key != map_cell.WORD}
        chips.append({"label": _("Square"), "value": map_cell.in_words(filters.square), "href": address("?", **rest)})
    if "at" in query:
        rest = {key: value for key, value in query.items() if key != "at"}
        understood = query["at"][0] not in found.unrecognised
        value = moment(filters.at.astimezone(filters.zone)) if understood else query["at"][0]
        chips.append({"label": _("Moment"), "value": value, "href": address("?", **rest)})
    return chips
