"""The controls for the period and the moment. Both are kept in the address."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from hashlib import sha256

import streamlit as st

from queries.engine.filters import Filters
from queries.figures.figures import City
from safe_text import streamlit_label
from ui.address import periods
from ui.address.controls import rewrite
from ui.address.moments import day_first, example
from ui.address.periods import CALENDAR, REPORTING, ROLLING, USUAL_PERIOD
from ui.address.url_filters import ParsedFilters, Remark
from ui.base.i18n import _, moment
from ui.base.streamlit_internals import DeltaGenerator

_EARLIEST = date(1990, 1, 1)  # earlier moments cannot be asked for
_STEP = timedelta(minutes=15)
_BRIEFING = time(8)
"""When the Monday briefing begins."""
_NO_DAYS: dict[str, str | None] = {"from": None, "to": None}


def said(found: ParsedFilters, city: City, query: dict[str, list[str]], *, period: bool) -> list[str]:
    """Return the chosen period, if one matters, and the moment, if it is not now, in a few words."""
    words = [_period_said(found, city, query)] if period else []
    return [*words, moment(found.filters.at.astimezone(city.zone))] if "at" in query else words


def period(found: ParsedFilters, city: City, query: dict[str, list[str]]) -> None:
    """Draw the choice of the period: by name, or from one day to another."""
    filters = found.filters
    named = "" if _free(query) else next(iter(query.get("period", ())), USUAL_PERIOD)

    def plain(name: str) -> str:
        """Return the words for a period."""
        return periods.period_name(name, filters.at, city)

    def with_days(name: str) -> str:
        """Return the words for a period, with its days."""
        return periods.with_days(name, filters.at, city)

    with _opened(_("Period"), _period_said(found, city, query), "date_range", key="when_period"):
        _one_named(_("Recent days"), "rolling", ROLLING, named, plain, flat=True)
        left, right = st.columns([4, 5])
        with left:
            _one_named(_("Calendar weeks and months"), "calendar", CALENDAR, named, with_days)
            days = dict(zip(("from", "to"), _days(filters), strict=True))
            keys = {word: _key(word) for word in days}
            form, today = _form(city), _today(filters, city)
            for word, label in (("from", _("From")), ("to", _("To, this day included"))):
                st.date_input(
                    streamlit_label(label),
                    value=days[word],
                    key=keys[word],
                    min_value=_EARLIEST,
                    max_value=max(today, days[word]),
                    format=form,
                    on_change=_write_days,
                    args=(word, keys, today),
                )
        with right:
            _one_named(_("Reporting periods"), "reporting", REPORTING, named, with_days)


def at(found: ParsedFilters, city: City, query: dict[str, list[str]], *, now: datetime) -> None:
    """Draw the choice of the moment: now, a day and a time, or the last Monday's briefing."""
    local = found.filters.at.astimezone(city.zone)
    chosen = "at" in query
    with _opened(_("Moment"), moment(local) if chosen else _("Now"), "schedule", key="when_moment"):
        key = _key("at")
        today = now.astimezone(city.zone).date()
        st.datetime_input(
            _("Show the figures as of"),
            value=local.replace(tzinfo=None, second=0, microsecond=0) if chosen else None,
            key=key,
            min_value=datetime.combine(_EARLIEST, time.min),
            max_value=datetime.combine(today, time(23, 59)),
            format=_form(city),
            step=_STEP,
            on_change=_write_moment,
            args=(key,),
        )
        monday = datetime.combine(today - timedelta(days=today.weekday()), _BRIEFING, city.zone)
        monday = monday if monday <= now else monday - timedelta(days=7)
        with st.container(horizontal=True):
            st.button(
                _("Now"), icon=":material/bolt:", key="at_now", disabled=not chosen, on_click=_go_to, args=(None,)
            )
            st.button(
                _("Monday, {moment}", moment=moment(monday)), key="at_monday", on_click=_go_to, args=(_written(monday),)
            )


