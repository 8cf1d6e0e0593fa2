"""A CSV file read row by row (RFC 4180, and what the mapping says beyond it), so that one broken row affects no other.

A row that cannot be parsed is returned as text with the reason; reading continues at the next line.
"""

import csv
import io
import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import IO

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.file_format import FileFormat
from reportdb.source_file.encodings import composed, likely_encoding, undecodable
from reportdb.source_file.header import Header, read_header, refuse_missing
from reportdb.source_file.opening import Reads, start_of, told_when_broken
from reportdb.source_file.raw_row import LONGEST_ROW, RawRow

_SEP_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
_DELIMITERS = (",", ";", "\t", "|")
_LINES_LOOKED_AT = 30  # for a header below title rows
_BLANK = " \r\n\x1a"  # the last is the end of a file of DOS
_NOT_CLOSED = "a quote is not closed, or is in the wrong place"


class CsvFile:
    """An open CSV file: its header, then its rows."""

    def __init__(self, text: io.TextIOWrapper, raw: IO[bytes], file: Path, mapping: Reads, encoding: str) -> None:
        self._text, self._raw, self._file, self._mapping = text, raw, file, mapping
        self.encoding = encoding
        self._format = mapping.file_format
        self._next = 1
        self._ahead: deque[str] = deque()
        self._columns = self._read_header()
        self.header = self._columns.names

    @property
    def written(self) -> FileFormat:
        """How the file is written: as the mapping says, with the delimiter of a line `sep=`."""
        return self._format

    @property
    def first_line(self) -> int:
        """The number of the line after the header, before the rows are read."""
        return self._next

    @property
    def has_doubled_columns(self) -> bool:
        """Whether a column that is read stands in the file several times."""
        return bool(self._columns.doubled)

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self._raw.tell()

    def size(self) -> int:
        """Return the file's size in bytes."""
        return os.fstat(self._raw.fileno()).st_size

    def rows(self) -> Iterator[RawRow]:
        """Yield the rows after the header, without blank lines. Raises ImportFailure if the file is truncated."""
        width = len(self.header)
        found = False
        while line := self._line():
            number = self._next
            self._next += 1
            if line.strip(_BLANK):
                found = True
                yield self._row(number, line, width)
        if found:
            self._columns.refuse_uncompared(self._file)

    def _row(self, number: int, line: str, width: int) -> RawRow:
        if len(line) > LONGEST_ROW:
            return RawRow(number, line, [], f"longer than {LONGEST_ROW:,} characters")
        written = self._format
        if (written.quote and written.quote in line) or (written.escape and written.escape in line):
            fields, text = self._quoted(line, width)
            if not fields:
                return RawRow(number, line, [], _NOT_CLOSED + self._hint(line, width))
        else:
            fields, text = line.rstrip("\r\n").split(written.delimiter), line
        if not text.isascii():
            if where := undecodable(text, self.encoding):
                return RawRow(number, text, [], f"not {self.encoding.removesuffix('-sig')} text: {where}")
            fields = composed(fields)
        if "\0" in text:
            return RawRow(number, text, [], "holds a NUL character")
        if len(fields) != width:
            return RawRow(number, text, [], f"{len(fields)} columns where the header has {width}")
        if self._columns.doubled:
            fields = self._columns.joined(fields, f"{self._file}, line {number}")
        return RawRow(number, text, fields)

    def _quoted(self, line: str, width: int) -> tuple[list[str], str]:
        """Parse a row with quotes, reading on if it spans lines; no fields if that fails.

        An escape that makes the row unreadable was a letter: "C:\\" ends a field as RFC 4180 has it. Spaces between a
        delimiter and a quote are passed over if the row cannot be read otherwise. Of rows with the wrong number of
        columns only those on one line are certainly one row.
        """
        single: tuple[list[str], str] = ([], line)
        spaced = f"{self._format.delimiter} " in line
        for escape, pass_spaces in product(dict.fromkeys((self._format.escape, None)), (False, True)[: 1 + spaced]):
            fields, lines = self._parsed(line, replace(self._format, escape=escape), pass_spaces=pass_spaces)
            if len(fields) == width:
                self._next += len(lines) - 1
                return fields, "".join(lines)
            self._ahead.extendleft(reversed(lines[1:]))
            if fields and len(lines) == 1 and not single[0]:
                single = fields, line
        return single

    def _parsed(self, line: str, written: FileFormat, *, pass_spaces: bool = False) -> tuple[list[str], list[str]]:
        """Return a row's fields, none if its quotes are wrong or not closed, and the lines that were read for it."""
        lines = [line]

        def following() -> Iterator[str]:
            yield line
            size = len(line)
            while more := self._line():
                lines.append(more)
                size += len(more)
                if size > LONGEST_ROW:
                    return
                yield more

        try:
            return next(_reader(following(), written, pass_spaces=pass_spaces), []), lines
        except csv.Error:
            return [], lines

    def _hint(self, line: str, width: int) -> str:
        if self._format.escape is None and f"\\{self._format.quote}" in line:
            fields = next(_forgiving([line], replace(self._format, escape="\\")), [])
            if len(fields) == width:
                return '; with escape = "\\\\" in [source] it would be read'
        return ""

    def _line(self) -> str:
        """Return the next line with its line break, cut at slightly more than the longest row; '' at the end of the
        file.
        """
        if self._ahead:
            return self._ahead.popleft()
        with told_when_broken(self._file):
            line = rest = self._text.readline(LONGEST_ROW + 1)
            while len(line) > LONGEST_ROW and rest and not rest.endswith(("\n", "\r")):
                rest = self._text.readline(LONGEST_ROW)
        return line

    def _read_header(self) -> Header:
        line = self._line()
        if match := _SEP_LINE.fullmatch(line):
            self._format = replace(self._format, delimiter=match[1])
            self._next += 1
            line = self._line()
        skipped = []
        while self._next < self._format.header_line and line:
            skipped.append(line)
            self._next += 1
            line = self._line()
        while line and not line.strip(_BLANK) and not skipped:
            self._next += 1
            line = self._line()
        if not line.strip(_BLANK):
            what = "is empty: not even a header" if not skipped else f"has no header in line {self._next}"
            raise ImportFailure(f"{self._file} {what}. Nothing was imported.")
        if "\0" in line or undecodable(line, self.encoding):
            raise ImportFailure(
                f"{self._file}: the header is not {self.encoding} text. Is it a CSV file, and the mapping's "
                f"encoding right? {encoding_cause(self._file)}Nothing was imported."
            )
        fields, lines = self._parsed(line, self._format)
        if not fields:
            self._ahead.extendleft(reversed(lines[1:]))
            fields, lines = line.rstrip("\r\n").split(self._format.delimiter), [line]
        self._next += len(lines)
        own = [column.strip() for column in composed(fields)]
        header = read_header(own, self._mapping, self._file)
        if header.missing:
            refuse_missing(header, own, self._cause(header, own, [*skipped, "".join(lines)]), self._file)
        if not own[-1] and self._widths() == {len(own) - 1}:
            header.names.pop()  # the header alone ends in a delimiter
        return header

    def _widths(self) -> set[int]:
        """Return how many columns the first rows have."""
        first = [line for _ in range(_LINES_LOOKED_AT) if (line := self._line())]
        self._ahead.extendleft(reversed(first))
        rows = [_forgiving([line], self._format) for line in first if line.strip(_BLANK)]
        return {len(fields) for row in rows for fields in row}

    def _cause(self, header: Header, own: list[str], above: list[str]) -> str:
        """Return the likely cause of missing columns in a sentence: another delimiter, or a header further below."""
        best = len(self._mapping.columns()) - len(header.missing)
        said = ""
        lines = [*above, *(self._line() for _ in range(_LINES_LOOKED_AT))]
        for number, line in enumerate(lines, start=self._next - len(above)):
            for delimiter in dict.fromkeys((self._format.delimiter, *_DELIMITERS)):
                columns = next(_forgiving([line], replace(self._format, delimiter=delimiter)), [])
                found = len(self._mapping.columns()) - len(read_header(columns, self._mapping, self._file).missing)
                if found > best:
                    best, said = found, ""
                    if number != self._next - 1:
                        said += f"Line {number} looks like the header: set header_line = {number}. "
                    if delimiter != self._format.delimiter:
                        said += (
                            f"The header has {_columns(len(own))}; with {delimiter!r} it would have {len(columns)}: "
                            f"set delimiter = {_toml(delimiter)}. "
                        )
        return said


