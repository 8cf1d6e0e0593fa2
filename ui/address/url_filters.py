"""What a viewer asks for, as it stands in the address: moment, period, areas, units, categories, channels, severities,
officers, a square of the map.

The address is untrusted: what it names and we do not know is left out, and said.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from queries.engine.database import ReportDatabase
from queries.engine.filters import FIELDS, NONE, SEVERITIES, Filters, Square
from queries.engine.scope import FIGURES, Scope
from queries.figures.figures import City, Dimension, names
from queries.privacy.small_numbers import settled
from ui.address import map_cell, moments
from ui.address.periods import PERIODS, USUAL_PERIOD, span

SAID = "said"
"""The word of an address for one of the city's own words for a status or an area (queries.published.SAID)."""
_LONGEST_SAID = 200  # characters

CHOICES: dict[str, Dimension] = {
    "district": "district",
    "ward": "ward",
    "unit": "unit",
    "category": "category",
    "channel": "channel",
}
"""What can be chosen in an address, each a dimension's codes."""
NOBODY = "none"
"""Stands in an address for the reports that have no district, ward, unit or officer."""
_FIRST_ALONE = ("at", "period", "from", "to")
"""Words that are given once; what follows is not looked at."""
_MAY_LACK = ("district", "ward", "unit")
SEVERITY = "severity"
"""What an address calls the severities that are chosen."""
_CLOCKS_DIFFER = timedelta(minutes=2)
"""A moment that lies no further ahead is taken for now without a word: the page's moment follows the clock."""


class Remark(NamedTuple):
    """What an address says of time that could not be done as it stands: its words, and why.

    "moment": not read; "future": not come yet, and now is shown; "period": begins after it ends, or after the moment;
    "cut": ends after the moment's day, and is counted up to the moment.
    """

    why: Literal["moment", "future", "period", "cut"]
    words: tuple[str, ...]


