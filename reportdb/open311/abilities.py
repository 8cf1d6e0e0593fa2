"""What a GeoReport server can do, found out by asking it: servers ignore parameters they do not know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from reportdb.feeds.failures import FeedRefused
from reportdb.feeds.records import Record
from reportdb.open311.requests import moment_of
from reportdb.open311.windows import Ask, By, w3

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_LATER = timedelta(days=2)


@dataclass(frozen=True)
class Abilities:
    """By which time a server can be asked, whether it heeds the end of a span, and whether it takes parameters beyond
    the specification. `certain` is false for a server without requests: then nothing could be compared.
    """

    by: By
    bounded: bool
    extras: bool
    certain: bool


def find_abilities(ask: Ask, now: datetime, zone: tzinfo) -> Abilities:
    """Find out what a server can do; `now` is the time by its clock. Raises FeedAway, FeedRefused."""
    extra = {"extensions": "true", "page": "1", "page_size": "10"}
    try:
        some, extras = ask(extra), True
    except FeedRefused:
        some, extras = ask({}), False
        extra = {}
    after = now + _LATER
    later = _asked(ask, {**extra, "updated_after": w3(after)})
    if later is not None and all((moment_of(one, "updated_datetime", zone) or now) >= after for one in later):
        early = {"updated_after": w3(_LONG_AGO), "updated_before": w3(_LONG_AGO + _LATER)}
        return Abilities("updated", _asked(ask, {**extra, **early}) == [], extras, bool(some))
    early = {"start_date": w3(_LONG_AGO), "end_date": w3(_LONG_AGO + _LATER)}
    return Abilities("requested", _asked(ask, {**extra, **early}) == [], extras, bool(some))


def _asked(ask: Ask, parameters: Mapping[str, str]) -> Sequence[Record] | None:
    """Return the answer, or None if the server refuses the question."""
    try:
        return ask(parameters)
    except FeedRefused:
        return None
