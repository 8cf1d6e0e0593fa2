"""A sample of a file whose format nobody has said: how it is written, and which words its columns hold."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.file_format import FileFormat
from reportdb.source_file.content import content_of
from reportdb.source_file.encodings import encoding_of, likely_encoding
from reportdb.source_file.opening import bytes_of, start_of, told_when_broken
from reportdb.source_file.raw_row import FileSource
from reportdb.source_file.reading import opened_file

_ROWS = 50_000  # read with all their words
_MORE_ROWS = 450_000  # read for the words of columns that hold few
_FEW_WORDS = 500
_START = 4_000_000  # bytes looked at for the encoding, and a part of them for the delimiter
_DELIMITERS = ",;\t|"
_LINES = 200


@dataclass
class Column:
    """The words of one column, without blanks, and how often each stands there."""

    name: str
    words: Counter[str] = field(default_factory=Counter)
    filled: int = 0  # of the sample's rows
    beyond: Counter[str] = field(default_factory=Counter)  # in the rows after the sample

    def share(self, fits: int) -> float:
        """Return a number of rows as a share of those that have a word."""
        return fits / self.filled if self.filled else 0.0


@dataclass
class Sample:
    """A file's format, its columns, and its first rows."""

    format: FileFormat
    columns: dict[str, Column]
    rows: list[list[str]]
    broken: int  # rows that could not be read

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return self.columns[name]


@dataclass(frozen=True)
class _Unread:
    """A mapping that reads no column: the file's own names stand."""

    file_format: FileFormat

    def columns(self) -> list[str]:
        """Return no column."""
        return []


def read_sample(file: Path) -> Sample:
    """Read a file's beginning. Raises ImportFailure if it is no file of rows."""
    with _opened(file) as (source, written):
        columns = {name: Column(name) for name in source.header}
        counted = list(columns.values())
        kept: list[list[str]] = []
        broken = 0
        few: list[tuple[int, Column]] = []
        for number, row in enumerate(source.rows()):
            if number >= _ROWS + _MORE_ROWS:
                break
            if row.reason:
                broken += 1
            elif number < _ROWS:
                kept.append(row.fields)
                for column, words in zip(counted, row.fields, strict=True):
                    if word := words.strip():
                        column.words[word] += 1
                        column.filled += 1
            else:
                if number == _ROWS:
                    few = [(place, one) for place, one in enumerate(counted) if len(one.words) <= _FEW_WORDS]
                for place, column in few:
                    if word := row.fields[place].strip():
                        column.beyond[word] += 1
    if not kept:
        raise ImportFailure(f"{file} holds a header and not a single whole row: nothing can be suggested.")
    return Sample(written, columns, kept, broken)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[FileSource, FileFormat]]:
    start = start_of(file)
    kind = content_of(file, start)
    written = FileFormat("utf-8", ",", kind=kind)
    if kind != "xlsx":
        written = replace(written, encoding=_encoding(file))
    if kind == "csv":
        written = _as_csv(file, written)
    else:
        written = replace(written, header_line=_header_row(file, written) if kind == "xlsx" else 1)
    with opened_file(file, _Unread(written)) as source:
        yield source, written


def _encoding(file: Path) -> str:
    with bytes_of(file) as (content, _), told_when_broken(file):
        start = content.read(_START)
    if encoding_of(start, "utf-8") != "utf-8":
        return encoding_of(start, "utf-8").removesuffix("-sig")
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(start) - 4:  # a letter may be cut at the end
            return likely_encoding(start) or "utf-8"
    if b"\0" in start[:1000]:
        return likely_encoding(start) or "utf-8"
    return "utf-8"


def _as_csv(file: Path, written: FileFormat) -> FileFormat:
    """Return the format with the delimiter that gives most rows the same number of columns, and the header's line."""
    with bytes_of(file) as (content, _), told_when_broken(file):
        start = content.read(200_000)
    encoding = encoding_of(start, written.encoding)
    text = start.decode(encoding, "replace").removeprefix("\ufeff")
    best, header_line, score = written, 1, -1.0
    for delimiter in _DELIMITERS:
        for escape in (None, "\\") if '\\"' in text else (None,):
            rows = _split(text, delimiter, escape)
            widths = Counter(len(row) for _, row in rows)
            width, often = max(widths.items(), key=lambda pair: (pair[1] * (pair[0] - 1), pair[0]))
            fits = often * (width - 1) / max(1, len(rows))
            if fits > score + 1e-9:
                score, best = fits, replace(written, delimiter=delimiter, escape=escape)
                header_line = next((line for line, row in rows if len(row) == width), 1)
    return replace(best, header_line=header_line)


def _split(text: str, delimiter: str, escape: str | None) -> list[tuple[int, list[str]]]:
    """Return the first rows of a text, each with its line's number; a row with a wrong quote is left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, escapechar=escape, strict=True)
    rows: list[tuple[int, list[str]]] = []
    while len(rows) < _LINES:
        line = reader.line_num + 1
        try:
            rows.append((line, next(reader)))
        except StopIteration:
            break
        except csv.Error:
            if reader.line_num < line:
                break
    return [(line, row) for line, row in rows if row and not (len(row) == 1 and row[0].lower().startswith("sep="))] or [
        (1, [text])
    ]


def _header_row(file: Path, written: FileFormat) -> int:
    """Return the row of a sheet that is as wide as most rows below it."""
    with opened_file(file, _Unread(written)) as source:
        widths = [(1, sum(not name.startswith("column ") for name in source.header))]
        widths += [(row.line, len(json.loads(row.text))) for row in islice(source.rows(), _LINES)]
    widest = max(width for _, width in widths)
    return next(line for line, width in widths if 2 * width > widest)
