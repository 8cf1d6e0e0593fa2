"""Read a city's CSV file row by row, so that one broken row affects no other.

A row that cannot be parsed is returned as text with the reason; reading continues at the next line.
"""

import codecs
import csv
import gzip
import io
import os
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.file_format import FileMapping
from reportdb.source_file.raw_row import RawRow

LONGEST_ROW = 100_000
"""Characters; longer rows are rejected. A report's searchable words must stay below PostgreSQL's limit of 1 MB."""

_SAMPLE = 1_000_000  # characters read to distinguish a wrong encoding from a broken row
_FEW = 10  # up to this many undecodable lines are broken rows; more, and most lines beyond ASCII, mean a wrong encoding
_MOST_LINES = 100  # of one row: with more, a quote was not closed
_GZIP = b"\x1f\x8b"


class CityFile:
    """An open file of a city: its header, then its rows."""

    def __init__(self, text: io.TextIOWrapper, raw: IO[bytes], file: Path, mapping: FileMapping) -> None:
        self._text, self._raw, self._file, self._mapping = text, raw, file, mapping
        self._format = mapping.file_format
        self._next = 1
        self._ahead: deque[str] = deque()
        self.header = self._read_header()

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self._raw.tell()

    def size(self) -> int:
        """Return the file's size in bytes."""
        return os.fstat(self._raw.fileno()).st_size

    def rows(self) -> Iterator[RawRow]:
        """Yield the rows after the header, without blank lines. Raises ImportFailure if the file is truncated."""
        width = len(self.header)
        while True:
            line = self._line()
            if not line:
                return
            number = self._next
            self._next += 1
            if line.strip():
                yield self._row(number, line, width)

    def _row(self, number: int, line: str, width: int) -> RawRow:
        if len(line) > LONGEST_ROW:
            return RawRow(number, line, [], f"longer than {LONGEST_ROW:,} characters")
        if '"' not in line:
            fields, text = line.rstrip("\r\n").split(self._format.delimiter), line
        else:
            fields, text = self._quoted(line, width)
            if not fields:
                return RawRow(number, line, [], "a quote is not closed, or is in the wrong place")
        if "\0" in text:
            return RawRow(number, text, [], "holds a NUL character")
        if not text.isascii() and (where := _undecodable(text, self._format.encoding)):
            return RawRow(number, text, [], f"not {self._format.encoding} text: {where}")
        if len(fields) != width:
            return RawRow(number, text, [], f"{len(fields)} columns where the header has {width}")
        return RawRow(number, text, fields)

    def _quoted(self, line: str, width: int) -> tuple[list[str], str]:
        """Parse a row with quotes, reading on if it spans lines; no fields if that fails."""
        lines = [line]
        fields = self._parsed(lines)
        while not fields:
            following = self._line() if len(lines) < _MOST_LINES else ""
            # A complete row inside quotes is the next row, and the quote before it was never closed.
            whole = '"' not in following and following.count(self._format.delimiter) == width - 1
            if not following or whole or sum(map(len, lines)) + len(following) > LONGEST_ROW:
                self._ahead.extendleft((following, *reversed(lines[1:])) if following else reversed(lines[1:]))
                return [], line
            lines.append(following)
            if '"' in following:
                fields = self._parsed(lines)
        if len(lines) > 1 and len(fields) != width:
            self._ahead.extendleft(reversed(lines[1:]))
            return [], line
        self._next += len(lines) - 1
        return fields, "".join(lines)

    def _parsed(self, lines: list[str]) -> list[str]:
        try:
            return next(csv.reader(lines, delimiter=self._format.delimiter, strict=True), [])
        except csv.Error:
            return []

    def _line(self) -> str:
        """Return the next line with its line break, cut at slightly more than the longest row; '' at the end of the
        file.
        """
        if self._ahead:
            return self._ahead.popleft()
        with _told_when_broken(self._file, self._mapping):
            line = rest = self._text.readline(LONGEST_ROW + 1)
            while len(line) > LONGEST_ROW and rest and not rest.endswith(("\n", "\r")):
                rest = self._text.readline(LONGEST_ROW)
        return line

    def _read_header(self) -> list[str]:
        header = self._line()
        if not header.strip():
            raise ImportFailure(f"{self._file} is empty: not even a header. Nothing was imported.")
        self._next += 1
        if "\0" in header or _undecodable(header, self._format.encoding):
            raise ImportFailure(
                f"{self._file}: the header is not {self._format.encoding} text. Is it a CSV file, and the mapping's "
                "encoding right? Nothing was imported."
            )
        columns = [column.strip() for column in self._parsed([header]) or header.split(self._format.delimiter)]
        wanted = self._mapping.columns()
        if missing := [column for column in wanted if column not in columns]:
            raise ImportFailure(
                f"{self._file} lacks columns the mapping reads: {', '.join(missing)}. "
                f"It has: {', '.join(columns)[:2000]}. Nothing was imported."
            )
        if twice := [column for column in wanted if columns.count(column) > 1]:
            raise ImportFailure(f"{self._file} has several columns named {', '.join(twice)}. Nothing was imported.")
        return columns


