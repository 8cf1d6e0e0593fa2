"""Open a city's file as rows, whatever kind of file it is. Refuse one that is not what the mapping says."""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reportdb.mapping.failure import ImportFailure
from reportdb.source_file.content import kind_of
from reportdb.source_file.csv_file import CsvFile, encoding_cause
from reportdb.source_file.encodings import encoding_of, undecodable
from reportdb.source_file.json_file import JsonFile
from reportdb.source_file.opening import Reads, bytes_of, start_of, text_of, told_when_broken
from reportdb.source_file.raw_row import FileSource
from reportdb.source_file.sheet_file import SheetFile

_SAMPLE = 1_000_000  # characters read to distinguish a wrong encoding from a broken row
_FEW = 10  # up to this many undecodable lines are broken rows; more, and most lines beyond ASCII, mean a wrong encoding
_FEW_LETTERS = 3  # beyond ASCII; so many are not UTF-8 by chance
_SET_ENCODING = "Set the mapping's encoding. "
_LINE_END = re.compile(r"\r\n|\r|\n")


@contextmanager
def city_file(file: Path, mapping: Reads) -> Iterator[FileSource]:
    """Open a city's file, plain or gzipped, and check its kind, encoding and header. Raises ImportFailure."""
    start = start_of(file)
    kind = kind_of(file, start, mapping.file_format)
    if kind == "csv":
        _refuse_wrong_encoding(file, mapping, encoding_of(start, mapping.file_format.encoding))
    with _opened(file, mapping, kind, start) as source:
        yield source


@contextmanager
def opened_file(file: Path, mapping: Reads) -> Iterator[FileSource]:
    """Open a file of the kind that the mapping names, with every column. Raises ImportFailure."""
    with _opened(file, mapping, str(mapping.file_format.kind), start_of(file)) as source:
        yield source


@contextmanager
def _opened(file: Path, mapping: Reads, kind: str, start: bytes) -> Iterator[FileSource]:
    if kind == "xlsx":
        yield SheetFile(file, mapping)
        return
    encoding = encoding_of(start, mapping.file_format.encoding)
    with text_of(file, encoding) as (text, raw):
        if kind == "csv":
            yield CsvFile(text, raw, file, mapping, encoding)
        else:
            yield JsonFile(text, raw, file, mapping, encoding, lines=kind == "jsonl")


def _refuse_wrong_encoding(file: Path, mapping: Reads, encoding: str) -> None:
    """Distinguish a file in another encoding from one with broken rows, by its beginning.

    In another encoding, every row with letters beyond ASCII is broken. An encoding of single bytes reads anything, but
    no text in it is UTF-8 by chance.
    """
    if not encoding.startswith("utf") and _is_utf8(file):
        raise ImportFailure(
            f"{file} is not {encoding} text, but UTF-8: set encoding = 'utf-8' in [source]. Nothing was imported."
        )
    with text_of(file, encoding) as (text, _), told_when_broken(file):
        sample = text.read(_SAMPLE)
    if sample.isascii():
        return
    header, *lines = _LINE_END.split(sample)
    delimiter = mapping.file_format.delimiter
    delimiters = header.count(delimiter)
    unrecognised = [
        (number, line)
        for number, line in enumerate(lines, start=2)
        if not line.isascii() and line.count(delimiter) >= delimiters
    ]
    broken = [(number, where) for number, line in unrecognised if (where := undecodable(line, encoding))]
    if len(broken) >= _FEW and 2 * len(broken) > len(unrecognised):
        number, where = broken[0]
        raise ImportFailure(
            f"{file} is not {encoding} text: line {number}, {where}, and {len(broken) - 1} more lines at its "
            f"beginning. {encoding_cause(file) or _SET_ENCODING}Nothing was imported."
        )


def _is_utf8(file: Path) -> bool:
    """Return whether a file's beginning is UTF-8 and holds some letters beyond ASCII."""
    with bytes_of(file) as (content, _), told_when_broken(file):
        start = content.read(_SAMPLE)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return sum(not letter.isascii() for letter in text) >= _FEW_LETTERS
