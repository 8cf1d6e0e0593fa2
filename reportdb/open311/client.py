"""Ask a GeoReport server politely: one question at a time, with pauses, limits and patience."""

import random
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from reportdb.feeds.failures import FeedAway, FeedRefused
from reportdb.feeds.records import Record
from reportdb.open311.answers import BadAnswer, ServiceError, read_answer
from safe_text import one_line

USER_AGENT = "citizen-reports-dashboard/0.1 (Open311 GeoReport v2 client)"
_TRIES = 4
_MOST_REDIRECTS = 3
_TOO_MANY_REQUESTS = 429
_LONGEST_PATIENCE = 30.0  # seconds a server may ask us to wait within one reading; more ends the reading
_CHUNK = 65_536


@dataclass(frozen=True)
class Limits:
    """What an answer may take: bytes after decompression, seconds in all, seconds without a byte; and the pause between
    two requests, in seconds.
    """

    most_bytes: int = 50_000_000
    most_seconds: float = 120.0
    silence: float = 30.0
    pause: float = 0.2


@dataclass
class Client:
    """A GeoReport server at `url`, asked in JSON or XML. Use as a context manager.

    `jurisdiction` and `api_key` go with every request; the key stands in no message.
    """

    url: str
    form: str = "json"
    jurisdiction: str | None = None
    api_key: str | None = None
    limits: Limits = Limits()
    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    asked: int = 0
    _ahead: timedelta | None = field(default=None, init=False)
    _asked_at: float = field(default=-1e9, init=False)

    def __post_init__(self) -> None:
        _refuse_strange_url(self.url)
        silence = self.limits.silence
        self._http = httpx.Client(
            headers={
                "User-Agent": USER_AGENT,
                "Accept": f"application/{self.form}, text/{self.form}",
                "Accept-Encoding": "gzip",
            },
            timeout=httpx.Timeout(silence, connect=10.0),
            follow_redirects=False,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def place(self) -> str:
        """Return the server's address for a message: without user, password and query."""
        parts = urlsplit(self.url)
        return one_line(f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}")

    def now(self) -> datetime | None:
        """Return the time by the server's clock, as its last answer told it, in UTC; None before that."""
        return None if self._ahead is None else datetime.now(UTC) + self._ahead

    def ask(self, method: str, parameters: Mapping[str, str]) -> list[Record]:
        """Return what `requests` or `services` answers.

        Tries again after a broken connection, a broken answer, 429 and 5xx. Raises FeedAway if that does not help, and
        FeedRefused for an answer that trying again does not change.
        """
        own = {"jurisdiction_id": self.jurisdiction, "api_key": self.api_key}
        asked = {**parameters, **{name: value for name, value in own.items() if value}}
        for left in reversed(range(_TRIES)):
            try:
                return self._once(method, asked)
            except FeedAway as error:
                pause = error.retry_after
                if not left or (pause is not None and pause > _LONGEST_PATIENCE):
                    raise
                longest = 2.0 ** (_TRIES - left)
                self.wait(longest * random.uniform(0.5, 1.0) if pause is None else pause)  # noqa: S311 - no secret
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, parameters: Mapping[str, str]) -> list[Record]:
        url: httpx.URL = httpx.URL(f"{self.url.partition('?')[0].rstrip('/')}/{method}.{self.form}")
        url = url.copy_merge_params(dict(httpx.URL(self.url).params)).copy_merge_params(dict(parameters))
        for _ in range(_MOST_REDIRECTS + 1):
            status, headers, content = self._get(url)
            if status not in {301, 302, 303, 307, 308}:
                return self._read(status, headers, content)
            url = self._redirected(url, headers.get("location", ""))
        raise FeedRefused(f"{self.place()} redirects more than {_MOST_REDIRECTS} times. Name the address it leads to.")

    def _get(self, url: httpx.URL) -> tuple[int, httpx.Headers, bytes]:
        """Return status, headers and content, within the limits. Raises FeedAway and FeedRefused."""
        self.wait(max(0.0, self._asked_at + self.limits.pause - self.clock()))
        self.asked += 1
        until = self.clock() + self.limits.most_seconds
        content = bytearray()
        try:
            with self._http.stream("GET", url) as answer:
                self._learn_clock(answer.headers.get("date"))
                unpacked = _unpacking(answer.headers.get("content-encoding", ""))
                for chunk in answer.iter_raw(_CHUNK):
                    content += unpacked(chunk, self.limits.most_bytes + 1 - len(content))
                    if len(content) > self.limits.most_bytes:
                        raise FeedRefused(
                            f"{self.place()} sent more than {self.limits.most_bytes:,} bytes in one answer."
                        )
                    if self.clock() > until:
                        raise FeedAway(f"{self.place()} took longer than {self.limits.most_seconds:g} seconds.")
                return answer.status_code, answer.headers, bytes(content)
        except httpx.InvalidURL as error:
            raise FeedRefused(f"{self.place()} is no address: {one_line(str(error))}.") from None
        except (httpx.HTTPError, httpx.StreamError, zlib.error) as error:
            why = one_line(str(error)) or type(error).__name__
            raise FeedAway(f"{self.place()} does not answer: {why}.") from None
        finally:
            self._asked_at = self.clock()

    def _read(self, status: int, headers: httpx.Headers, content: bytes) -> list[Record]:
        place = self.place()
        if status == _TOO_MANY_REQUESTS or status >= 500:
            raise FeedAway(f"{place} answers {status}.", _seconds_asked(headers.get("retry-after")))
        try:
            found = read_answer(content, one_line(headers.get("content-type", ""))[:80])
        except ServiceError as error:
            raise FeedRefused(f"{place} answers {status}: {one_line(str(error))}") from error
        except BadAnswer as error:
            if status >= 400:
                raise FeedRefused(f"{place} answers {status}.") from error
            raise FeedAway(f"{place}: {one_line(str(error))}.") from error
        if status >= 400:
            raise FeedRefused(f"{place} answers {status}.")
        return found

    def _redirected(self, url: httpx.URL, location: str) -> httpx.URL:
        """Return where a redirection leads: only to the same host, and not from https to http."""
        try:
            to = url.join(location)
        except httpx.InvalidURL:
            to = httpx.URL("")
        same_host = to.host == url.host and to.scheme in {"http", "https"}
        if not location or not same_host or (url.scheme == "https" and to.scheme != "https"):
            raise FeedRefused(
                f"{self.place()} redirects to {one_line(f'{to.scheme}://{to.host}')[:200]}. "
                "If you trust that address, name it instead."
            )
        return to

    def _learn_clock(self, date: str | None) -> None:
        try:
            told = parsedate_to_datetime(date) if date else None
        except ValueError:
            return
        if told is not None and told.tzinfo is not None:
            self._ahead = told - datetime.now(UTC)


def _refuse_strange_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine:
        raise FeedRefused(
            "The server's address is not understood. It reads https://host/path, such as the directory "
            "that holds requests.json and services.json."
        )


def _unpacking(encoding: str) -> Callable[[bytes, int], bytes]:
    """Return what unpacks an answer's bytes, at most so many at a time: a few kilobytes may hold gigabytes.

    Raises FeedAway for an encoding that was not asked for.
    """
    if encoding.strip().lower() in {"", "identity"}:
        return lambda chunk, _most: chunk
    if encoding.strip().lower() not in {"gzip", "x-gzip"}:
        raise FeedAway(f"The server packs its answers in a way that was not asked for: {one_line(encoding)[:80]}.")
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress


def _seconds_asked(words: str | None) -> float | None:
    """Return the seconds of a Retry-After header: a number, or a date."""
    if words is None:
        return None
    try:
        return max(0.0, float(words)) if words.strip().isdigit() else _until(words)
    except (ValueError, OverflowError):
        return None


def _until(words: str) -> float | None:
    moment = parsedate_to_datetime(words)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment.tzinfo else None
