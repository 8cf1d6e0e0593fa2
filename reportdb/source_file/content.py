"""What kind of file this is, by its first bytes, whatever its name says."""

import codecs
import re
from pathlib import Path

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.file_format import FileFormat

START = 65_536
"""Bytes that are looked at."""

_CSV_NAMES = frozenset({".csv", ".tsv", ".tab", ".txt"})
_KINDS = {
    "csv": "a CSV file",
    "xlsx": "an Excel workbook",
    "json": "a JSON document",
    "jsonl": "a file of JSON lines",
}
_ELSE: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "Ask for the data behind it"),
    (b"PAR1", "a Parquet file", "Save it as CSV"),
    (b"BZh", "compressed with bzip2", "Unpack it, or compress it with gzip"),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it, or compress it with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it, or compress it with gzip"),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it and name the file in it"),
    (b"Rar!", "a RAR archive", "Unpack it and name the file in it"),
    (b"SQLite format 3", "an SQLite database", "Export its table as CSV"),
    (b"\x1f\x8b", "compressed twice", "Unpack it once"),
)
_WORKBOOKS = (b"[Content_Types].xml", b"xl/workbook", b"xl/worksheets", b"xl/_rels", b"opendocument.spreadsheet")
_WEB_PAGE = re.compile(rb"<(?:!doctype|html|head|body|table|script|meta|!--)", re.IGNORECASE)
_XML = re.compile(rb"<\?xml|<[a-z_:]+[ />]", re.IGNORECASE)
_JSON_LIST = re.compile(rb"\[\s*[{\[\]]")
_JSON_OBJECT = re.compile(rb'\{\s*["}]')
_MANY_JSON_LINES = re.compile(rb'\{[^\r\n]*\}[ \t]*[\r\n]+[ \t]*\{\s*"')
_ONE_JSON_LINE = re.compile(rb"\{[^\r\n]*\}\s*")
_LISTS = re.compile(rb'"(?:service_requests|features|records|results|value|data|rows)"\s*:\s*[\[{]')


def kind_of(file: Path, start: bytes, written: FileFormat) -> str:
    """Return which of KINDS a file is. Raises ImportFailure if it is none, or not the one the mapping names.

    A file under a CSV's name that is something else is refused, unless the mapping names its format: it is often an
    error message or the wrong download.
    """
    kind = content_of(file, start)
    named = written.kind
    if named in {"json", "jsonl"} and kind in {"json", "jsonl"}:
        return named
    if named is None:
        suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
        if kind == "csv" or not suffixes or suffixes[-1] not in _CSV_NAMES:
            return kind
        raise ImportFailure(
            f"{file} is not CSV: this is {_KINDS[kind]} under a CSV's name. Set format = {kind!r} in the mapping's "
            "[source] if it holds the reports, or save it as CSV. Nothing was imported."
        )
    if kind != named:
        raise ImportFailure(
            f"{file} is not {named}, as the mapping's format says: this is {_KINDS[kind]}. Set format = {kind!r} if it "
            f"holds the reports, or save it as {named}. Nothing was imported."
        )
    return kind


def content_of(file: Path, start: bytes) -> str:
    """Return which of KINDS a file's first bytes are. Raises ImportFailure if it is none of them."""
    begin = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        begin = start.decode("utf-16", "ignore").encode().lstrip()
    for sign, what, cure in _ELSE:
        if start.startswith(sign):
            raise _refused(file, what, cure)
    if start.startswith(b"PK\x03\x04"):
        if any(sign in start for sign in _WORKBOOKS):
            return "xlsx"
        raise _refused(file, "a zip archive", "Unpack it and name the file in it")
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "xlsx"  # the workbooks before 2007, and those with a password
    if _WEB_PAGE.match(begin):
        raise _refused(
            file, "a web page (HTML)", "Fetch the data themselves: a portal's error page often comes instead"
        )
    if _XML.match(begin):
        raise _refused(file, "XML", "Save it as CSV or JSON")
    if _JSON_LIST.match(begin):
        return "json"
    if _JSON_OBJECT.match(begin):
        one = _ONE_JSON_LINE.fullmatch(begin) and not _LISTS.search(begin)
        return "jsonl" if one or _MANY_JSON_LINES.match(begin) else "json"
    return "csv"


def _refused(file: Path, what: str, cure: str) -> ImportFailure:
    return ImportFailure(f"{file} is not a file of rows: this is {what}. {cure}. Nothing was imported.")