@contextmanager
def city_file(file: Path, mapping: FileMapping) -> Iterator[CityFile]:
    """Open a city's file, plain or gzipped, and check its encoding and header. Raises ImportFailure."""
    with _opened(file, mapping) as (text, _):
        _refuse_wrong_encoding(text, file, mapping)
    with _opened(file, mapping) as (text, raw):
        yield CityFile(text, raw, file, mapping)


@contextmanager
def _opened(file: Path, mapping: FileMapping) -> Iterator[tuple[io.TextIOWrapper, IO[bytes]]]:
    """Open a file as text that preserves undecodable bytes; and the raw stream behind it."""
    try:
        raw = file.open("rb")
    except OSError as error:
        raise ImportFailure(f"{file} cannot be read: {error.strerror}.") from error
    utf8 = codecs.lookup(mapping.file_format.encoding).name == "utf-8"
    with raw:
        compressed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        content = gzip.GzipFile(fileobj=raw) if compressed else raw
        encoding = "utf-8-sig" if utf8 else mapping.file_format.encoding
        with io.TextIOWrapper(content, encoding, errors="surrogateescape", newline="") as text:
            yield text, raw


@contextmanager
def _told_when_broken(file: Path, mapping: FileMapping) -> Iterator[None]:
    """Turn errors while reading a file into ImportFailure."""
    try:
        yield
    except EOFError as error:
        raise ImportFailure(
            f"{file} is truncated: the compressed file is incomplete. Fetch it again. Nothing was imported."
        ) from error
    except (OSError, zlib.error) as error:
        raise ImportFailure(
            f"{file} cannot be read to its end: {error}. Fetch it again. Nothing was imported."
        ) from error
    except UnicodeError as error:
        raise ImportFailure(
            f"{file} is not {mapping.file_format.encoding} text: {error}. Set the mapping's encoding. "
            "Nothing was imported."
        ) from error


def _refuse_wrong_encoding(text: io.TextIOWrapper, file: Path, mapping: FileMapping) -> None:
    """Distinguish a file in another encoding from one with broken rows, by its beginning.

    In another encoding, every row with letters beyond ASCII is broken.
    """
    encoding, delimiter = mapping.file_format.encoding, mapping.file_format.delimiter
    with _told_when_broken(file, mapping):
        sample = text.read(_SAMPLE)
    header, *lines = sample.split("\n")
    commas = header.count(delimiter)
    unrecognised = [
        (number, line)
        for number, line in enumerate(lines, start=2)
        if not line.isascii() and line.count(delimiter) >= commas
    ]
    broken = [(number, where) for number, line in unrecognised if (where := _undecodable(line, encoding))]
    if len(broken) >= _FEW and 2 * len(broken) > len(unrecognised):
        number, where = broken[0]
        raise ImportFailure(
            f"{file} is not {encoding} text: line {number}, {where}, and {len(broken) - 1} more lines at its "
            "beginning. Set the mapping's encoding. Nothing was imported."
        )


def _undecodable(text: str, encoding: str) -> str | None:
    """Return where a text has an undecodable byte, or None."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        position = len(text[: error.start].encode(encoding, "surrogateescape")) + 1
        return f"byte {position} is 0x{ord(text[error.start]) & 0xFF:02x}"
    return None
