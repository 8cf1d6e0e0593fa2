"""Find every request of a span of time, although servers page their answers and silently cut them.

Servers cut at 50, 200 or 1000 requests without a word. So an answer is believed only if it holds fewer requests than an
answer of this server that was shown to be whole; any other one is compared with two halves of its span. What the halves
hold in addition had been cut away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from reportdb.feeds.failures import FeedRefused
from reportdb.feeds.records import Record, text_of
from reportdb.open311.requests import identity_of, moment_of

Ask = Callable[[Mapping[str, str]], Sequence[Record]]
By = Literal["updated", "requested"]

LONGEST = timedelta(days=88)
"""A server may refuse a span of request times of more than 90 days; two are left for what is added at the ends."""

_BOUNDS: dict[By, tuple[str, str]] = {
    "updated": ("updated_after", "updated_before"),
    "requested": ("start_date", "end_date"),
}
_FIELDS: dict[By, str] = {"updated": "updated_datetime", "requested": "requested_datetime"}
_BELIEVED_AT_FIRST = 10  # fewer requests than any server cuts at
_MOST_PAGES = 1000
_MOST_ASKED = 5000  # requests to the server for one span
_AT_ONE_MOMENT = timedelta(seconds=2)  # bounds are whole seconds, and may or may not be part of the span
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Span:
    """A span of time, in UTC, and a part of the requests in it; by when they were updated or made."""

    begin: datetime
    end: datetime
    status: str | None = None
    codes: tuple[str, ...] = ()

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.begin


class CutShort(FeedRefused):
    """The server cuts its answers, and this span cannot be made smaller."""


@dataclass
class Windows:
    """Reads the requests of spans of time from one server. `ask` asks its `requests`.

    `page_size` is asked for; the server may give less. `zone` is that of times without an offset. `codes` returns the
    codes of all services. A server that is not `bounded` does not heed the end of a span, so nothing can be compared;
    one without `extras` refuses parameters beyond the specification: paging and extensions.
    """

    ask: Ask
    by: By
    page_size: int
    zone: tzinfo = UTC
    codes: Callable[[], Iterable[str]] = tuple
    bounded: bool = True
    extras: bool = True
    _believed: int = field(default=_BELIEVED_AT_FIRST, init=False)
    _cut_at: int | None = field(default=None, init=False)
    _unsplit: list[int] = field(default_factory=list, init=False)
    _asked: int = field(default=0, init=False)

    def read(self, begin: datetime, end: datetime, *, again: bool = False) -> dict[str, Record]:
        """Return the newest version of every request in a span, by id. Raises FeedAway, FeedRefused.

        Where requests change while pages are read, one may move from a page to come to one that was read. With `again`
        the pages are read until no more appear.
        """
        self._unsplit, self._asked = [], 0
        found = self._whole(Span(begin, end), again)
        if self._cut_at is not None and any(count >= self._cut_at for count in self._unsplit):
            raise CutShort(
                f"The server gives at most {self._cut_at} requests, and more than these were {self.by} at the same "
                f"second between {w3(begin)} and {w3(end)}. Ask its operator for paging."
            )
        return found

    def _whole(self, span: Span, again: bool) -> dict[str, Record]:
        found = self._pages(span, again)
        if len(found) < self._believed or not self.bounded:
            return found
        parts = self._parts(span, found)
        if not parts:
            self._unsplit.append(len(found))
            return found
        everything: dict[str, Record] = {}
        for part in parts:
            merge(everything, self._whole(part, again))
        hidden = [key for key in everything.keys() - found.keys() if self._is_in(span, everything[key])]
        if hidden:
            self._cut_at = min(self._cut_at or len(found), len(found))
        else:
            self._believed = max(self._believed, len(found))
            if self._cut_at is not None and self._believed >= self._cut_at:  # something came in between two questions
                self._cut_at = None
        merge(everything, found)
        return everything

    def _pages(self, span: Span, again: bool) -> dict[str, Record]:
        found: dict[str, Record] = {}
        while True:
            before = len(found)
            pages = self._all_pages(span, found)
            if not again or pages <= 1 or len(found) == before:
                return found

    def _all_pages(self, span: Span, found: dict[str, Record]) -> int:
        """Add the requests of all pages to `found`, and return the number of pages that held any."""
        seen: set[str] = set()
        for page in range(1, _MOST_PAGES + 1):
            self._asked += 1
            if self._asked > _MOST_ASKED:
                raise FeedRefused(f"More than {_MOST_ASKED} questions did not get all requests of {w3(span.begin)}.")
            answered = self.ask(self._parameters(span, page))
            fresh = {identity_of(one): one for one in answered}
            if not fresh.keys() - seen:  # an empty page, or a server that knows no pages
                return page - 1
            seen |= fresh.keys()
            for one in answered:
                merge(found, {identity_of(one): one})
        raise FeedRefused(f"The server gives more than {_MOST_PAGES} pages for {w3(span.begin)} to {w3(span.end)}.")

    def _parts(self, span: Span, found: Mapping[str, Record]) -> list[Span]:
        """Return smaller spans that together are the whole one: at the middle of what was found, so that both hold
        some. Requests of one second are divided by their status and their services. Nothing if that is not possible.
        """
        times = sorted(time for one in found.values() if (time := self.time_of(one)) and span.begin <= time <= span.end)
        middle = times[len(times) // 2].replace(microsecond=0) if times else span.begin + span.length / 2
        crowd = sum(1 for time in times if abs(time - middle) <= _AT_ONE_MOMENT)
        if span.length > 2 * _AT_ONE_MOMENT + 2 * _SECOND:
            if 3 * crowd > len(times) > 0:
                return self._around(span, middle)
            return [replace(span, end=middle + _SECOND), replace(span, begin=middle - _SECOND)]
        if span.status is None:
            return [replace(span, status="open"), replace(span, status="closed")]
        met = tuple(sorted(_codes(found.values())))
        others = tuple(sorted({*(span.codes or self.codes())} - {*met}))
        if met and others:
            return [replace(span, codes=met), replace(span, codes=others)]
        codes = met or others
        if len(codes) < 2:
            return []
        half = len(codes) // 2
        return [replace(span, codes=codes[:half]), replace(span, codes=codes[half:])]

    def _around(self, span: Span, middle: datetime) -> list[Span]:
        before, after = middle - _AT_ONE_MOMENT, middle + _AT_ONE_MOMENT
        parts = [replace(span, begin=max(span.begin, before - _SECOND), end=min(span.end, after + _SECOND))]
        if before > span.begin:
            parts.append(replace(span, end=before))
        if after < span.end:
            parts.append(replace(span, begin=after))
        return parts

    def _parameters(self, span: Span, page: int) -> dict[str, str]:
        after, before = _BOUNDS[self.by]
        # Begin and end are rounded outwards to whole seconds; servers may or may not count the bounds themselves.
        asked = {after: w3(span.begin - _SECOND), before: w3(span.end + _SECOND)}
        if self.extras:
            asked |= {"extensions": "true", "page": str(page), "page_size": str(self.page_size)}
        if span.status:
            asked["status"] = span.status
        if span.codes:
            asked["service_code"] = ",".join(span.codes)
        return asked

    def time_of(self, record: Record) -> datetime | None:
        """Return the time that spans of this kind go by, in UTC, or None."""
        return moment_of(record, _FIELDS[self.by], self.zone)

    def _is_in(self, span: Span, record: Record) -> bool:
        time = self.time_of(record)
        return time is None or span.begin <= time <= span.end


def merge(into: dict[str, Record], more: Mapping[str, Record]) -> None:
    """Add requests; of two versions of one the later updated counts, and of equally old ones the one added now."""
    for key, record in more.items():
        known = into.get(key)
        if known is not None:
            old, new = moment_of(known, "updated_datetime"), moment_of(record, "updated_datetime")
            if old and new and new < old:
                continue
        into[key] = record


def _codes(records: Iterable[Record]) -> set[str]:
    return {code for one in records if (code := text_of(one.get("service_code")))}


def w3(moment: datetime) -> str:
    """Return a moment as servers want it, in UTC and whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