def encoding_cause(file: Path) -> str:
    """Return which encoding a file that is not of the mapping's seems to have, as a sentence."""
    likely = likely_encoding(start_of(file))
    return f"It looks like {likely}: set encoding = {likely!r} in [source]. " if likely else ""


def _reader(lines: Iterator[str], written: FileFormat, *, pass_spaces: bool = False) -> Iterator[list[str]]:
    """Parse lines strictly. Raises csv.Error for a quote in the wrong place or one that is not closed."""
    return csv.reader(
        lines,
        delimiter=written.delimiter,
        quotechar=written.quote,
        escapechar=written.escape,
        quoting=csv.QUOTE_MINIMAL if written.quote else csv.QUOTE_NONE,
        skipinitialspace=pass_spaces,
        strict=True,
    )


def _forgiving(lines: list[str], written: FileFormat) -> Iterator[list[str]]:
    """Parse one line, split at its delimiters if its quotes are wrong."""
    try:
        yield from _reader(iter(lines), written)
    except csv.Error:
        yield from (line.rstrip("\r\n").split(written.delimiter) for line in lines)


def _columns(number: int) -> str:
    return "one column" if number == 1 else f"{number} columns"


def _toml(character: str) -> str:
    return '"\\t"' if character == "\t" else f'"{character}"'
