"""Example words for an empty search field, taken from this city's own names."""

import re

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.figures.figures import names, plain
from ui.base import levels
from ui.base.i18n import _, language, name

_LONGEST = 24  # characters of a name in an example
_UNITS = 2


def of_search(reports: ReportDatabase) -> str:
    """Return an example for the search field: a category, a place, and what else can be found. Raises DatabaseAway."""
    category = _first(names(reports, "category"))
    place = next((word for level in levels.present(reports) if (word := _first(names(reports, level)))), "")
    said = " ".join(word for word in (category, place) if word)
    return _("{words}, a code, a unit, a street", words=said) if said else _("a code, a unit, a street")


def of_unit(reports: ReportDatabase) -> str:
    """Return an example for the unit field: the beginnings of two units' names. Raises DatabaseAway."""
    known = names(reports, "unit")
    first_of_each = [word for kind in known["kind"].unique() for word in _short(known[known["kind"] == kind])[:1]]
    return ", ".join(list(dict.fromkeys([*first_of_each, *_short(known)]))[:_UNITS])


def _first(known: pd.DataFrame) -> str:
    """Return the first short name, preferably without digits; empty if no name is short."""
    short = _short(known)
    return next((words for words in short if not re.search(r"\d", words)), next(iter(short), ""))


def _short(known: pd.DataFrame) -> list[str]:
    """Return the short names in the order of their codes, written as one would type them."""
    rows = known.sort_values("code").to_dict("records")
    written = [re.split(r"[,;(/&]| và | and ", name(row))[0].strip() for row in rows]
    typed = [plain(words) if language() == "vi" else words.lower() for words in written]
    return [words for words in typed if words and len(words) <= _LONGEST]
