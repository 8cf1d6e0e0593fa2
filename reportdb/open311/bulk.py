"""GeoReport requests in a file: a saved answer, or bulk data, as JSON, JSON lines, XML or CSV, plain or gzipped."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

import psycopg
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from rich.progress import Progress

from reportdb.account.account import Counts
from reportdb.feeds.records import Record, RecordSource
from reportdb.importer.importing import import_rows
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.mapping_file import read_mapping
from reportdb.open311.answers import BadAnswer, ServiceError, read_answer, record_of
from reportdb.open311.requests import with_meanings
from reportdb.source_file.raw_row import LONGEST_ROW

_GZIP = b"\x1f\x8b"
_SIGNS = 1_000_000  # characters read at a time
_REQUESTS = frozenset({"request", "service_request"})
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


class RequestFile:
    """An open file of requests. `records` may be called once."""

    def __init__(self, content: io.BufferedReader | gzip.GzipFile, raw: IO[bytes], file: Path) -> None:
        self._content, self._raw, self._file = content, raw, file

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self._raw.tell()

    def size(self) -> int:
        """Return the file's size in bytes."""
        return self._file.stat().st_size

    def records(self) -> Iterator[Record]:
        """Yield the requests, without holding them all. Raises ImportFailure for a file that breaks off."""
        try:
            start = self._content.peek(1000).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
            if start == b"<":
                yield from _of_xml(self._content)
                return
            text = io.TextIOWrapper(self._content, "utf-8-sig", newline="")
            try:
                yield from (_of_json if start in {b"[", b"{"} else _of_csv)(text)
            finally:
                text.detach()  # the file stays open for whoever opened it
        except EOFError as error:
            raise self._refused("is truncated: the compressed file is incomplete") from error
        except (OSError, zlib.error) as error:
            raise self._refused(f"cannot be read to its end: {error}") from error
        except UnicodeError as error:
            raise self._refused(f"is not UTF-8 text, which GeoReport requires: {error}") from error
        except (BadAnswer, ServiceError, ParseError, DefusedXmlException, csv.Error) as error:
            raise self._refused(f"is no file of GeoReport requests: {error}") from error

    def _refused(self, words: str) -> ImportFailure:
        return ImportFailure(f"{self._file} {words}. Nothing was imported.")


class _Rows:
    """The requests of a file as a RowSource."""

    def __init__(self, opened: RequestFile, mapping: Mapping) -> None:
        meant = (with_meanings(one, mapping, {}) for one in opened.records())
        self._rows = RecordSource(meant, mapping.columns())
        self.header, self.rows = self._rows.header, self._rows.rows
        self.position, self.size = opened.position, opened.size


def import_requests(
    connection: psycopg.Connection,
    file: Path,
    *,
    mapping: str,
    rejects: Path,
    boundaries: Path,
    progress: Progress | None = None,
    at: datetime | None = None,
) -> Counts:
    """Import a file of requests, as `import_reports` does a CSV file. Raises ImportFailure, or psycopg.Error."""
    read = read_mapping(mapping)
    utf8 = replace(read, file_format=replace(read.file_format, encoding="utf-8"))
    with request_file(file) as opened:
        return import_rows(
            connection,
            _Rows(opened, utf8),
            utf8,
            rejects=rejects,
            boundaries=boundaries,
            progress=progress,
            at=at or datetime.now(UTC),
        )


@contextmanager
def request_file(file: Path) -> Iterator[RequestFile]:
    """Open a file of requests. Raises ImportFailure."""
    try:
        raw = file.open("rb")
    except OSError as error:
        raise ImportFailure(f"{file} cannot be read: {error.strerror}.") from error
    with raw:
        compressed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        yield RequestFile(gzip.GzipFile(fileobj=raw) if compressed else raw, raw, file)


def _of_json(text: io.TextIOWrapper) -> Iterator[Record]:
    """Yield the objects of a list, or of lines; an object that holds the list is read as a whole."""
    reader = _Pieces(text)
    first = reader.next_sign()
    if first == "[":
        reader.skip()
        while (sign := reader.next_sign()) != "]":
            if sign == ",":
                reader.skip()
                continue
            yield from _as_answer(reader.value())
        return
    value = reader.value()
    if not reader.next_sign():
        yield from read_answer(json.dumps(value).encode()) if _is_container(value) else _as_answer(value)
        return
    yield from _as_answer(value)  # JSON lines
    while reader.next_sign():
        yield from _as_answer(reader.value())


def _is_container(value: Any) -> bool:
    return isinstance(value, dict) and "service_request_id" not in value


def _as_answer(value: Any) -> Iterator[Record]:
    if not isinstance(value, dict):
        raise BadAnswer("it holds something that is no object")
    yield value


class _Pieces:
    """Reads JSON values one after the other from a text that is longer than memory."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._held, self._at, self._ended = text, "", 0, False

    def next_sign(self) -> str:
        """Return the next character that is no space, without reading past it; '' at the end."""
        while True:
            while self._at < len(self._held):
                if not self._held[self._at].isspace():
                    return self._held[self._at]
                self._at += 1
            if not self._more():
                return ""

    def skip(self) -> None:
        """Read past one character."""
        self._at += 1

    def value(self) -> Any:
        """Return the next value. Raises BadAnswer."""
        while True:
            try:
                found, end = _DECODER.raw_decode(self._held, self._at)
                if end < len(self._held) or self._ended:
                    self._at = end
                    return found
                length = end - self._at
                if not self._more():  # what was held is moved to the beginning
                    self._at = length
                    return found
            except (ValueError, RecursionError) as error:
                if len(self._held) - self._at > 100 * LONGEST_ROW or not self._more():
                    raise BadAnswer(f"its JSON is broken: {error}") from error

    def _more(self) -> bool:
        more = self._text.read(_SIGNS)
        self._held, self._at = self._held[self._at :] + more, 0
        self._ended = not more
        return bool(more)


def _of_xml(content: io.BufferedReader | gzip.GzipFile) -> Iterator[Record]:
    """Yield the requests of XML, and forget each."""
    root: Element | None = None
    for event, element in iterparse(content, events=("start", "end"), forbid_dtd=True):
        if root is None:
            root = element
            continue
        if event == "end" and str(element.tag).rpartition("}")[2] in _REQUESTS:
            yield record_of(element)
            root.clear()


def _of_csv(text: io.TextIOWrapper) -> Iterator[Record]:
    """Yield the rows of CSV by their header."""
    csv.field_size_limit(100 * LONGEST_ROW)
    rows = csv.DictReader(text)
    if "service_request_id" not in (rows.fieldnames or ()):
        raise BadAnswer("neither JSON nor XML, and no CSV with a column service_request_id")
    for row in rows:
        if None in row or None in row.values():
            raise BadAnswer(f"line {rows.line_num} has another number of columns than the header")
        yield row