def told(remark: Remark, found: ParsedFilters, city: City) -> str:
    """Return a sentence about a time in the address that could not be used as written, and what is shown instead."""
    at = found.filters.at.astimezone(city.zone)
    words = " – ".join(remark.words)
    if remark.why == "moment":
        return _(
            "“{words}” cannot be read as a date and time. Write it like {example}.",
            words=words,
            example=example(at, city.country),
        )
    if remark.why == "future":
        return _("“{words}” is in the future. The page shows the present, {now}.", words=words, now=moment(at))
    if remark.why == "period":
        return _(
            "The period “{words}” begins after it ends, or after the moment shown. The page shows {period}.",
            words=words,
            period=periods.in_words(found.filters),
        )
    return _(
        "The period ends at “{words}”, after the moment shown. It is counted up to {at}.", words=words, at=moment(at)
    )


def _opened(label: str, chosen: str, icon: str, *, key: str) -> DeltaGenerator:
    """Draw a button with the current choice, under a label like the other filters, and return its popover."""
    with st.container(key=f"{key}_box", width="content", gap=None):
        st.markdown(streamlit_label(label))
        return st.popover(streamlit_label(chosen), icon=f":material/{icon}:", key=key)


def _one_named(
    label: str,
    kind: str,
    options: Sequence[str],
    named: str,
    words: Callable[[str], str],
    *,
    flat: bool = False,
) -> None:
    """Draw one group of named periods; the chosen one may be in another group."""
    key, chosen = _key(kind), named if named in options else None
    shown = streamlit_label(label)

    def said(option: str) -> str:
        """Return the words for an option."""
        return streamlit_label(words(option))

    if flat:
        st.segmented_control(
            shown, options, default=chosen, format_func=said, key=key, on_change=_write_named, args=(key,)
        )
    else:
        index = options.index(chosen) if chosen else None
        st.radio(shown, options, index=index, format_func=said, key=key, on_change=_write_named, args=(key,))


def _key(word: str) -> str:
    """Return a control's key at this address.

    At another address it is another control. After a quick Back, the state of the page that was left arrives with the
    next address; no control there has that key, so the state is ignored.
    """
    query = sorted((name, *st.query_params.get_all(name)) for name in st.query_params)
    return f"choose_{word}_{sha256(repr(query).encode()).hexdigest()[:12]}"


def _period_said(found: ParsedFilters, city: City, query: dict[str, list[str]]) -> str:
    if _free(query):
        return periods.in_words(found.filters)
    return periods.period_name(next(iter(query.get("period", ())), USUAL_PERIOD), found.filters.at, city)


def _free(query: dict[str, list[str]]) -> bool:
    """Whether the address gives the period by its start or end."""
    return "from" in query or "to" in query


def _days(filters: Filters) -> tuple[date, date]:
    """Return the first and the last day of the period."""
    start, end = filters.start.astimezone(filters.zone), filters.end.astimezone(filters.zone)
    last = (end - timedelta(microseconds=1)).date() if end > start else start.date()
    return max(start.date(), _EARLIEST), max(last, _EARLIEST)


def _today(filters: Filters, city: City) -> date:
    return filters.at.astimezone(city.zone).date()


def _form(city: City) -> str:
    return "DD/MM/YYYY" if day_first(city.country) else "MM/DD/YYYY"


def _written(local: datetime) -> str:
    """Return a moment of the city's local time as an address writes it."""
    return f"{local:%Y-%m-%dT%H:%M}"


def _write_named(key: str) -> None:
    chosen = st.session_state[key]
    if chosen is not None:  # None: the selected option was pressed again
        rewrite(**_NO_DAYS, period=None if chosen == USUAL_PERIOD else chosen)


def _write_days(changed: str, keys: dict[str, str], today: date) -> None:
    first, last = st.session_state[keys["from"]], st.session_state[keys["to"]]
    if first is None or last is None:  # a day was cleared
        rewrite(**_NO_DAYS)
        return
    if first > last:
        first, last = (first, first) if changed == "from" else (last, last)
    goes_on = last >= today  # an end of today or later means: up to the moment
    rewrite(period=None, **{"from": first.isoformat(), "to": None if goes_on else last.isoformat()})


def _write_moment(key: str) -> None:
    chosen: datetime | None = st.session_state[key]
    rewrite(at=_written(chosen) if chosen else None)


def _go_to(written: str | None) -> None:
    """Write a moment into the address; None: now."""
    rewrite(at=written)
