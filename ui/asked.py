"""What a viewer asks for, as it stands in the address: moment, period, areas, units, categories, channels.

The address is untrusted: what it names and we do not know is left out, and said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal, get_args

from queries.database import ReportDatabase
from queries.figures import City, Dimension, names
from queries.filters import BEGINNING, Filters

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
_FIELDS = {
    "district": "districts",
    "ward": "wards",
    "unit": "units",
    "category": "categories",
    "channel": "channels",
}


@dataclass(frozen=True)
class Asked:
    """The filters an address asks for, and what in it was not understood."""

    filters: Filters
    strange: tuple[str, ...] = field(default=())


def asked(query: Mapping[str, Iterable[str]], *, reports: ReportDatabase, city: City, now: datetime) -> Asked:
    """Read an address's query. `now` is the moment where none is asked for. Raises DatabaseAway."""
    strange: list[str] = []
    at = _moment(next(iter(query.get("at", ())), None), city, now, strange)
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
        strange.extend(code for code in wanted if code not in keys)
        chosen[_FIELDS[word]] = tuple(sorted(keys[code] for code in set(wanted) if code in keys))
    filters = Filters.of(at=at, zone=city.zone, start=period_start(period, at, city))
    return Asked(filters.choosing(**chosen), tuple(strange))


def period_start(period: str, at: datetime, city: City) -> datetime:
    """Return when a period begins: at the first midnight of its days, of which the moment's own is the last."""
    if period == "all":
        return city.first_submitted_at or BEGINNING
    today = at.astimezone(city.zone).date()
    return datetime.combine(today - timedelta(days=_DAYS[period] - 1), time.min, city.zone)


def _moment(words: str | None, city: City, now: datetime, strange: list[str]) -> datetime:
    if not words:
        return now
    try:
        moment = datetime.fromisoformat(words)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=city.zone)
        if moment.astimezone(city.zone).year < 1990:
            raise ValueError
        return min(moment, now)
    except (ValueError, OverflowError):
        strange.append(words)
        return now
