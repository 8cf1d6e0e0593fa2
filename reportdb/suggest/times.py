"""In which format a column writes its times, by trying formats over its words."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

_MOST_TRIED = 2000  # different words
_DATES = (
    "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y",
    "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%B %d, %Y", "%d %B %Y", "%Y%m%d", "%Y-%m-%d",
)  # fmt: skip
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p", "%H:%M:%S.%f", "%Hh%M")
_ALL = (
    *_DATES,
    *(f"{date} {time}" for date in _DATES for time in _TIMES),
    *(f"{time} {date}" for date in _DATES[:9] for time in _TIMES),
    *(f"{date}T{time}" for date in _DATES[:6] for time in _TIMES[:2]),
)
_DAY_FIRST = ("%d/%m", "%d-%m", "%d.%m")
_MONTH_FIRST = {"%d/%m": "%m/%d", "%d-%m": "%m-%d", "%d.%m": "%m.%d"}
_EPOCH = range(500_000_000, 4_000_000_000)  # seconds: from 1985 on
_CLEARLY = 3  # the wrong order of day and month spreads dates over so many times the days


@dataclass(frozen=True)
class Written:
    """How a column writes times: the mapping's format, and how sure that is."""

    format: str
    share: float  # of the words tried that the format reads
    odd: str | None  # a word that it does not read
    doubt: str | None  # what to check, in a sentence
    moments: tuple[datetime, ...]  # some of the times read

    @property
    def has_time(self) -> bool:
        """Whether the format holds a time of day."""
        return any(sign in self.format for sign in ("%H", "%I", "epoch")) or (
            self.format == "iso" and any((moment.hour, moment.minute, moment.second) != (0, 0, 0)
                                         for moment in self.moments)
        )  # fmt: skip

    @property
    def has_zone(self) -> bool:
        """Whether the words name a zone or an offset."""
        return self.format == "iso" and any(moment.tzinfo for moment in self.moments)


def time_of_day(words: Iterable[str]) -> str | None:
    """Return the format of a column that holds times of day only, or None."""
    tried = list(islice(words, _MOST_TRIED))
    return next((form for form in _TIMES if tried and all(_reads(form, word) for word in tried)), None)


def written_times(words: Counter[str], *, day_first: bool | None, told: bool | None = None) -> Written | None:
    """Return how times are written, or None if most of the words are none.

    `told`: whether another column of the file proves that the day comes first, or the month. `day_first`: what the
    country does, used only where no words tell; None if that is unknown.
    """
    tried = list(islice(words, _MOST_TRIED))
    if not tried:
        return None
    best: Written | None = None
    for form, read in _candidates(tried[: max(20, len(tried) // 50)]):
        moments = [(word, read(word)) for word in tried]
        found = tuple(moment for _, moment in moments if moment)
        share = len(found) / len(tried)
        if best is None or share > best.share + 1e-9:
            odd = next((word for word, moment in moments if moment is None), None)
            best = Written(form, share, odd, None, found)
    if best is None or best.share < 0.5:
        return None
    return _day_or_month(best, tried, day_first, told)


def order_told(written: Written) -> bool | None:
    """Return whether a column's words prove that the day comes first (True) or the month (False), else None."""
    return None if written.doubt else order_of(written)


def order_of(written: Written) -> bool | None:
    """Return whether the day comes first (True) or the month (False) in a format, proven or not; else None."""
    if any(sign in written.format for sign in _DAY_FIRST):
        return True
    return False if any(sign in written.format for sign in _MONTH_FIRST.values()) else None


def _candidates(few: list[str]) -> list[tuple[str, Callable[[str], datetime | None]]]:
    """Return the formats that read most of a few words, the commonest first."""
    forms: list[tuple[str, Callable[[str], datetime | None]]] = [("iso", _iso), ("epoch", _epoch), ("epoch_ms", _ms)]
    forms += [(form, lambda word, form=form: _reads(form, word)) for form in _ALL]  # type: ignore[misc]
    return [(form, read) for form, read in forms if 2 * sum(read(word) is not None for word in few) >= len(few)]


def _day_or_month(best: Written, tried: list[str], day_first: bool | None, told: bool | None) -> Written:
    """Decide between day first and month first where both read all words."""
    for days, months in _MONTH_FIRST.items():
        if days in best.format or months in best.format:
            other = best.format.replace(days, months) if days in best.format else best.format.replace(months, days)
            break
    else:
        return best
    others = tuple(moment for word in tried if (moment := _reads(other, word)))
    if len(others) < len(best.moments):
        return best
    mine, theirs = _days(best.moments), _days(others)
    swapped = Written(other, len(others) / len(tried), best.odd, None, others)
    if told is not None:
        return best if any(sign in best.format for sign in _DAY_FIRST) == told else swapped
    if max(mine, theirs) >= _CLEARLY * max(1, min(mine, theirs)):
        chosen = best if mine < theirs else swapped
        why = "no day above 12: this order keeps the dates together, but day and month may be exchanged"
    else:
        wanted = day_first is not False
        chosen = best if any(sign in best.format for sign in _DAY_FIRST) == wanted else swapped
        why = "no day above 12: day and month may be exchanged"
    return Written(chosen.format, chosen.share, chosen.odd, why, chosen.moments)


def _days(moments: tuple[datetime, ...]) -> int:
    ordered = sorted(moments)
    return (ordered[-1] - ordered[0]).days


def _iso(word: str) -> datetime | None:
    try:
        return datetime.fromisoformat(word) if len(word) >= 8 and not word.isdigit() else None
    except ValueError:
        return None


def _epoch(word: str) -> datetime | None:
    whole = word.removesuffix(".0")
    return datetime.fromtimestamp(int(whole), UTC) if whole.isdecimal() and int(whole) in _EPOCH else None


def _ms(word: str) -> datetime | None:
    whole = word.removesuffix(".0")
    return _epoch(whole[:-3]) if whole.isdecimal() and len(whole) > 3 else None


def _reads(form: str, word: str) -> datetime | None:
    try:
        return datetime.strptime(word, form)  # noqa: DTZ007 - only the format is tried
    except ValueError:
        return None
