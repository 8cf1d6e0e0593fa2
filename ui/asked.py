"""What a viewer asks for, as it stands in the address: moment, period, areas, units, categories, channels, officers,
a square of the map.

The address is untrusted: what it names and we do not know is left out, and said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal, get_args

from queries.database import ReportDatabase
from queries.figures import City, Dimension, names
from queries.filters import BEGINNING, FIELDS, NONE, Filters, Square
from queries.scope import NOTHING, Scope
from ui import squares

SAID = "said"
"""The word of an address for one of the city's own words for a status or an area (queries.published.SAID)."""
_LONGEST_SAID = 200  # characters
Period = Literal["7d", "30d", "90d", "365d", "all"]
PERIODS: tuple[Period, ...] = get_args(Period)
USUAL_PERIOD: Period = "30d"
_DAYS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}

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
_MAY_LACK = ("district", "ward", "unit")


@dataclass(frozen=True)
class Asked:
    """The filters an address asks for, and what in it was not understood."""

    filters: Filters
    strange: tuple[str, ...] = field(default=())

    def understood(self, query: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
        """Return the query without the choices that were not understood: what a page goes on with, and its map asks."""
        refused = {word: set(self.strange) for word in ("at", "period", "from", "to", *CHOICES)}
        if not self.filters.square:
            refused[squares.WORD] = set(query.get(squares.WORD, ()))
        kept = {word: [one for one in values if one not in refused.get(word, ())] for word, values in query.items()}
        return {word: values for word, values in kept.items() if values}


def asked(
    query: Mapping[str, Iterable[str]],
    *,
    reports: ReportDatabase,
    city: City,
    now: datetime,
    usual: datetime | None = None,
    scope: Scope = NOTHING,
) -> Asked:
    """Read an address's query, for who may read the cases of a scope.

    `now` is the latest moment there is, `usual` the one where none is asked for (else now).

    Raises DatabaseAway.
    """
    strange: list[str] = []
    at = _moment(next(iter(query.get("at", ())), None), city, now, strange) or usual or now
    period = next(iter(query.get("period", ())), USUAL_PERIOD)
    if period not in PERIODS:
        strange.append(period)
        period = USUAL_PERIOD
    chosen: dict[str, tuple[int, ...]] = {}
    for word, dimension in CHOICES.items():
        wanted = list(query.get(word, ()))
        if not wanted:
            continue
        known = names(reports, dimension)
        keys = dict(zip(known["code"], map(int, known.index), strict=True))
        if word in _MAY_LACK:
            keys.setdefault(NOBODY, NONE)
        strange.extend(code for code in wanted if code not in keys)
        chosen[FIELDS[word]] = tuple(sorted(keys[code] for code in set(wanted) if code in keys))
    start, end = _span(query, min(period_start(period, at, city), at), at, city, strange)
    try:
        square: Square = squares.read(query.get(squares.WORD, ()))
    except ValueError as nonsense:
        square = ()
        strange.append(str(nonsense))
    officers = tuple(sorted({"" if name == NOBODY else name.replace("\0", "") for name in query.get("officer", ())}))
    said = next(iter(query.get(SAID, ())), None)
    said = "" if said == NOBODY else said and said.replace("\0", "")[:_LONGEST_SAID]
    filters = Filters.of(
        at=at, zone=city.zone, start=start, end=end, officers=officers, square=square, said=said, scope=scope, **chosen
    )
    return Asked(filters, tuple(strange))


def period_start(period: str, at: datetime, city: City) -> datetime:
    """Return when a period begins: at the first midnight of its days, of which the moment's own is the last."""
    if period == "all":
        return city.first_submitted_at or BEGINNING
    today = at.astimezone(city.zone).date()
    return datetime.combine(today - timedelta(days=_DAYS[period] - 1), time.min, city.zone)


def _span(
    query: Mapping[str, Iterable[str]], start: datetime, at: datetime, city: City, strange: list[str]
) -> tuple[datetime, datetime | None]:
    """Return the period's start and end (None: the moment), which the words `from` and `to` set apart from it."""
    words = [next(iter(query.get(word, ())), "") for word in ("from", "to")]
    try:
        begins, ends = (_read(word, city) if word else None for word in words)
        if (begins or start) > min(ends or at, at):
            raise ValueError
    except (ValueError, OverflowError):
        strange.extend(word for word in words if word)
        return start, None
    return begins or start, ends


def _moment(words: str | None, city: City, now: datetime, strange: list[str]) -> datetime | None:
    if not words:
        return None
    try:
        return min(_read(words, city), now)
    except (ValueError, OverflowError):
        strange.append(words)
        return None


def _read(words: str, city: City) -> datetime:
    """Read a moment in ISO form, in the city's zone where it names none. Raises ValueError, OverflowError."""
    moment = datetime.fromisoformat(words)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=city.zone)
    if moment.astimezone(city.zone).year < 1990:
        raise ValueError
    return moment
