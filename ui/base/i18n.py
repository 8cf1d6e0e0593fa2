"""Words, numbers and dates as a viewer reads them, in Vietnamese or English (ui/access/languages.py says which).

The code holds the English words; `locales/` holds the translations as standard gettext catalogues.
"""

import gettext
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd
import streamlit as st
from babel import Locale
from babel.localedata import locale_identifiers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from queries.privacy.small_numbers import FEWEST, STEP
from safe_text import one_line, plain_text

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LOCALES = Path(__file__).parents[2] / "locales"
NOTHING = "–"
FEW = f"≤{STEP}"
"""Stands for a count that is too small to be published exactly."""


_speaking: ContextVar[Language] = ContextVar("_speaking")
_country: ContextVar[str] = ContextVar("_country")
_rounded: ContextVar[bool] = ContextVar("_rounded")
_OFFERED, _OF_COUNTRY = "languages", "country"  # what a session keeps, for reruns of a part of a page
_ROUNDED = "counts_rounded"


@contextmanager
def speaking(code: Language, country: str | None = None) -> Iterator[None]:
    """Speak a language while the block runs: for code outside a page, where no viewer's address names one.

    Dates have the form of `country` (ISO 3166-1), if given.
    """
    token = _speaking.set(code)
    place = _country.set(country) if country else None
    try:
        yield
    finally:
        _speaking.reset(token)
        if place:
            _country.reset(place)


def offer(languages: Sequence[Language], country: str) -> None:
    """Keep for this session the languages the viewer may choose, the default first, and the country for date forms."""
    st.session_state[_OFFERED], st.session_state[_OF_COUNTRY] = tuple(languages), country
    _country.set(country)
    read_language()


def round_counts(yes: bool) -> None:
    """Keep whether this session reads published counts (queries.small_numbers), in which 0 means "few"."""
    st.session_state[_ROUNDED] = yes
    _rounded.set(yes)


@contextmanager
def rounding(yes: bool) -> Iterator[None]:
    """Read published counts, or exact ones, while the block runs."""
    token = _rounded.set(yes)
    try:
        yield
    finally:
        _rounded.reset(token)


def rounded() -> bool:
    """Whether counts are formatted as published ones."""
    kept = _rounded.get(None)
    if kept is None:
        kept = bool(st.session_state.get(_ROUNDED, False))
        _rounded.set(kept)
    return kept


def offered() -> tuple[Language, ...]:
    """Return the languages this viewer may choose, the default first."""
    kept: tuple[Language, ...] = st.session_state.get(_OFFERED, LANGUAGES)
    return kept


def language() -> Language:
    """Return the viewer's language."""
    return _speaking.get(None) or read_language()


def read_language() -> Language:
    """Read the language from the address, once a run: every word needs it."""
    said = st.query_params.get("lang")
    choices = offered()
    spoken = next((code for code in choices if code == said), choices[0])
    _speaking.set(spoken)
    return spoken


@cache
def catalogue(code: Language) -> gettext.NullTranslations:
    """Return the translations into a language from its .po file."""
    file = LOCALES / code / "LC_MESSAGES" / "dashboard.po"
    if not file.exists():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(words: str, /, **values: Any) -> str:
    """Translate the words and fill in {values}, each made safe by `plain_text`."""
    translated = catalogue(language()).gettext(words)
    if not values:
        return translated
    return translated.format(
        **{place: plain_text(value) if isinstance(value, str) else value for place, value in values.items()}
    )


def ngettext(one: str, many: str, count: int) -> str:
    """Translate the words for a count and fill in {count}."""
    return catalogue(language()).ngettext(one, many, count).format(count=number(count))


def name(row: Any) -> str:
    """Return a thing's name in the viewer's language, from name_vi and name_en, as one line of plain text.

    A dash if it has no visible character.
    """
    return one_line(str(row["name_en" if language() == "en" else "name_vi"])) or NOTHING


def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with the language's separators: 1.234,5 in Vietnamese. A published count of 0 means "few"."""
    if value is None or pd.isna(value):
        return NOTHING
    return FEW if not value and not decimals and rounded() else _decimal(value, decimals, language())