@dataclass(frozen=True)
class ParsedFilters:
    """The filters an address asks for, what in it was not understood, and what else is to be said of its times.

    `codes` are the choices that were understood, by their words in the address.
    """

    filters: Filters
    unrecognised: tuple[str, ...] = field(default=())
    remarks: tuple[Remark, ...] = field(default=())
    codes: Mapping[str, list[str]] = field(default_factory=dict)

    def understood(self, query: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
        """Return the query without the choices that were not understood: what a page goes on with, and its map asks."""
        refused = {
            "period": set(query.get("period", ())) - set(PERIODS),
            "at": self._remarked("moment", "future"),
            "from": self._remarked("moment", "period"),
            "to": self._remarked("moment", "period"),
        }
        if not self.filters.square:
            refused[map_cell.WORD] = set(query.get(map_cell.WORD, ()))
        given = {word: list(values)[:1] if word in _FIRST_ALONE else values for word, values in query.items()}
        kept = {word: [one for one in values if one not in refused.get(word, ())] for word, values in given.items()}
        kept |= {word: codes for word, codes in self.codes.items() if word in kept}
        return {word: values for word, values in kept.items() if values}

    def _remarked(self, *reasons: str) -> set[str]:
        """Return the words of the address that were not understood for one of some reasons."""
        return {word for why, words in self.remarks if why in reasons for word in words}


def parse_filters(
    query: Mapping[str, Iterable[str]],
    *,
    reports: ReportDatabase,
    city: City,
    now: datetime,
    default: datetime | None = None,
    scope: Scope = FIGURES,
) -> ParsedFilters:
    """Read an address's query, for who may read the cases of a scope.

    `now` is the latest moment there is, `default` the one where none is asked for (else now). Whoever may read no case
    is told of the last full hour before it (queries.small_numbers).

    Raises DatabaseAway.
    """
    unrecognised: list[str] = []
    remarks: list[Remark] = []
    at = _moment(next(iter(query.get("at", ())), None), city, now, remarks) or default or now
    at = at if scope.counts_exactly else settled(at, city.zone)
    period = next(iter(query.get("period", ())), USUAL_PERIOD)
    if period not in PERIODS:
        unrecognised.append(period)
        period = USUAL_PERIOD
    chosen: dict[str, tuple[int, ...]] = {}
    codes: dict[str, list[str]] = {}
    for word, dimension in CHOICES.items():
        if not query.get(word):
            continue
        known = names(reports, dimension)
        keys = dict(zip(known["code"], map(int, known.index), strict=True))
        if word in _MAY_LACK:
            keys.setdefault(NOBODY, NONE)
        codes[word], unknown = _told_apart(query[word], keys)
        unrecognised.extend(unknown)
        chosen[FIELDS[word]] = tuple(sorted(keys[code] for code in codes[word]))
    severities: tuple[str, ...] = ()
    if query.get(SEVERITY):
        codes[SEVERITY], unknown = _told_apart(query[SEVERITY], SEVERITIES)
        unrecognised.extend(unknown)
        severities = tuple(one for one in SEVERITIES if one in codes[SEVERITY])
        severities = () if severities == SEVERITIES else severities
    start, end = _span(query, period, at, city, remarks)
    unrecognised.extend(word for why, words in remarks if why in ("moment", "period") for word in words)
    try:
        square: Square = map_cell.read(query.get(map_cell.WORD, ()))
    except ValueError as nonsense:
        square = ()
        unrecognised.append(str(nonsense))
    officers = tuple(sorted({"" if name == NOBODY else name.replace("\0", "") for name in query.get("officer", ())}))
    said = next(iter(query.get(SAID, ())), None)
    said = "" if said == NOBODY else said and said.replace("\0", "")[:_LONGEST_SAID]
    filters = Filters.of(
        at=at, zone=city.zone, start=start, end=end, severities=severities, officers=officers, square=square,
        said=said, scope=scope, **chosen,
    )  # fmt: skip
    return ParsedFilters(filters, tuple(unrecognised), tuple(remarks), codes)


def split(values: Iterable[str], known: Container[str]) -> list[str]:
    """Return the values of one word of an address, each once; several known ones may stand in one, between commas."""
    parts = [one for value in values for one in ([value] if value in known else value.split(","))]
    return list(dict.fromkeys(part for part in parts if part))


def period_start(period: str, at: datetime, city: City) -> datetime:
    """Return when a period begins: at the first midnight of its days, of which the moment's own is the last."""
    return span(period, at, city)[0]


def _told_apart(values: Iterable[str], known: Container[str]) -> tuple[list[str], list[str]]:
    """Return which of a word's values are known, and which are not."""
    wanted = split(values, known)
    return [one for one in wanted if one in known], [one for one in wanted if one not in known]


def _span(
    query: Mapping[str, Iterable[str]], period: str, at: datetime, city: City, remarks: list[Remark]
) -> tuple[datetime, datetime | None]:
    """Return the period's start and end (None: the moment), which the words `from` and `to` set apart from it.

    Without a word for its end, a period whose start is set reaches to the moment.
    """
    usual_start, usual_end = span(period, at, city)
    usual_start = min(usual_start, at)
    words = [next(iter(query.get(word, ())), "") for word in ("from", "to")]
    if not any(words):
        return usual_start, usual_end
    known: list[datetime | None] = []
    for word, read in zip(words, (moments.read, moments.read_end), strict=True):
        try:
            known.append(read(word, zone=city.zone, country=city.country) if word else None)
        except ValueError:
            remarks.append(Remark("moment", (word,)))
            known.append(None)
    begins, ends = known
    if begins is None and ends is None:
        return usual_start, usual_end
    if (begins or usual_start) > min(ends or at, at):
        remarks.append(Remark("period", tuple(word for word in words if word)))
        return usual_start, usual_end
    tomorrow = at.astimezone(city.zone).date() + timedelta(days=1)
    if ends and ends > moments.midnight(tomorrow, city.zone):
        remarks.append(Remark("cut", (words[1],)))
    return begins or usual_start, ends


def _moment(words: str | None, city: City, now: datetime, remarks: list[Remark]) -> datetime | None:
    if not words:
        return None
    try:
        asked_for = moments.read(words, zone=city.zone, country=city.country)
    except ValueError:
        remarks.append(Remark("moment", (words,)))
        return None
    if asked_for > now + _CLOCKS_DIFFER:
        remarks.append(Remark("future", (words,)))
    return min(asked_for, now)
