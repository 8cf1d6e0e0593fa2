"""Parse the viewer's filters from the address: moment, period, areas, units, categories, channels, severities,
officers, a square of the map.

The address is untrusted: unknown values are ignored and reported.
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
"""The parameter for one of the city's own words for a status or an area (queries.published.SAID)."""
_LONGEST_SAID = 200  # characters

CHOICES: dict[str, Dimension] = {
    "district": "district",
    "ward": "ward",
    "unit": "unit",
    "category": "category",
    "channel": "channel",
}
"""The parameters that hold a dimension's codes."""
NOBODY = "none"
"""The value that selects reports without a district, ward, unit or officer."""
_FIRST_ALONE = ("at", "period", "from", "to")
"""Parameters with one value; further values are ignored."""
_MAY_LACK = ("district", "ward", "unit")
SEVERITY = "severity"
"""The parameter for severities."""
_CLOCKS_DIFFER = timedelta(minutes=2)
"""A moment at most this far ahead counts as now, without a remark: browser and server clocks differ."""


class Remark(NamedTuple):
    """A remark about the times in an address: the words, and why they were not used as written.

    "moment": unreadable; "future": later than now, so now is shown; "period": begins after it ends or after the moment;
    "cut": ends after the moment's day, so it is counted up to the moment.
    """

    why: Literal["moment", "future", "period", "cut"]
    words: tuple[str, ...]


@dataclass(frozen=True)
class ParsedFilters:
    """The filters of an address, the values that were not understood, and remarks about its times.

    `codes` are the choices that were understood, by parameter.
    """

    filters: Filters
    unrecognised: tuple[str, ...] = field(default=())
    remarks: tuple[Remark, ...] = field(default=())
    codes: Mapping[str, list[str]] = field(default_factory=dict)

    def understood(self, query: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
        """Return the query without the values that were not understood: used for the page's links and its map's
        request.
        """
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
        """Return the words of the address with a remark of one of these reasons."""
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
    """Parse an address's query, for a viewer who may read the cases of a scope.

    `now` is the latest possible moment, `default` the one used if the address names none (else now). A viewer who may
    read no case gets the last full hour before it (queries.small_numbers).

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
        codes[word], unknown = _known_and_unknown(query[word], keys)
        unrecognised.extend(unknown)
        chosen[FIELDS[word]] = tuple(sorted(keys[code] for code in codes[word]))
    severities: tuple[str, ...] = ()
    if query.get(SEVERITY):
        codes[SEVERITY], unknown = _known_and_unknown(query[SEVERITY], SEVERITIES)
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
    """Return the distinct values of one parameter; a value may hold several known ones, separated by commas."""
    parts = [one for value in values for one in ([value] if value in known else value.split(","))]
    return list(dict.fromkeys(part for part in parts if part))


def period_start(period: str, at: datetime, city: City) -> datetime:
    """Return when a period begins: at a midnight; its last day is the moment's own."""
    return span(period, at, city)[0]


def _known_and_unknown(values: Iterable[str], known: Container[str]) -> tuple[list[str], list[str]]:
    """Split a parameter's values into known and unknown ones."""
    wanted = split(values, known)
    return [one for one in wanted if one in known], [one for one in wanted if one not in known]


def _span(
    query: Mapping[str, Iterable[str]], period: str, at: datetime, city: City, remarks: list[Remark]
) -> tuple[datetime, datetime | None]:
    """Return the period's start and end (None: the moment); the parameters `from` and `to` override it.

    A period with a start only reaches to the moment.
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
