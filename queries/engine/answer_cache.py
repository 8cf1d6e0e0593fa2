"""A cache of answers: each is made once for all who ask, and kept while no newer one can be had.

Streamlit's cache (st.cache_data) is none for this: it copies an answer for each viewer, goes on growing old while the
database is away, and cannot forget the answers of one moment.
"""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

import pandas as pd
from cachetools import TTLCache

_Kept = TypeVar("_Kept")
_BYTES_OF_A_TABLE = 20_000  # pandas uses 7 to 12 kB for a small one; the rest is an estimate for its key


@dataclass(frozen=True)
class _Answer:
    value: Any
    made_at: float
    size: int


class AnswerCache:
    """Values by key, kept for some seconds within a number of bytes. Thread-safe.

    While frozen (`freeze`) no value ages. A value older than half its lifetime is refreshed; if that fails, its
    lifetime starts again: an answer is not dropped while there is no better one.
    """

    def __init__(
        self,
        *,
        seconds: float,
        room: int,
        failing: tuple[type[Exception], ...],
        while_waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep values for `seconds`, in `room` bytes; after a `failing` error an old value is still good.

        `while_waiting` is entered by a thread that waits for another's value. `clock` counts seconds.
        """
        self._clock = clock
        self._kept: TTLCache[Hashable, _Answer] = TTLCache(room, ttl=seconds, timer=self._time, getsizeof=_size)
        self._fresh = 0.5 * seconds
        self._room = room
        self._failing = failing
        self._while_waiting = while_waiting
        self._making: dict[Hashable, Future[Any]] = {}
        self._guard = threading.RLock()
        self._stood = 0.0
        self._stands_since: float | None = None

    def freeze(self) -> None:
        """Stop ageing."""
        with self._guard:
            self._stands_since = self._stands_since or self._clock()

    def thaw(self) -> None:
        """Resume ageing."""
        with self._guard:
            if self._stands_since:
                self._stood += self._clock() - self._stands_since
                self._stands_since = None

    def remember(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """Return the cached value of a key, or make it.

        If many ask at once, one makes the value and the others wait. They share an error too: threads that wait for a
        database that does not answer do not each find that out in turn.
        """
        with self._guard:
            known = self._kept.get(key)
            if known and self._time() - known.made_at < self._fresh:
                return cast(_Kept, _handed_out(known.value))
            ahead = self._making.get(key)
            if ahead is None:
                mine = self._making[key] = Future[Any]()
        if ahead:
            try:
                with self._while_waiting():
                    made = ahead.result()
                return cast(_Kept, _handed_out(made))
            except CancelledError:  # the maker was interrupted; another thread makes it
                return self.remember(key, make)
        try:
            value = self._make(key, make, known)
        except Exception as error:
            mine.set_exception(error)
            raise
        except BaseException:
            mine.cancel()
            raise
        else:
            mine.set_result(value)
        finally:
            with self._guard:
                self._making.pop(key, None)
        return cast(_Kept, _handed_out(value))

    def forget(self, moment: datetime) -> None:
        """Drop all values whose key contains this moment, because no page shows it any more."""
        with self._guard:
            keys = list(self._kept)
        left = [key for key in keys if _names(key, moment)]
        with self._guard:
            for key in left:
                self._kept.pop(key, None)

    def _make(self, key: Hashable, make: Callable[[], Any], known: _Answer | None) -> Any:
        try:
            value = make()
        except self._failing:
            if known is None:
                raise
            self._keep(key, known.value)
            return known.value
        self._keep(key, value)
        return value

    def _keep(self, key: Hashable, value: Any) -> None:
        with self._guard:
            answer = _Answer(value, self._time(), _bytes(value))
            if answer.size < self._room:
                self._kept[key] = answer

    def _time(self) -> float:
        return (self._stands_since or self._clock()) - self._stood


def _names(key: Hashable, moment: datetime) -> bool:
    """Return whether a key contains a moment: as one of its parts, or as its filters' moment."""
    return any(
        part == moment or getattr(part, "at", None) == moment or (isinstance(part, tuple) and _names(part, moment))
        for part in (key if isinstance(key, tuple) else (key,))
    )


def _size(answer: _Answer) -> int:
    return answer.size


def _bytes(value: Any) -> int:
    if isinstance(value, pd.DataFrame):
        return _BYTES_OF_A_TABLE + int(value.memory_usage(index=False, deep=True).sum())
    return 1024 + len(value if isinstance(value, str | bytes) else str(value))


def _handed_out(kept: Any) -> Any:
    return kept.copy(deep=False) if isinstance(kept, pd.DataFrame) else kept