def in_hours(minutes: float) -> str:
    """Return minutes as hours, with one decimal if they are not whole hours."""
    return _decimal(minutes / 60, int(minutes % 60 > 0), language())


def signed(change: float, decimals: int = 0) -> str:
    """Return a change with its sign: +3, −1.5, ±0."""
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    return sign + _decimal(abs(change), decimals, language())


@lru_cache(maxsize=1_000)  # a page formats hundreds of numbers, mostly the same as the page before
def _decimal(value: float, decimals: int, code: Language) -> str:
    form = "#,##0" + ("." + "0" * decimals if decimals else "")
    return str(format_decimal(value, format=form, locale=code))


def percent(part: float, whole: float) -> str:
    """Return a share as a percentage with one decimal; a dash if the whole is 0 or published counts are too small."""
    if not whole or (rounded() and whole != 1 and (not part or whole < FEWEST)):  # whole == 1: a share, not two counts
        return NOTHING
    return _percent(min(part / whole, 1.0) if rounded() else part / whole, language())


@lru_cache(maxsize=1_000)
def _percent(share: float, code: Language) -> str:
    return str(format_percent(share, format="0.0%", locale=code))


def duration(hours: float | None) -> str:
    """Return a duration: in hours up to two days, then in days."""
    if pd.isna(hours):
        return NOTHING
    if hours < 48:
        return _("{hours} h", hours=number(hours, 1))
    return _("{days} days", days=number(hours / 24, 1))


def day(value: date) -> str:
    """Return a date in the short form of the language and the city: 21/11/2026, 11/21/2026."""
    return f"{value:{day_form()}}"


def moment(value: datetime | None) -> str:
    """Return a moment, 21/11/2026 08:05. It must already be in the city's time zone."""
    return f"{value:{day_form()} %H:%M}" if isinstance(value, datetime) and not pd.isna(value) else NOTHING


def day_form() -> str:
    """Return the short date format for strftime and Plotly: %d/%m/%Y."""
    return _day_form(language(), _dates_of())


def short_day_form() -> str:
    """Return the same without the year: %d/%m."""
    return day_form().replace("%Y", "").strip("/-. ")


def locale_tag() -> str:
    """Return the BCP 47 tag of the language and the country of its date forms: vi, en-GB, en-US."""
    code, country = language(), _dates_of()
    if code == "vi":
        return code
    return f"{code}-{country}" if f"{code}_{country}" in locale_identifiers() else f"{code}-GB"


def _dates_of() -> str:
    kept: str = _country.get("") or st.session_state.get(_OF_COUNTRY, "VN")
    return kept


@cache
def _day_form(code: Language, country: str) -> str:
    """Return the language's short date format in that country, with two-digit days and months and a four-digit year."""
    known = f"{code}_{country}" if f"{code}_{country}" in locale_identifiers() else {"en": "en_001"}.get(code, code)
    short = str(Locale.parse(known).date_formats["short"].pattern)
    return re.sub("y+", "%Y", re.sub("M+", "%m", re.sub("d+", "%d", short)))


def weekday_time(value: datetime, now: datetime) -> str:
    """Return a time with weekday and day: 08:00 Monday 02/11, and the year if it is not that of `now`.

    The day part does not wrap.
    """
    weekdays = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    year = "" if value.year == now.year else f"/{value:%Y}"
    day_of_it = f"{weekdays[value.weekday()]} {value:%d/%m}{year}".replace(" ", "\u00a0")
    return f"{value:%H:%M} {day_of_it}"


def ago(value: datetime, now: datetime) -> str:
    """Return how long ago something was, in the largest unit that is precise enough."""
    passed = max(now - value, timedelta(0))
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("{count} minute ago", "{count} minutes ago", minutes)
    if minutes < 48 * 60:
        return ngettext("{count} hour ago", "{count} hours ago", minutes // 60)
    return ngettext("{count} day ago", "{count} days ago", minutes // (24 * 60))
